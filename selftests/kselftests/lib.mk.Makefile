# SPDX-License-Identifier: GPL-2.0
# Through the kernel's own kselftest runner, on a machine that has VT-x, the
# module and vctl installed, and the guest programs in $(GUESTS).
TOP := $(abspath ../..)
KSFT := $(shell $(TOP)/selftests/ksft.sh)
# HS_DEBUG=1: the module there was built so.
TEST_PROGS := $(filter-out lib.sh lib_down.sh hoststate_lib.sh net_lib.sh $(if $(HS_DEBUG),,%_checks.sh),$(wildcard *.sh))
# Programs without a wish for a machine are helpers of the others.
TEST_GEN_PROGS := $(basename $(shell grep -lE '^( \*|//) lab:' *.c))
TEST_GEN_FILES := $(filter-out $(TEST_GEN_PROGS),$(basename $(wildcard *.c)))
TEST_GEN_PROGS_EXTENDED := hoststate_use
TEST_FILES := lib.sh lib_down.sh hoststate_lib.sh net_lib.sh
CFLAGS += -O1 -g -D_GNU_SOURCE -I$(TOP)/include/uapi -I$(TOP)/kmod -I$(KSFT) $(shell pkg-config --cflags libnl-genl-3.0)
LDLIBS += $(shell pkg-config --libs libnl-genl-3.0) -lpthread
export HERE := $(CURDIR)
export GUESTS ?= $(TOP)/build/guests
include $(KSFT)/lib.mk

$(OUTPUT)/hoststate_use: $(wildcard hoststate/*.c) hoststate/use.h
	$(CC) -O1 -g -D_GNU_SOURCE -o $@ $(filter %.c,$^)
