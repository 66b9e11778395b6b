#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1800 disk=600:debian modules=tun,bridge files=kernel:6.1,guests/initrd-6.1,selftests/kselftests/linux_lib.sh,/sbin/mke2fs,/sbin/e2fsck timeout=5400 stock long
# Four Debian guests with disks and a network, at work, through rounds of starts,
# resets, power buttons, kills, pauses and ends at moments that nobody chose.
# Afterwards each of them works, their file systems are whole, and what they held
# of the host is back.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

ROUNDS=${ROUNDS:-20}
VMS="c1 c2 c3 c4"
SLACK=6144	# KiB: see life.sh; disks and bridges keep caches of their own
# A service in the guest that packs, writes, syncs and talks, for ever.
LOAD='cat >/system/etc/load <<E
n=0
while :; do
tar -cf - /usr/bin 2>/dev/null | head -c 3000000 | gzip -1 >/root/x
sync
busybox nc 10.9.0.1 6000 </dev/null
n=\$((n + 1))
echo @work \$n >/dev/ttyS0
done
E
printf "[Service]\nExecStart=/bin/sh /etc/load\n" >/system/etc/systemd/system/load.service
mkdir -p /system/etc/systemd/system/multi-user.target.wants
ln -sf ../load.service /system/etc/systemd/system/multi-user.target.wants/'

# The lab gives each seed another /dev/urandom: so does this.
seed=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')
rnd() { # N: 0..N-1 in $rnd
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	rnd=$((seed / 65536 % $1))
}

create() { # VM
	number=${1#c}
	vctl create "$1" --kernel /lab/vmlinuz-6.1 --initrd /lab/initrd-6.1 --mem 192M \
		--cpus $((number % 3 + 1)) --append "$STOCK_APPEND root=/dev/vda hs.upper=/dev/vdb net.ifnames=0 \
ip=10.9.0.$((number + 1)):::255.255.255.0::eth0:none hs.cmd=$(printf '%s\n' "$LOAD" | base64 | tr -d '\n')" \
		--disk /disk/debian.img,ro,id=root --disk "/disk/$1.img,id=upper" \
		--net "hs$1,bridge=hsbr" --rng >/dev/null
}

# One thing that may happen to VM $1 in the state it is in.
happens() {
	rnd 6
	was=$(state "$1" 2>/dev/null || echo gone)
	case $was:$rnd in
	gone:*) what="create"; create "$1" && vctl start "$1" ;;
	running:0) what="reset"; vctl reset "$1" ;;
	running:1) what="button"; vctl stop "$1" ;;
	running:2) what="kill"; vctl stop "$1" --force ;;
	running:3) what="end"; vctl stop "$1" --force && vctl destroy "$1" ;;
	running:4) what="pause"; vctl pause "$1" && sleep 0.2 && vctl resume "$1" ;;
	running:*) what="leave" ;;
	paused:*) what="resume"; vctl resume "$1" ;;
	*:[0-3]) what="start"; vctl start "$1" ;;
	*) what="destroy"; vctl destroy "$1" ;;
	esac || { # A guest may have ended by itself in between.
		[ "$(state "$1" 2>/dev/null || echo gone)" != "$was" ] || trouble="$trouble $1:$was:$what"
	}
	story="$story $1:$what"
}

working() { # VM
	shows "$1" '@work [0-9]'
}

all_gone() {
	for vm in $VMS; do
		case $(state "$vm" 2>/dev/null) in
		"") continue ;;
		running | paused) vctl stop "$vm" --force || return ;;
		esac
		vctl destroy "$vm" || return
	done
}

near() { # A B
	[ $(($1 - $2)) -le $SLACK ] && [ $(($2 - $1)) -le $SLACK ]
}

measure() { # what is available and slab: $1 and $2 again, or as they stay
	for try in $(seq 20); do
		# shellcheck disable=SC2046
		set -- "$1" "$2" $(mem_now)
		avail_now=$3 slab_now=$4
		near "$3" "$1" && near "$4" "$2" && break
		sleep 0.3
	done
}

load || exit 1
modprobe tun && modprobe bridge || exit 1
plan 11
ip link add hsbr type bridge && ip addr add 10.9.0.1/24 dev hsbr && ip link set hsbr up || exit 1
for vm in $VMS; do
	"$HERE/mke2fs" -q -t ext4 "/disk/$vm.img" 48M || exit 1
done

# Once as a measure, with all caches filled that stay.
for vm in $VMS; do
	create "$vm" && vctl start "$vm" || exit 1
done
for vm in $VMS; do ok "$vm is at work" working "$vm"; done
all_gone
# shellcheck disable=SC2046
set -- $(mem_now)
avail=$1 slab=$2

note "seed $seed"
trouble=
for round in $(seq "$ROUNDS"); do
	story=
	for vm in $VMS; do happens "$vm"; done
	note "round $round:$story"
	rnd 60
	sleep $((rnd / 10)).$((rnd % 10))
done
is "nothing was refused in $ROUNDS rounds" "$trouble" ""

for vm in $VMS; do
	case $(state "$vm" 2>/dev/null || echo gone) in
	gone) create "$vm" && vctl start "$vm" ;;
	running) vctl reset "$vm" ;;
	paused) vctl resume "$vm" ;;
	*) vctl start "$vm" ;;
	esac
done
worked=
for vm in $VMS; do
	working "$vm" && worked="$worked $vm"
done
is "each of them still works" "$worked" " $VMS"
ok "all of them end" all_gone
whole() {
	for vm in $VMS; do
		"$HERE/e2fsck" -E journal_only -y "/disk/$vm.img"
		"$HERE/e2fsck" -f -n "/disk/$vm.img" || return
	done
}
ok "their file systems are whole" whole

measure "$avail" "$slab"
note "available $avail KiB, then $avail_now; slab $slab KiB, then $slab_now"
ok "memory is back" near "$avail_now" "$avail"
ok "slab is back" near "$slab_now" "$slab"
is "no frame is left" "$(frames)" 0
unload
finish
