# SPDX-License-Identifier: GPL-2.0
"""A Debian system on a disk, for guests: made once, cached, copied by whoever writes to it.

It is Debian 12 as mmdebstrap lays it out, with systemd, udev, dbus and logind (which
answers the power button), a getty on each console, networkd, and stress-ng.  It holds
no kernel and no modules: those come with the kernel and the initrd that start it
(selftests/guests/linux), so one image serves all.  root has no password.

Left out, because an emulated machine pays for each by seconds of a boot and by
megabytes of a disk: documentation, translations, the hardware database, the timers
that keep a system up to date, and mounts that nothing here uses (UNITS_OFF).
"""

import os
import shutil
import subprocess

import apt
from cache import LabError, LabSkip, command, digest, entry, need, note, read_bytes

SUITE = "bookworm"
MIB = 320
UUID = "6d4f31f4-1f5c-4f6e-9a8a-1c1f52e0c5d1"
PACKAGES = ("systemd-sysv", "udev", "dbus", "login", "util-linux", "kmod", "iproute2",
            "e2fsprogs", "procps", "busybox", "stress-ng")
NOT_NEEDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*",
              "/usr/share/i18n/*", "/usr/share/lintian/*", "/usr/share/bash-completion/*",
              "/usr/share/zoneinfo/*", "/usr/lib/x86_64-linux-gnu/gconv/*", "/usr/lib/udev/hwdb.d/*",
              "/usr/share/X11/*")
# Those that keep a system up to date or clean, and what costs time for no use here.
UNITS_OFF = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
             "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
             "systemd-tmpfiles-clean.timer", "systemd-pstore.service",
             "dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount",
             "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount",
             "sys-fs-fuse-connections.mount", "modprobe@.service", "kmod-static-nodes.service",
             "systemd-binfmt.service", "systemd-networkd-wait-online.service",
             "getty@tty1.service", "console-getty.service")
UNITS_ON = ("systemd-networkd.service", "systemd-network-generator.service")

# As a cloud image would have it: whatever interface there is asks for an address.
# ip= on the command line (systemd-network-generator) comes before.
FILES = {
    "etc/hostname": "debian\n",
    "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n",
    "etc/fstab": "UUID=%s / ext4 errors=remount-ro 0 1\n" % UUID,
    "etc/default/locale": "",
    "etc/machine-id": "3c0de5f1b0a14c0e8f0d2a6b9e7d4c31\n",
    "etc/systemd/network/95-dhcp.network": "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n",
    # Nothing is lost by a journal in memory, but writes to the disk that tests count.
    "etc/systemd/journald.conf.d/volatile.conf": "[Journal]\nStorage=volatile\n",
}


def make_tree(tree):
    """Lay the system out below TREE, with what it is set up to do."""
    argv = ["mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory",
            "--keyring=" + apt.KEYRING, "--include=" + ",".join(PACKAGES),
            '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"']
    argv += ["--dpkgopt=path-exclude=" + path for path in NOT_NEEDED]
    p = subprocess.run(argv + [SUITE, tree], input="\n".join(apt.sources(SUITE)) + "\n",
                       text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if p.returncode:
        raise LabError("mmdebstrap for %s failed:\n%s"
                       % (SUITE, "\n".join(p.stdout.splitlines()[-15:])))
    for name, text in FILES.items():
        path = os.path.join(tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
    command(["systemctl", "--root=" + tree, "mask", *UNITS_OFF])
    command(["systemctl", "--root=" + tree, "enable", *UNITS_ON])
    command(["chroot", tree, "passwd", "-d", "root"])
    for path in ("usr/lib/udev/hwdb.bin", "etc/udev/hwdb.bin", "var/cache/apt", "var/lib/apt/lists",
                 "etc/resolv.conf", "var/log/apt", "var/log/dpkg.log", "var/log/bootstrap.log"):
        path = os.path.join(tree, path)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    os.makedirs(os.path.join(tree, "lib/modules"), exist_ok=True)
    # Newer than /usr: nothing has to be brought up to date at the first boot.
    for name in ("etc/.updated", "var/.updated"):
        open(os.path.join(tree, name), "w").close()


def make(into):
    if os.geteuid():
        raise LabSkip("making a Debian system needs root")
    need({"mmdebstrap": "mmdebstrap", "e2fsprogs": "/sbin/mke2fs",
          "systemd": "systemctl"})
    note("making a Debian system for guests (about 2 minutes)")
    tree = os.path.join(into, "tree")
    make_tree(tree)
    image = os.path.join(into, "debian.img")
    with open(image, "wb") as f:
        f.truncate(MIB << 20)
    # No lazy initialization: a guest's kernel would do it in the background of tests.
    command(["/sbin/mke2fs", "-q", "-t", "ext4", "-L", "debian", "-U", UUID, "-m", "1",
             "-E", "lazy_itable_init=0,lazy_journal_init=0,hash_seed=" + UUID, "-J", "size=8",
             "-d", tree, image])
    command(["/sbin/e2fsck", "-f", "-n", image])
    shutil.rmtree(tree)


def find():
    """Path of the image; made when it is missing.  Never to be written to."""
    key = digest(read_bytes(os.path.abspath(__file__)))
    return os.path.join(entry("debian-%s-%s" % (SUITE, key), make), "debian.img")
