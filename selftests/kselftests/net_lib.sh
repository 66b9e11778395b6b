# SPDX-License-Identifier: GPL-2.0
# For tests of network devices: guest programs and what they say.

exit_code() { # VM
	vctl -j show "$1" | sed -n 's/.*"exit_code": *\([0-9]*\).*/\1/p'
}

# judge NAME STATUS OUTPUT: a guest program ended with 0 and nothing failed.
judge() {
	if [ "$2" = 0 ] && ! printf '%s\n' "$3" | grep -q '^FAIL'; then
		pass "$1"
	else
		note "$3"
		fail "$1"
	fi
}

# What the VM that run_guest ran last says about its interface, at its end.
device() { # KEY
	tr -d ' \n' </tmp/run_guest.json | sed -n "s/.*\"id\":\"net0\"[^}]*\"$1\":\([0-9]*\).*/\1/p"
}

says() { # VM PATTERN COUNT: that many lines of its console
	[ "$(vctl console "$1" --log | grep -c "$2")" -ge "$3" ]
}

# A VM whose program has said READY; its address ends in LAST-BYTE.
begin() { # VM PROGRAM ARGS TAP LAST-BYTE
	vctl create "$1" --kernel "$GUESTS/$2.elf" --append "$3" --testdev --mem 16M \
		--net "$4,mac=02:00:00:00:00:$5" >/dev/null &&
	vctl start "$1" && await says "$1" READY 1
}

# It ends as it should, and is gone.
ends() { # NAME VM
	vctl wait "$2" stopped --timeout 120 >/dev/null
	out=$(vctl console "$2" --log)
	rc=$(exit_code "$2")
	[ -n "$rc" ] || out="$out$(vctl show "$2"; vctl stop "$2" --force 2>&1)"
	judge "$1" "$rc" "$out"
	vctl destroy "$2"
}
