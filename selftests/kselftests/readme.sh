#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: cpus=2 hz=400M mem=1400 disk=800:debian modules=tun files=vmlinuz,kernel:6.1,guests/initrd-6.1,guests/initrd-6.12,selftests/kselftests/linux_lib.sh,README.md stock long
# The README's first VM, typed as it is printed.  Only what the lab machine has in
# other places is given: the kernel and an initrd in /boot, and the image that
# `lab debian' would make; the module is installed.
. "${HERE:-/lab}/lib.sh"
. "$HERE/linux_lib.sh"

plan 7
# udev and kmod do this when a Debian host boots.
modprobe tun || exit 1
mkdir -p /boot /tmp/tree/selftests/lab
ln -s /lab/vmlinuz "/boot/vmlinuz-$(uname -r)"
ln -s "/lab/initrd-$(uname -r | cut -d. -f1,2)" "/boot/initrd.img-$(uname -r)"
cat >/tmp/tree/selftests/lab/lab <<'E2'
#!/bin/sh
[ "$*" = debian ] && echo /disk/debian.img
E2
chmod 755 /tmp/tree/selftests/lab/lab
# The first indented block below the heading, without what installs and what needs
# a terminal.
awk '/^## / { on = $0 == "## First VM in a minute" } !on { next }
	/^    / { print; some = 1; next } some { exit }' "$HERE/README.md" |
	sed 's/^    //' >/tmp/typed
is "the README has the commands" "$(grep -c -e '^make dkms-install' -e '^vctl console web' /tmp/typed)" 2
grep -v -e '^make dkms-install' -e '^vctl console web' /tmp/typed >/tmp/commands
cd /disk && ln -s /tmp/tree/selftests selftests
ok "each of them works" sh -e /tmp/commands
if shows web 'debian login: '; then
	pass "a login prompt comes"
else
	show_end web
	fail "a login prompt comes"
fi
ok "root can log in" log_in web
ok "the disk can be written to" at web 'echo kept >/root/kept && sync'
ok "the network answers" ping -c 3 -W 10 10.9.0.2
vctl stop web
ok "the power button ends it" vctl wait web stopped --timeout 240
vctl destroy web
cd /
unload
finish
