# SPDX-License-Identifier: GPL-2.0
vctl_nl_test_CFLAGS = -I$(TOP)/tools/vctl $(shell pkg-config --cflags libnl-genl-3.0)
vctl_nl_test_LDLIBS = $(shell pkg-config --libs libnl-genl-3.0)
