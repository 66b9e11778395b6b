# SPDX-License-Identifier: GPL-2.0
# For tests that end the kernel they run on while VMs run: guests on each CPU,
# the next kernel, and what it has to find.
#
# A CPU left in VMX operation does not come up again: INIT is blocked there, and
# the code that starts the next kernel faults when it clears CR4.VMXE.  Where a
# reset would hide that, the emulator's log tells.  In builds with HS_DEBUG=1 the
# step in $MUTATE is left out on the way down, and the test must fail.

[ -e /lab/plan ] || skip_all "ends the kernel it runs on: for the lab only"

# Guests that run all the time: one on each CPU, which do nothing else.
vms_up() {
	load || return
	down_cpu=0
	while [ -d /sys/devices/system/cpu/cpu$down_cpu ]; do
		vctl create g$down_cpu --kernel "$GUESTS/pages.elf" --append "forever from=8388608 mib=1" \
			--mem 16M --testdev >/dev/null && vctl start g$down_cpu || return
		for down_t in /proc/[0-9]*; do
			[ "$(cat "$down_t/comm" 2>/dev/null)" != hs/g$down_cpu/0 ] ||
				taskset -p $((1 << down_cpu)) "${down_t#/proc/}" >/dev/null || return
		done
		down_cpu=$((down_cpu + 1))
	done
	while [ $down_cpu -gt 0 ]; do
		down_cpu=$((down_cpu - 1))
		until vctl console g$down_cpu --log | grep -q '^round'; do
			[ "$(state g$down_cpu)" = running ] || return
			sleep 0.05
		done
	done
}

# The last word of the first kernel; CMD does not come back.
leave() { # CMD...
	[ $ktap_bad = 0 ] || exit 1
	# For the results so far to get out; nothing else depends on it.
	sleep 0.1
	[ -z "$MUTATE" ] || echo "$MUTATE" >/sys/module/hyperspace/parameters/debug_mutate ||
		return
	"$@"
	# A reset by another CPU may take a moment.
	sleep 10
	echo "# still here after: $*"
	return 1
}

# This very kernel as the next one, with what is in this machine's root but for
# stock modules.  The kernel hashes all of it in one go: such tests want an hz at
# which that takes no seconds.
next_kernel() { # COMMAND-LINE [-p]
	down_cmdline=$1
	shift
	mkdir -p /run/root && mount --bind / /run/root || return
	(cd /run/root && find . -xdev \( -path ./lab/vmlinuz -o -path './lib/modules/*/kernel' \) -prune \
		-o -print | cpio -o -H newc) >/run/next.cpio || return
	umount /run/root
	"$HERE/kexec_load" "$@" "$HERE/vmlinuz" /run/next.cpio "$down_cmdline" || return
	rm /run/next.cpio
}

cmdline() { # this kernel's, without memory put aside
	tr ' ' '\n' </proc/cmdline | grep -v '^crashkernel=' | tr '\n' ' '
}

# The second kernel: every CPU came, and VMX is free and works on each.
came_up() { # CPUS
	plan 3
	is "all CPUs came up" "$(nproc)" "$1"
	load || exit 1
	ok "nobody has VMX" sh -c "vctl check | grep -q '^ok.*VMX free'"
	ok "VMs run on all CPUs" vms_up
	finish
}
