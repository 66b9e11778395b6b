#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs.sh run|check|check-full|bench|matrix: installs what that goal needs and
# is not there yet (root, Debian), all of it before its jobs start side by side.
# What the lab wants for itself it looks for as well, for those who use it alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. /etc/os-release

# The module, vctl, guest programs and initrds; the lab and its emulator.
tools="build-essential bc libelf-dev kmod cpio xz-utils zstd pkg-config libnl-3-dev libnl-genl-3-dev
	python3 busybox-static bochsbios vgabios patch"
# Packages of the other suite, in a root of its own.
roots="mmdebstrap debian-archive-keyring"
# The module for this suite's own kernel, by hand and by DKMS.
module="dkms sparse linux-headers-cloud-amd64"
tests="python3-yaml clang llvm spin acpica-tools flex bison libssl-dev rsync"

goal=${1:-check}
case $goal in
run)
	want="$tools"
	# It runs Linux 6.1, which Debian 12 has itself.
	[ "${VERSION_CODENAME:-}" = bookworm ] || want="$want $roots"
	;;
bench)		want="$tools $roots" ;;
matrix)		want="$tools $roots $module" ;;
check)		want="$tools $roots $module $tests" ;;
check-full)	want="$tools $roots $module $tests qemu-system-x86" ;;
*)		echo "usage: needs.sh run|check|check-full|bench|matrix" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086
"$here/install.sh" $want
case $goal in check*)
	# clang's sanitizers come in a package that bears its version.
	v=$(clang -dumpversion | cut -d. -f1)
	"$here/install.sh" "libclang-rt-$v-dev"
esac
