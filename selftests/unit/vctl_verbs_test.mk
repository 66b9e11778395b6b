# SPDX-License-Identifier: GPL-2.0
# All of vctl but nl.c; for the tests on vctl_fake.h.
vctl_verbs_SRCS = tools/vctl/main.c tools/vctl/args.c tools/vctl/err.c tools/vctl/get.c tools/vctl/vm.c \
	tools/vctl/create.c tools/vctl/dev.c tools/vctl/tap.c tools/vctl/show.c tools/vctl/devinfo.c \
	tools/vctl/stat.c tools/vctl/event.c tools/vctl/console.c tools/vctl/check.c tools/vctl/diag.c \
	tools/vctl/json.c tools/vctl/out.c tools/vctl/size.c tools/vctl/name.c tools/vctl/spec.c \
	tools/vctl/counters.c
vctl_verbs_test_SRCS = $(vctl_verbs_SRCS)
vctl_verbs_test_CFLAGS := -I$(TOP)/tools/vctl -Dmain=vctl_main -DVERSION='"test"'
