#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: files=guests
# Virtio console: two ports that are ttys, by a guest program that is their driver.
. "${HERE:-/lab}/lib.sh"

# The tty of port $2 of VM $1.
tty_of() {
	for dir in /sys/class/tty/ttyHS*; do
		if [ "$(cat "$dir/vm_name" 2>/dev/null)" = "$1" ] && [ "$(cat "$dir/port")" = "$2" ]; then
			echo "${dir##*/}"
			return
		fi
	done
	return 1
}

log() { # TTY
	tr -d '\r' <"/sys/class/tty/$1/log"
}

said() { # TTY PATTERN
	log "$1" | grep -q -- "$2"
}

says() { # NAME TTY PATTERN
	if await said "$2" "$3"; then
		pass "$1"
	else
		note "no '$3' in:"
		note "$(log "$2" | tail -n 20)"
		fail "$1"
	fi
}

# The pattern that the guest pumps: KiB of numbered lines.
pattern() {
	awk -v n=$(($1 * 128)) 'BEGIN { for (i = 0; i < n; i++) printf "%07d\n", i }' | md5sum
}

no_ttys() {
	! tty_of c hvc0 && ! tty_of c agent && ! tty_of c com1
}

open_pair() { # starts VM c with ARGS and opens hvc0 at descriptor 3
	vctl create c --kernel "$GUESTS/vcons.elf" --append "$1" --testdev --mem 16M >/dev/null || return
	com1=$(tty_of c com1) hvc0=$(tty_of c hvc0) agent=$(tty_of c agent)
	stty -F "/dev/$hvc0" rows 24 cols 80
	vctl start c
	exec 3<>"/dev/$hvc0"
}

ended() { # NAME
	printf 'quit\n' >&3
	exec 3>&-
	vctl wait c stopped --timeout 120
	is "$1" "$(vctl -j show c | sed -n 's/.*"exit_code": *\([0-9]*\).*/\1/p')" 0
	vctl destroy c
}

load || exit 1
plan 28
open_pair ""
is "a tty for each port" "$(printf '%s\n' "$com1" "$hvc0" "$agent" | sort -u | grep -c ttyHS)" 3
says "the driver finds them" "$com1" "port 1: added"
says "port 0 is a console" "$com1" "port 0: console 1"
says "port 0 is open at once" "$com1" "port 0: host open"
says "port 1 has a name" "$com1" "port 1: name org.hyperspace.agent.0$"
says "the window's size as it was set before" "$com1" "port 0: 80 columns, 24 rows"
says "what the guest writes is in the log" "$hvc0" "READY vcons"
has "vctl finds the port" "$(vctl console c --port hvc0 --log)" "READY vcons"
printf 'hello port\n' >&3
says "what is typed comes in" "$hvc0" "HELLO PORT"
stty -F "/dev/$hvc0" rows 31 cols 107
says "a new size of the window" "$com1" "port 0: 107 columns, 31 rows"

exec 4<>"/dev/$agent"
says "an opener of the channel is announced" "$com1" "port 1: host open"
printf 'ping\n' >&4
read -r answer <&4
is "and answered" "$answer" ping
n=$(amount 256 64)
printf 'pump %d\n' "$n" >&3
sum=$(head -c $((n * 1024)) <&4 | md5sum)
is "a channel loses nothing, however fast it is" "$sum" "$(pattern "$n")"
is "nor drops it" "$(cat "/sys/class/tty/$agent/dropped")" 0
says "and the guest is done" "$com1" "pumped $n"
exec 4>&-
says "its closing is announced" "$com1" "port 1: host closed"
printf 'pump %d\n' 33 >&3
says "without a reader nobody waits" "$com1" "pumped 33"
is "it is dropped" "$(cat "/sys/class/tty/$agent/dropped")" $((33 * 1024))
exec 4<>"/dev/$agent"
printf 'again\n' >&4
read -r answer <&4
is "a later opener gets none of it" "$answer" again
exec 4>&-

# Nobody reads the terminal: the log keeps the end.
printf 'flood %d\n' "$n" >&3
says "a flood ends" "$com1" "flooded $n"
last=$(printf '%08d' $((16 * n - 1)))
has "its end is in the log" "$(log "$hvc0" | tail -n 1)" "^$last"
is "and no more than that" "$(wc -c <"/sys/class/tty/$hvc0/log")" 65536
ended "the guest is content"
ok "its ttys are gone" no_ttys

open_pair single
says "without ports: the log" "$hvc0" "READY vcons"
stty -F "/dev/$hvc0" rows 25 cols 81
says "without ports: the window's size" "$com1" "port 0: 81 columns, 25 rows"
ended "without ports: the guest is content"
unload
is "no frame is left" "$([ -d /sys/module/hyperspace ] && frames || echo 0)" 0
finish
