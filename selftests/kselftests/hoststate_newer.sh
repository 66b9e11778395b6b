#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M model=tigerlake append=mitigations=auto files=guests,kselftests/hoststate_use,selftests/kselftests/hoststate_lib.sh,selftests/kselftests/hoststate.sh modules=msr alone
# hoststate.sh on a processor that also has protection keys, IA32_SPEC_CTRL and
# supervisor state, with the host's mitigations on.
. "${HERE:-/lab}/hoststate.sh"
