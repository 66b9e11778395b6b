#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-module.sh 6.1|6.12|debug: builds the module for that stock kernel, if
# it is not there or older than its sources, into build/<release>/.
set -eu
what=$1
dir=$(selftests/lab/lab kernel "$what")
release=$(cat "$dir/release")
ko=build/$release/hyperspace.ko
if [ ! -e "$ko" ] || [ -n "$(find kmod include Kbuild dkms.conf -newer "$ko" -print | head -n 1)" ]; then
	case $what in
	debug) make -s KVER="$release" KDIR="$dir/src" HS_DEBUG=y module >&2 ;;
	6.1) suite=bookworm ;;
	6.12) suite=trixie ;;
	esac
	if [ "$what" != debug ]; then
		. /etc/os-release
		if [ "${VERSION_CODENAME:-}" = $suite ] && [ ! -e "/lib/modules/$release/build" ]; then
			selftests/install.sh "linux-headers-$release" || true
		fi
		if [ "${VERSION_CODENAME:-}" = $suite ] && [ -e "/lib/modules/$release/build" ]; then
			make -s KVER="$release" module >&2
		else
			selftests/lab/lab root $suite -- sh -c "cd /src && make -s KVER=$release module" >&2
		fi
	fi
fi
