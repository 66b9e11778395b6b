#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the kernel to build for: the running one if its headers are there,
# else the newest whose headers are.
set -eu
run=$(uname -r)
if [ ! -e "/lib/modules/$run/build" ]; then
	for d in /lib/modules/*/build; do
		[ -e "$d/Makefile" ] && echo "${d%/build}"
	done | sed 's,.*/,,' | sort -V | tail -n 1
else
	echo "$run"
fi
