#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the module for the newest stock headers of this suite, with warnings
# and sparse, then takes it through DKMS as a user would: add, build, install,
# remove, and a kernel outside the range.  Leaves the module as DKMS installed
# it in build/<kernel>/hyperspace.ko, which is what the lab loads.
#
# Runs on the machine itself or in a root of another suite; DKMS works in
# trees of its own, so that the system's are not touched.  Prints KTAP.
set -u
cd "$(dirname "$0")/.." || exit 1
flavour=${HS_FLAVOUR:-cloud-amd64}
kver=$(for d in /lib/modules/*-"$flavour"/build; do [ -e "$d/Makefile" ] && echo "${d%/build}"; done |
	sed 's,.*/,,' | sort -V | tail -n 1)
[ -n "$kver" ] || { echo "1..0 # SKIP no headers for $flavour"; exit 4; }
name=hyperspace
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
bad=0
result() { # status name log
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $kver: $2"
	else
		bad=1
		[ -n "${3:-}" ] && tail -n 40 "$3" | sed 's/^/# /'
		echo "not ok $n $kver: $2"
	fi
}

echo "KTAP version 1"
echo "1..10"
# A build of its own: sparse sees every file, whatever was built before.
rm -rf "build/$kver/src"
make -j"$(nproc)" KVER="$kver" W=1 C=1 module >"$tmp/w" 2>&1
result $? "builds" "$tmp/w"
grep -E '^[^ ]*(build/[^ ]*|kmod|include)/[^ ]*:[0-9]+(:[0-9]+)?: (warning|error)|objtool.*warning|modpost.*WARNING|WARNING: modpost' "$tmp/w" >"$tmp/warnings"
[ ! -s "$tmp/warnings" ]
result $? "no warning with W=1 C=1" "$tmp/warnings"

dkms_() { # verb...
	dkms "$@" --dkmstree "$tmp/dkms" --sourcetree "$tmp/usr-src" --installtree "$tmp/lib-modules"
}
mkdir -p "$tmp/dkms" "$tmp/lib-modules/$kver"
# DKMS runs depmod on the install tree, which wants the kernel's own lists.
ln -s "/lib/modules/$kver/build" "$tmp/lib-modules/$kver/build"
make -s DESTDIR="$tmp/d" dkms-source >"$tmp/l" 2>&1
mv "$tmp/d/usr/src" "$tmp/usr-src"
dkms_ add -m $name -v "$version" >"$tmp/l" 2>&1
result $? "dkms add" "$tmp/l"
dkms_ build -m $name -v "$version" -k "$kver" >"$tmp/l" 2>&1
rc=$?
cat "$tmp/dkms/$name/$version/build/make.log" >>"$tmp/l" 2>/dev/null
result $rc "dkms build" "$tmp/l"
dkms_ install -m $name -v "$version" -k "$kver" --no-depmod >"$tmp/l" 2>&1 ||
	dkms_ install -m $name -v "$version" -k "$kver" >>"$tmp/l" 2>&1
rc=$?
ko=$(find "$tmp/lib-modules/$kver/" -name "$name.ko*" -type f | head -n 1)
mkdir -p "build/$kver"
case $ko in
*.xz) xz -dc "$ko" >"build/$kver/$name.ko.new" ;;
*.zst) zstd -q -dc "$ko" >"build/$kver/$name.ko.new" ;;
*.ko) cp "$ko" "build/$kver/$name.ko.new" ;;
*) rc=1 ;;
esac
[ $rc = 0 ] && mv "build/$kver/$name.ko.new" "build/$kver/$name.ko"
result $rc "dkms install" "$tmp/l"

# A kernel that the module is not for is skipped (77, or 9 from older DKMS
# with its "not for this kernel" message), so that its installation goes on.
# The same headers under another name stand in for it.
dkms_ build -m $name -v "$version" -k "5.4.0-$flavour" --kernelsourcedir "/lib/modules/$kver/build" >"$tmp/l" 2>&1
rc=$?
[ $rc = 77 ] || { [ $rc = 9 ] && grep -q -i 'BUILD_EXCLUSIVE' "$tmp/l"; }
result $? "a kernel outside the range is skipped (status $rc)" "$tmp/l"
dkms_ remove -m $name -v "$version" --all >"$tmp/l" 2>&1
rc=$?
find "$tmp/lib-modules/" -name "$name.ko*" -type f | grep -q . && rc=1
result $rc "dkms remove" "$tmp/l"

# What "make dkms-install" and "make uninstall" do to a DKMS, here to our own.
make_() { # target...
	make KVER="$kver" DKMSSRC="$tmp/usr-src/$name-$version" \
		DKMSFLAGS="--dkmstree $tmp/dkms --sourcetree $tmp/usr-src --installtree $tmp/lib-modules" "$@"
}
installed() {
	dkms_ status -m $name -v "$version" | grep -q 'installed' &&
		find "$tmp/lib-modules/$kver/" -name "$name.ko*" -type f | grep -q .
}
make_ dkms-register >"$tmp/l" 2>&1 && make_ dkms-register >>"$tmp/l" 2>&1 && installed
result $? "make dkms-install, twice" "$tmp/l"
# A root of another suite cannot build vctl: of the installation only what it would do.
mkdir -p "$tmp/d/usr/sbin"
touch "$tmp/d/usr/sbin/vctl"
make_ -n dkms-install 2>&1 | grep -q 'dkms add' &&
	! make_ -n DESTDIR="$tmp/d" dkms-install 2>&1 | tee "$tmp/l" | grep -q 'dkms add' &&
	make_ DESTDIR="$tmp/d" DKMSSRC="$tmp/d/usr/src/$name-$version" uninstall >>"$tmp/l" 2>&1 &&
	[ ! -e "$tmp/d/usr/sbin/vctl" ] && installed
result $? "make dkms-install and uninstall with DESTDIR leave DKMS alone" "$tmp/l"
make_ dkms-forget >"$tmp/l" 2>&1 && make_ dkms-forget >>"$tmp/l" 2>&1 && ! installed
result $? "make uninstall takes it out of DKMS" "$tmp/l"
exit $bad
