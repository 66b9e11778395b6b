#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the fuzzers for the Makefile beside it and speaks KTAP.
#
#	run.sh check|check-full|plant|coverage|merge FUZZER...
set -u
export LC_ALL=C

what=$1
shift
here=$PWD
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# Findings are aborts and sanitizer reports; a slow input is one as well.
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:allocator_may_return_null=1}
common="-timeout=10 -rss_limit_mb=2048 -print_final_stats=0"

result() # STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
	fi
}

note()
{
	sed 's/^/# /' "$1"
}

build() # TARGET...
{
	$MAKE -s --no-print-directory TOP="$TOP" OUT="$OUT" CLANG="$CLANG" "$@" \
		> "$tmp/build" 2>&1 || { note "$tmp/build"; return 1; }
}

args()
{
	$MAKE -s --no-print-directory TOP="$TOP" "args-$1"
}

# Inputs that the run finds stay outside the tree, in $OUT/new.
fuzz() # NAME SECONDS
{
	local seeds=

	mkdir -p "$OUT/new/$1" "$OUT/crash"
	[ -d "corpus/$1" ] && seeds=corpus/$1
	# shellcheck disable=SC2086
	"$OUT/$1" $common $(args "$1") -max_total_time="$2" -verbosity=0 \
		-artifact_prefix="$OUT/crash/$1-" "$OUT/new/$1" $seeds > "$tmp/log" 2>&1
}

replay() # NAME
{
	[ -n "$(ls "corpus/$1" 2>/dev/null)" ] || { echo "no corpus/$1" > "$tmp/log"; return 1; }
	# shellcheck disable=SC2086
	"$OUT/$1" $common -artifact_prefix="$OUT/crash/$1-" corpus/"$1"/* > "$tmp/log" 2>&1
}

do_check() # SECONDS FUZZER...
{
	local secs=$1 f

	shift
	echo "1..$(($# * 2))"
	for f; do
		mkdir -p "$OUT/crash"
		build "$OUT/$f" && replay "$f"
		local st=$?
		[ $st = 0 ] || note "$tmp/log"
		result $st "$f: corpus of $(ls "corpus/$f" 2>/dev/null | wc -l) inputs"
		[ -x "$OUT/$f" ] && fuzz "$f" "$secs"
		st=$?
		[ $st = 0 ] || note "$tmp/log"
		result $st "$f: $secs seconds"
	done
}

# One planted bug: a copy of the sources, patched, must crash in the short run.
do_plant()
{
	local patches=() f p copy name

	for f; do
		for p in plant/"$f".patch plant/"$f"-*.patch; do
			[ -e "$p" ] && patches+=("$f $p")
		done
		[ -e "plant/$f.patch" ] || patches+=("$f plant/$f.patch")
	done
	echo "1..${#patches[@]}"
	for p in "${patches[@]}"; do
		f=${p%% *}
		p=${p#* }
		name="$f: finds $(basename "$p" .patch)"
		copy=$tmp/copy
		rm -rf "$copy"
		mkdir -p "$copy/selftests"
		cp -r "$TOP/kmod" "$TOP/include" "$copy/"
		cp -r "$TOP/selftests/unit" "$TOP/selftests/fuzz" "$copy/selftests/"
		if ! patch -s -p1 -d "$copy" < "$p" > "$tmp/log" 2>&1; then
			note "$tmp/log"
			result 1 "$name (the patch does not apply)"
			continue
		fi
		if ! (cd "$copy/selftests/fuzz" && TOP=$copy OUT=$copy/out build "$copy/out/$f"); then
			result 1 "$name (does not build)"
			continue
		fi
		# A bug that the kept corpus shows already is found as well.
		(cd "$copy/selftests/fuzz" && OUT=$copy/out && TOP=$copy &&
		 fuzz "$f" "$SHORT")
		if grep -q '^SUMMARY: ' "$tmp/log"; then
			grep -m1 -E 'ERROR: (Addr|Leak)|runtime error|^[^ ]*:[0-9]+: |ERROR: lib' \
				"$tmp/log" | sed 's/^/# /'
			result 0 "$name"
		else
			note "$tmp/log"
			result 1 "$name (not found)"
		fi
	done
}

llvm_tool()
{
	local v

	v=$("$CLANG" -dumpversion | cut -d. -f1)
	command -v "$1-$v" || command -v "$1"
}

# Lines of each parser that the kept corpus alone reaches.
do_coverage()
{
	local f src profdata cov line pct

	profdata=$(llvm_tool llvm-profdata) && cov=$(llvm_tool llvm-cov) || {
		echo "1..0 # SKIP llvm-profdata and llvm-cov are not installed (package llvm)"
		return
	}
	for f; do
		if ! build "$OUT/$f.cov"; then
			result 1 "$f: builds for coverage"
			continue
		fi
		LLVM_PROFILE_FILE=$tmp/$f.raw "$OUT/$f.cov" $common corpus/"$f"/* > "$tmp/log" 2>&1 ||
			note "$tmp/log"
		"$profdata" merge -o "$tmp/$f.prof" "$tmp/$f.raw"
		for src in $($MAKE -s --no-print-directory TOP="$TOP" "cover-$f"); do
			# Columns: name, 3 of regions, 3 of functions, 3 of lines.
			line=$("$cov" report "$OUT/$f.cov" -instr-profile="$tmp/$f.prof" \
				"$TOP/$src" | awk '$1 == "TOTAL" { print $8, $9, $10 }')
			pct=${line##* }
			pct=${pct%%%*}
			awk -v a="${pct:-0}" -v b="$PERCENT" 'BEGIN { exit !(a >= b) }'
			result $? "$f: $src: $pct% of lines"
		done
	done
	echo "1..$n"
}

do_merge()
{
	local f dir

	for f; do
		dir=${NEW:-$OUT/new}/$f
		[ -d "$dir" ] || continue
		build "$OUT/$f" || continue
		mkdir -p "corpus/$f"
		# By lines reached alone, not by how often: fewer files.
		# shellcheck disable=SC2046
		"$OUT/$f" $(args "$f") -use_counters=0 -merge=1 "corpus/$f" "$dir" > "$tmp/log" 2>&1 || {
			note "$tmp/log"
			failed=1
			continue
		}
		echo "# $f: $(ls "corpus/$f" | wc -l) inputs, $(du -sb "corpus/$f" | cut -f1) bytes"
	done
}

echo "TAP version 13"
if ! command -v "$CLANG" > /dev/null; then
	echo "1..0 # SKIP $CLANG is not installed"
	exit 0
fi
cd "$here" || exit 1
case $what in
check)		do_check "$SHORT" "$@" ;;
check-full)	do_check "$LONG" "$@" ;;
plant)		do_plant "$@" ;;
coverage)	do_coverage "$@" ;;
merge)		do_merge "$@" ;;
esac
exit $failed
