# SPDX-License-Identifier: GPL-2.0
vctl_text_test_SRCS := tools/vctl/size.c tools/vctl/name.c tools/vctl/args.c tools/vctl/spec.c
vctl_text_test_CFLAGS := -I$(TOP)/tools/vctl
