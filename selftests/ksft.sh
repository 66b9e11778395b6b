#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the directory of the kernel's own selftest files (lib.mk, harness),
# unpacking them from Debian's linux-source-6.1 package once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${HS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyperspace}
dir=$cache/kselftest-6.1
if [ ! -e "$dir/.done" ]; then
	tar=$("$here/lab/lab" source)/linux-source-6.1.tar.xz
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/kselftest.XXXXXX")
	tar -xf "$tar" -C "$tmp" --strip-components=4 --wildcards --no-wildcards-match-slash \
		'linux-source-6.1/tools/testing/selftests/lib.mk' \
		'linux-source-6.1/tools/testing/selftests/kselftest*'
	touch "$tmp/.done"
	rm -rf "$dir"
	mv "$tmp" "$dir" 2>/dev/null || rm -rf "$tmp"
fi
echo "$dir"
