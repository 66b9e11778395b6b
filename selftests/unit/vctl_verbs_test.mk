# SPDX-License-Identifier: GPL-2.0
vctl_verbs_test_SRCS := tools/vctl/main.c tools/vctl/args.c tools/vctl/err.c tools/vctl/get.c tools/vctl/vm.c \
	tools/vctl/show.c tools/vctl/event.c tools/vctl/console.c tools/vctl/check.c tools/vctl/diag.c \
	tools/vctl/json.c tools/vctl/out.c tools/vctl/size.c tools/vctl/name.c
vctl_verbs_test_CFLAGS := -I$(TOP)/tools/vctl -Dmain=vctl_main -DVERSION='"test"'
