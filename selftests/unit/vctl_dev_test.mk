# SPDX-License-Identifier: GPL-2.0
vctl_dev_test_SRCS = $(vctl_verbs_SRCS)
vctl_dev_test_CFLAGS := -I$(TOP)/tools/vctl -Dmain=vctl_main -DVERSION='"test"'
