#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Checks the models in this folder exhaustively and prints KTAP.
#
# The model as it stands must hold; each variant that leaves out a step must
# not, or the model would prove nothing.
set -u
here=$(cd "$(dirname "$0")" && pwd)

echo "KTAP version 1"
if ! command -v spin >/dev/null || ! command -v gcc >/dev/null; then
	echo "1..0 # SKIP spin and gcc are needed (apt-get install spin gcc)"
	exit 4
fi

variants="NO_FENCE NO_FLUSH NO_WAIT NO_BUMP EARLY_BUMP EARLY_LEAVE NO_ENTERING"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# verify NAME EXPECTED(0|1) FLAGS...: errors found, or not, in the whole space
verify()
{
	name=$1 expected=$2
	shift 2
	n=$((n + 1))
	mkdir -p "$dir/$n"
	cd "$dir/$n" || exit 1
	if ! spin -a "$@" "$here/handshake.pml" >spin.log 2>&1 ||
	   ! gcc -O2 -w -DSAFETY -DMEMLIM=2048 -o pan pan.c >>spin.log 2>&1; then
		sed 's/^/# /' spin.log
		echo "not ok $n $name # could not be built"
		bad=1
		return
	fi
	./pan -m1000000 >pan.log 2>&1
	errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log)
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log)
	echo "# $name: ${states:-0} states, ${errors:-no} errors"
	if [ "$expected" = 0 ] && grep -q 'max search depth too small\|out of memory\|Search not completed' pan.log; then
		echo "not ok $n $name # search not complete"
		bad=1
	elif [ "${errors:-x}" = 0 ] && [ "$expected" = 0 ]; then
		echo "ok $n $name"
	elif [ "${errors:-0}" != 0 ] && [ "$expected" = 1 ] && grep -q 'assertion violated' pan.log; then
		echo "ok $n $name"
	else
		sed 's/^/# /' pan.log
		echo "not ok $n $name"
		bad=1
	fi
}

set -- $variants
echo "1..$(($# + 1))"
verify "handshake holds" 0
for v in $variants; do
	verify "handshake fails with $v" 1 -D$v
done
exit $bad
