#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs what building and testing need and is not there yet (root, Debian).
# The lab installs what it needs itself.
set -eu
want="build-essential make gcc bc flex bison libelf-dev libssl-dev kmod cpio rsync xz-utils
	libnl-3-dev libnl-genl-3-dev pkg-config python3 python3-yaml clang llvm spin
	acpica-tools sparse linux-source-6.1"
[ "${1:-}" = run ] && want="build-essential make gcc libnl-3-dev libnl-genl-3-dev pkg-config python3 acpica-tools kmod cpio xz-utils"
missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q ' installed$' || missing="$missing $p"
done
clangver=$(clang --version 2>/dev/null | sed -n 's/.*clang version \([0-9]*\).*/\1/p')
if [ "${1:-}" != run ] && [ -n "$clangver" ] && ! dpkg-query -W "libclang-rt-$clangver-dev" >/dev/null 2>&1; then
	missing="$missing libclang-rt-$clangver-dev"
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ]; then
	echo "needs (as root): apt-get install$missing" >&2
	exit 1
fi
echo "# installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null || true
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $missing >/dev/null
[ "${1:-}" = run ] && exit 0
clangver=$(clang --version | sed -n 's/.*clang version \([0-9]*\).*/\1/p')
apt-get install -q -y --no-install-recommends "libclang-rt-$clangver-dev" >/dev/null
