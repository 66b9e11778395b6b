#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build-module.sh 6.1|6.12|debug [checks]: builds the module for that stock
# kernel, if it is not there or older than its sources, into build/<release>/;
# with "checks" with HS_DEBUG=1, into build/checks-<release>/, and prints its path.
set -eu
what=$1
checks=${2:-}
dir=$(selftests/lab/lab kernel "$what")
release=$(cat "$dir/release")
name=${checks:+checks-}$release
ko=build/$name/hyperspace.ko
set -- -s KVER="$release" MODDIR="$name" ${checks:+HS_DEBUG=1} module
if [ ! -e "$ko" ] || [ -n "$(find kmod include Kbuild dkms.conf -newer "$ko" -print | head -n 1)" ]; then
	case $what in
	debug) make "$@" KDIR="$dir/src" HS_DEBUG=1 >&2 ;;
	6.1) suite=bookworm ;;
	6.12) suite=trixie ;;
	esac
	if [ "$what" != debug ]; then
		. /etc/os-release
		if [ "${VERSION_CODENAME:-}" = $suite ] && [ ! -e "/lib/modules/$release/build" ]; then
			selftests/install.sh "linux-headers-$release" || true
		fi
		if [ "${VERSION_CODENAME:-}" = $suite ] && [ -e "/lib/modules/$release/build" ]; then
			make "$@" >&2
		else
			selftests/lab/lab root $suite -- make "$@" >&2
		fi
	fi
fi
[ -z "$checks" ] || echo "$ko"
