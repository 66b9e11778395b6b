# SPDX-License-Identifier: GPL-2.0
vctl_out_test_SRCS := tools/vctl/json.c tools/vctl/out.c tools/vctl/name.c
vctl_out_test_CFLAGS := -I$(TOP)/tools/vctl
