# SPDX-License-Identifier: GPL-2.0
# For tests whose guests are Linux: consoles are read from their log and written
# to by their tty, so that any number of VMs can be talked to at once.

# What the console of VM $1 showed.
log() { vctl console "$1" --log | tr -d '\r'; }

# Number of the tty of VM $1 and port $2 (default: the serial line).
tty_of() {
	for to_dir in /sys/class/tty/ttyHS*; do
		[ "$(cat "$to_dir/vm_name" 2>/dev/null)" = "$1" ] || continue
		to_port=$(cat "$to_dir/port" 2>/dev/null || echo com1)
		[ "$to_port" != "${2:-com1}" ] || echo "${to_dir##*ttyHS}"
	done
}

# The console of VM $1 shows $2 ($3 times, default 1), or never will.
shown_or_ended() {
	[ "$(log "$1" | grep -c -- "$2")" -ge "${3:-1}" ] || [ "$(state "$1")" != running ]
}

# Waits for that.  A line may be half there: what is read from it must be in $2.
shows() {
	await shown_or_ended "$@" && [ "$(log "$1" | grep -c -- "$2")" -ge "${3:-1}" ]
}

# Types a line on the console of VM $1.
send() { # VM TEXT
	printf '%s\n' "$2" >"/dev/ttyHS$(tty_of "$1")"
}

# Runs a command in the shell on the console of a VM, waits for its end, prints
# what it printed; its exit status.  What is typed comes back as it was typed:
# '' keeps the marks in it from being taken for the marks that are printed.
at() { # VM COMMAND
	at_start "$1" "$2"
	at_end "$1"
}

# The same in two steps, for what the host does meanwhile.
at_start() { # VM COMMAND
	at_n=$(($(cat "/tmp/at.$1" 2>/dev/null || echo 0) + 1))
	echo $at_n >"/tmp/at.$1"
	send "$1" "echo @b''$at_n; $2; echo @e''$at_n:\$?:"
}

at_end() { # VM
	at_n=$(cat "/tmp/at.$1")
	shows "$1" "@e$at_n:[0-9]*:" || return 255
	log "$1" | sed -n "/@b$at_n\$/,/@e$at_n:[0-9]*:/p" | sed -e 1d -e "s/@e$at_n:.*//" -e '/^$/d'
	return "$(log "$1" | sed -n "s/.*@e$at_n:\([0-9]*\):.*/\1/p")"
}

show_end() { # VM [LINES]
	note "$(vctl show "$1")"
	note "$(log "$1" | tail -n "${2:-25}")"
}

# A stock kernel with the initrd of selftests/guests/linux, to its prompt.
STOCK_APPEND="console=ttyS0 quiet cryptomgr.notests"
boot_initrd() { # VM KERNEL CPUS MEM APPEND [create options]
	bi_vm=$1 bi_kernel=$2 bi_cpus=$3 bi_mem=$4 bi_append=$5
	shift 5
	vctl create "$bi_vm" --kernel "/lab/vmlinuz-$bi_kernel" --initrd "/lab/initrd-$bi_kernel" \
		--mem "$bi_mem" --cpus "$bi_cpus" --append "$STOCK_APPEND $bi_append" "$@" >/dev/null &&
		vctl start "$bi_vm" && shows "$bi_vm" 'guest is up.* KiB' && shows "$bi_vm" 'guest# '
}

# The same with the Debian system on the first disk, to its login prompt.
boot_debian() { # VM KERNEL CPUS MEM APPEND [create options]
	bd_vm=$1 bd_kernel=$2 bd_cpus=$3 bd_mem=$4 bd_append=$5
	shift 5
	vctl create "$bd_vm" --kernel "/lab/vmlinuz-$bd_kernel" --initrd "/lab/initrd-$bd_kernel" \
		--mem "$bd_mem" --cpus "$bd_cpus" \
		--append "$STOCK_APPEND root=/dev/vda net.ifnames=0 $bd_append" "$@" >/dev/null &&
		vctl start "$bd_vm" && shows "$bd_vm" 'debian login: '
}

# Logs in, at the $2-th login prompt since the VM's creation (default 1).
log_in() { # VM [NTH]
	shows "$1" 'debian login: ' "${2:-1}" || return
	send "$1" root
	shows "$1" '^Linux debian ' "${2:-1}" || return
	# Plain output: no colours, no bracketed paste, no lines cut at 80 columns.
	at "$1" "bind 'set enable-bracketed-paste off'; export TERM=dumb PAGER=cat; stty cols 400"
}

drop() { # VM
	case $(state "$1") in running | paused) vctl stop "$1" --force ;; esac
	vctl destroy "$1"
}
