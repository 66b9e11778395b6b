#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1600 disk=560:debian modules=tun,bridge,overlay files=kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh,/sbin/mke2fs stock long
# Load in a Debian guest with four vCPUs that checks its own results: stress-ng,
# 20 MB packed and unpacked, and 20 MB by TCP each way between host and guest and
# between two guests on a bridge.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

BYTES=20000000
NET=10.9.0

# The system is read only and shared; each guest writes to a disk of its own.
create() { # VM NUMBER CPUS
	"$HERE/mke2fs" -q -t ext4 "/disk/$1.img" 64M || return
	boot_debian "$1" 6.1 "$3" 256M "hs.upper=/dev/vdb ip=$NET.$2:::255.255.255.0::eth0:none" \
		--disk /disk/debian.img,ro,id=root --disk "/disk/$1.img,id=upper" --net "hs$1" --rng || return
	ip link set "hs$1" master hsbr && ip link set "hs$1" up && log_in "$1"
}

# Class and operations, few enough for an emulator; all four vCPUs are at it.
stress() { # WORDS
	out=$(at a "stress-ng $1 --verify 2>&1")
	rc=$?
	if [ $rc = 0 ] && printf '%s\n' "$out" | grep -q 'successful run completed'; then
		pass "stress-ng $1"
	else
		note "$out"
		fail "stress-ng $1"
	fi
}

load || exit 1
modprobe tun && modprobe bridge || exit 1
plan 17
ip link add hsbr type bridge && ip addr add $NET.1/24 dev hsbr && ip link set hsbr up || exit 1
ok "a guest with four vCPUs" create a 2 4
ok "a second one beside it" create b 3 1

stress "--cpu 4 --cpu-ops 80"
stress "--vm 4 --vm-bytes 8M --vm-ops 40"
stress "--fork 4 --fork-ops 400"
stress "--timer 4 --timer-ops 4000"
stress "--futex 4 --futex-ops 8000"
stress "--signal 4 --signal-ops 8000"
stress "--switch 4 --switch-ops 8000"

# The same bytes by four ways: all of them go through gzip on all vCPUs.
at a "tar -cf - -C /usr bin lib/systemd lib/x86_64-linux-gnu 2>/dev/null | head -c $BYTES >/root/data" >/dev/null
SUM=$(at a 'md5sum </root/data | cut -d " " -f 1')
is "packed and unpacked, four at once" \
	"$(at a '(for i in 1 2 3 4; do gzip -1 </root/data | gzip -d | md5sum & done; wait)' | sort -u)" "$SUM  -"
is "unpacked to files and packed again" \
	"$(at a 'mkdir /root/x && tar -xf /root/data -C /root/x 2>/dev/null; cd /root/x && find . -type f | sort | head -n -1 | while read -r f; do cmp "$f" "/usr/$f" || echo differs; done | head -n 5; find . -type f | wc -l | sed "s/..*/files/"; rm -r /root/x')" files

# Whoever sends asks again until the other side listens.
to_tcp() { # HOST PORT
	echo "until cat /root/data >/dev/tcp/$1/$2; do sleep 0.2; done 2>/dev/null"
}
from_tcp() { # HOST PORT
	echo "until md5sum </dev/tcp/$1/$2; do sleep 0.2; done 2>/dev/null"
}

nc -l -p 6000 -e sh -c 'md5sum >/tmp/sum' &
receiver=$!
at a "$(to_tcp $NET.1 6000)" >/dev/null
wait $receiver
is "$BYTES bytes from guest to host" "$(cat /tmp/sum)" "$SUM  -"

nc -l -p 6001 -e sh -c 'cat >/disk/data' &
receiver=$!
at a "$(to_tcp $NET.1 6001)" >/dev/null
wait $receiver
nc -l -p 6002 -e cat /disk/data &
is "$BYTES bytes from host to guest" "$(at a "$(from_tcp $NET.1 6002)")" "$SUM  -"

# In a shell of their own, so that the login shell says nothing about jobs.
at b "(busybox nc -l -p 7000 -e sh -c 'md5sum >/root/sum.new; mv /root/sum.new /root/sum' &)" >/dev/null
at a "$(to_tcp $NET.3 7000)" >/dev/null
is "$BYTES bytes from guest to guest" "$(at b 'until [ -e /root/sum ]; do sleep 0.2; done; cat /root/sum')" "$SUM  -"
at a '(busybox nc -l -p 7001 -e cat /root/data &)' >/dev/null
is "$BYTES bytes back" "$(at b "$(from_tcp $NET.2 7001)")" "$SUM  -"

is "nothing complains in the guests" \
	"$(for vm in a b; do at $vm 'dmesg -l emerg,alert,crit,err,warn | grep -i -e virtio -e BUG -e stall -e lockup -e hung -e vd[ab]'; done)" ""
for vm in a b; do drop $vm; done
is "no frame is left" "$(frames)" 0
unload
finish
