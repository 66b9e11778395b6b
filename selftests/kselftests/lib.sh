# SPDX-License-Identifier: GPL-2.0
# For tests that run on the lab machine (busybox sh): KTAP results, VMs, and
# what "memory is back" means.  A test includes it, calls plan, then ok/is for
# each result, and ends with finish.

KSFT_SKIP=4
# QEMU, for tests that ask for files=qemu.
QEMU="/opt/qemu/lib/ld-linux-x86-64.so.2 --library-path /opt/qemu/lib /opt/qemu/qemu-system-x86_64 -L /opt/qemu/share"
HERE=${HERE:-/lab}
GUESTS=${GUESTS:-/lab/guests}
ktap_n=0
ktap_bad=0
ktap_plan=

plan() { # COUNT
	ktap_plan=$1
	echo "KTAP version 1"
	echo "1..$1"
}

skip_all() { # REASON
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

note() {
	echo "$*" | sed 's/^/# /'
}

pass() { # NAME
	ktap_n=$((ktap_n + 1))
	echo "ok $ktap_n $*"
}

fail() { # NAME
	ktap_n=$((ktap_n + 1))
	ktap_bad=1
	echo "not ok $ktap_n $*"
}

skip() { # NAME REASON
	ktap_n=$((ktap_n + 1))
	echo "ok $ktap_n $1 # SKIP $2"
}

# ok NAME CMD...: passes when CMD succeeds; its output is shown when it fails.
ok() {
	ktap_name=$1
	shift
	if ktap_out=$("$@" 2>&1); then
		pass "$ktap_name"
	else
		note "$* : status $?"
		note "$ktap_out"
		fail "$ktap_name"
	fi
}

# status NAME WANT CMD...: passes when CMD ends with status WANT.
status() {
	ktap_name=$1 ktap_want=$2
	shift 2
	ktap_out=$("$@" 2>&1)
	ktap_got=$?
	if [ $ktap_got = "$ktap_want" ]; then
		pass "$ktap_name"
	else
		note "$* : status $ktap_got, not $ktap_want"
		note "$ktap_out"
		fail "$ktap_name"
	fi
}

# is NAME GOT WANT: passes when both strings are the same.
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		note "got '$2', not '$3'"
		fail "$1"
	fi
}

# has NAME TEXT PATTERN: passes when TEXT holds the basic regular expression.
has() {
	if printf '%s\n' "$2" | grep -q -- "$3"; then
		pass "$1"
	else
		note "no '$3' in:"
		note "$2"
		fail "$1"
	fi
}

# await CMD...: waits until CMD succeeds.  What is waited for comes by itself; the
# minutes are for what never does.
await() {
	aw_left=${AWAIT_TENTHS:-1200}
	until "$@"; do
		aw_left=$((aw_left - 1))
		[ $aw_left -gt 0 ] || return 1
		sleep 0.1
	done
}

# polls PID: the process sleeps in poll(): vctl wait and monitor listen then.
polls() {
	case $(cat "/proc/$1/syscall" 2>/dev/null) in
	"7 "* | "271 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# amount N LESS: how often, or how much: LESS on the debug kernel, whose steps take
# five to ten times as long, and which looks for other things than rare events.
amount() {
	case $(uname -r) in *-debug) echo "$2" ;; *) echo "$1" ;; esac
}

finish() {
	if [ -n "$ktap_plan" ] && [ "$ktap_plan" != "$ktap_n" ]; then
		echo "# planned $ktap_plan, ran $ktap_n"
		ktap_bad=1
	fi
	exit $ktap_bad
}

load() {
	[ -d /sys/module/hyperspace ] || modprobe hyperspace "$@"
}

unload() {
	[ ! -d /sys/module/hyperspace ] || rmmod hyperspace
}

state() { # NAME
	vctl show "$1" --state
}

# apart VM: each of its first two vCPUs has a CPU of the host of its own.
apart() {
	for ap_t in /proc/[0-9]*; do
		case $(cat "$ap_t/comm" 2>/dev/null) in
		hs/"$1"/0) taskset -p 1 "${ap_t#/proc/}" >/dev/null ;;
		hs/"$1"/1) taskset -p 2 "${ap_t#/proc/}" >/dev/null ;;
		esac
	done
}

# RG_CREATED: a command that is called with the VM's name before it starts.
# run_guest NAME PROGRAM [ARGS] [create options...]: runs a guest program until
# it ends; prints its console; succeeds when it ended with code 0.
run_guest() {
	rg_name=$1 rg_prog=$2 rg_args=$3
	shift 3
	vctl create "$rg_name" --kernel "$GUESTS/$rg_prog.elf" --append "$rg_args" --testdev "$@" >/dev/null || return
	${RG_CREATED:-true} "$rg_name"
	vctl start "$rg_name" || { vctl destroy "$rg_name"; return 1; }
	vctl wait "$rg_name" stopped --timeout "${RG_TIMEOUT:-60}"
	rg_rc=$?
	vctl console "$rg_name" --log
	if [ $rg_rc != 0 ]; then
		vctl show "$rg_name"
		vctl diagnose "$rg_name"
		vctl stop "$rg_name" --force
	else
		rg_rc=$(vctl -j show "$rg_name" | sed -n 's/.*"exit_code": *\([0-9]*\).*/\1/p')
	fi
	vctl -j show "$rg_name" >/tmp/run_guest.json
	vctl destroy "$rg_name" || return 1
	[ "${rg_rc:-1}" = 0 ]
}

# A number of the VM that run_guest ran last, as it was at its end.
ended_with() { # KEY
	sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" /tmp/run_guest.json
}

# A number of a VM now.
now() { # NAME KEY
	vctl -j show "$1" | sed -n "s/.*\"$2\": *\([0-9]*\).*/\1/p"
}

# until_true CMD...: waits until CMD succeeds; not for ever.
until_true() {
	ut_n=0
	until "$@"; do
		ut_n=$((ut_n + 1))
		[ $ut_n -lt 600 ] || return 1
		sleep 0.05
	done
}

# KiB available and in slab, after caches are dropped and work has settled.
# Free pages that wait in per-CPU lists (tens of MiB, and it changes with every
# step) are available too, though MemAvailable does not count them.
mem_now() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.1
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemAvailable:/ { a += $2 } /^Slab:/ { s = $2 } / count:/ { a += $2 * 4 }
		END { print a, s }' /proc/meminfo /proc/zoneinfo
}

frames() {
	cat /sys/kernel/debug/hyperspace/frames
}
