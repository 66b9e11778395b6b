#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the debug kernel from Debian's linux-source-6.1 once and prints the
# directory it lies in, as the lab wants it ("lab run --kernel debug"):
# vmlinuz, release, lib/modules/<release>, and in src/ the tree to build
# modules against.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${HS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyperspace}
tar=$("$here/../lab/lab" source)/linux-source-6.1.tar.xz
"$here/../install.sh" build-essential bison flex bc libelf-dev libssl-dev cpio kmod
id=$(cat "$here/config" "$tar" | sha256sum | cut -c1-12)
dir=$cache/debugkernel-$id
if [ ! -e "$dir/.done" ]; then
	mkdir -p "$cache"
	exec 9>"$cache/.debugkernel-$id.lock"
	flock 9
fi
if [ ! -e "$dir/.done" ]; then
	rm -rf "$dir"
	mkdir -p "$dir/src"
	tar -xf "$tar" -C "$dir/src" --strip-components=1
	cd "$dir/src"
	exec 3>&1 4>&2 >"$dir/build.log" 2>&1
	# Whatever ends this before its time: say what the log says.
	trap '[ -e "$dir/.done" ] || { echo "the debug kernel was not built; the end of $dir/build.log:" >&4
		tail -n 30 "$dir/build.log" | sed "s/^/# /" >&4; }' EXIT
	make allnoconfig
	scripts/kconfig/merge_config.sh -m .config "$here/config"
	make olddefconfig
	# What was asked for must be there, or the kernel finds less than we say.
	for o in KASAN PROVE_LOCKING DEBUG_ATOMIC_SLEEP DEBUG_KMEMLEAK UBSAN DEBUG_LIST KVM_INTEL HIBERNATION; do
		grep -q "^CONFIG_$o=[ym]" .config || { echo "CONFIG_$o is missing"; exit 1; }
	done
	make -j"$(nproc)" bzImage modules
	rel=$(make -s kernelrelease)
	make INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1 modules_install
	cp arch/x86/boot/bzImage "$dir/vmlinuz"
	cp System.map "$dir/System.map"
	cp .config "$dir/config"
	echo "$rel" >"$dir/release"
	# Objects are not needed to build modules; headers, scripts and symvers are.
	find . -name '*.o' ! -path './scripts/*' ! -path './tools/*' -delete
	find . -name '*.cmd' ! -path './scripts/*' ! -path './tools/*' -delete
	rm -f vmlinux.o
	ln -sfn "$dir/src" "$dir/lib/modules/$rel/build"
	rm -f "$dir/lib/modules/$rel/source"
	mkdir -p "$cache/kernels"
	ln -sfn "$dir" "$cache/kernels/debug"
	touch "$dir/.done"
	exec 1>&3 2>&4
fi
echo "$dir"
