#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# install.sh PACKAGE...: installs Debian packages, those that are missing.
#
# All that the tests install goes through here, so that jobs side by side, and
# a system that updates itself meanwhile, wait for each other instead of
# failing on dpkg's lock.  Needs root when something is missing.
set -eu
lost() {
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q ' installed$' || printf ' %s' "$p"
	done
}

missing=$(lost "$@")
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "needs (as root): apt-get install$missing" >&2
	exit 1
fi
cache=${HS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyperspace}
mkdir -p "$cache"
exec 9>"$cache/.apt.lock"
flock 9
missing=$(lost "$@")
[ -n "$missing" ] || exit 0
echo "# installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
get() {
	# Not for what is installed to keep: it would keep our lock as well.
	apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" 9>&-
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Lists may be missing or too old; they are asked for only then.
# shellcheck disable=SC2086
get install --no-install-recommends $missing >"$log" 2>&1 ||
	{ get update && get install --no-install-recommends $missing; } >"$log" 2>&1 ||
	{ tail -n 20 "$log" | sed 's/^/# /' >&2; echo "could not install:$missing" >&2; exit 1; }
