# SPDX-License-Identifier: GPL-2.0
# awk -f drivers.awk ALLOWED PEER OURS: drivers that one of two guests has bound and
# the other has not.
#
# PEER and OURS are consoles with lines "%BUS DRIVER [VENDOR DEVICE]", one for each
# device that has a driver.  ALLOWED has, between tabs: "ours" or "peer", an extended
# regular expression for the whole of such a line, and why that is no defect.  Prints
#	ours only: line, peer only: line	not allowed; makes the status 1
# and ends with 2 when an input makes no sense.

FNR == 1 { file++ }

file == 1 {
	if ($0 ~ /^#/ || $0 == "")
		next
	if (split($0, part, /\t+/) != 3 || part[1] !~ /^(ours|peer)$/ || part[3] == "") {
		print FILENAME ": line " FNR " is not ours|peer, regular expression, reason"
		status = 2
		exit 2
	}
	side[++entries] = part[1]
	pattern[entries] = "^(" part[2] ")$"
	next
}

{
	sub(/\r$/, "")
	if ($0 !~ /^%[a-z]/)
		next
	sub(/^%/, "")
	sub(/ +$/, "")
	count[file == 2 ? "peer" : "ours", $0]++
	lines[$0] = 1
}

function allowed(which, line,   i) {
	for (i = 1; i <= entries; i++)
		if (side[i] == which && line ~ pattern[i])
			return 1
	return 0
}

END {
	if (status == 2)
		exit 2
	for (line in lines) {
		peer = count["peer", line] + 0
		ours = count["ours", line] + 0
		all_peer += peer
		all_ours += ours
		if (ours > peer && !allowed("ours", line)) {
			print "ours only: " line " (" ours " to " peer ")"
			status = 1
		} else if (peer > ours && !allowed("peer", line)) {
			print "peer only: " line " (" peer " to " ours ")"
			status = 1
		}
	}
	if (all_peer < 8 || all_ours < 8) {
		print "not whole lists: " all_peer + 0 " of the peer's, " all_ours + 0 " of ours"
		exit 2
	}
	exit status
}
