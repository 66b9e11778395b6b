# SPDX-License-Identifier: GPL-2.0
# awk -f dmesg.awk ALLOWED PEER OURS: messages of OURS that PEER does not have.
#
# PEER and OURS are consoles with kernel logs in them, as `dmesg -r' prints them,
# each line after an @.  A message is its level and its text; only the time is
# left out.  ALLOWED: see there.  Prints
#	new: <level>text	not in PEER and not allowed; makes the status 1
#	peer only: <level>text	the other direction, for information
#	unused: line		an entry of ALLOWED that nothing needed
# and ends with 2 when an input makes no sense.

function fatal(text) {
	print text
	status = 2
	exit 2
}

# "<6>[    0.000000] text" -> "<6>text"; "" for a line that is no message
function message(line) {
	sub(/\r$/, "", line)
	if (line !~ /^@<[0-9]+>\[ *[0-9]+\.[0-9]+\] /)
		return ""
	sub(/^@/, "", line)
	sub(/>\[ *[0-9]+\.[0-9]+\] /, ">", line)
	return line
}

FNR == 1 { file++ }

file == 1 {
	if ($0 ~ /^#/ || $0 == "")
		next
	if (split($0, part, /\t+/) != 3 || part[1] !~ /^[0-7]$/ || part[3] == "")
		fatal(FILENAME ": line " FNR " is not LEVEL, regular expression, reason")
	allowed[++entries] = $0
	level[entries] = part[1]
	pattern[entries] = "^(" part[2] ")$"
	next
}

file == 2 {
	m = message($0)
	if (m != "" && !(m in peer)) {
		peer[m] = ++peers
		by_number[peers] = m
	}
	next
}

{
	m = message($0)
	if (m == "" || m in ours)
		next
	ours[m] = 1
	if (m in peer)
		next
	text = substr(m, index(m, ">") + 1)
	found = 0
	for (i = 1; i <= entries; i++)
		if (m ~ "^<" level[i] ">" && text ~ pattern[i])
			found = used[i] = 1
	if (!found) {
		print "new: " m
		status = 1
	}
}

END {
	if (status == 2)
		exit 2
	for (m in ours)
		n++
	# Half a log compares well with anything.
	if (file != 3 || peers < 100 || n < 100) {
		print "not whole logs: " peers + 0 " messages of the peer's, " n + 0 " of ours"
		exit 2
	}
	for (i = 1; i <= peers; i++)
		if (!(by_number[i] in ours))
			print "peer only: " by_number[i]
	for (i = 1; i <= entries; i++)
		if (!(i in used))
			print "unused: " allowed[i]
	exit status
}
