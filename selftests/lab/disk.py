# SPDX-License-Identifier: GPL-2.0
"""Disks of the lab machine: what it writes there outlives it, even when the plug is pulled.

A disk is a file here, used in place.  The machine has it as /dev/labdisk and, when it
holds an ext4 file system, mounted at /disk.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile

from cache import LabError, command, need
from image import CYLINDER, MIB

MKE2FS = "/sbin/mke2fs"


def blank(path, size):
    """A disk of SIZE bytes, up to the next cylinder, of zeroes that take no space."""
    with open(path, "wb") as f:
        f.truncate(-(-size // CYLINDER) * CYLINDER)


def fill(path, mib, files):
    """A disk of MIB MiB with an ext4 file system that holds FILES [(source, name)].

    Holes in the sources stay holes.
    """
    need({"e2fsprogs": MKE2FS})
    blank(path, mib * MIB)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(path))) as tree:
        for src, name in files:
            dst = os.path.join(tree, name.strip("/"))
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            if os.path.isdir(src):
                shutil.copytree(src, dst, symlinks=True)
            elif not os.path.isfile(src):
                raise LabError("%s: no such file" % src)
            else:
                command(["cp", "--sparse=always", src, dst])
        # Nothing may happen in the background that a test does not ask for.
        command([MKE2FS, "-q", "-F", "-t", "ext4", "-L", "labdisk", "-m", "0",
                 "-E", "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0",
                 "-J", "size=%d" % (1 if mib < 64 else 8), "-d", tree, path])


def is_ext4(path):
    """Whether the disk begins with an ext2, 3 or 4 superblock."""
    with open(path, "rb") as f:
        f.seek(0x438)
        return f.read(2) == b"\x53\xef"


def check(path):
    """What fsck finds on the disk, as text; "" when all is well after the journal's replay."""
    subprocess.run(["/sbin/e2fsck", "-E", "journal_only", "-y", path], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    p = subprocess.run(["/sbin/e2fsck", "-f", "-n", path], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if p.returncode == 0 else p.stdout


class Disk:
    """A disk in use by this lab, and no other, until closed."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        try:
            self.fd = os.open(self.path, os.O_RDWR)
        except OSError as e:
            raise LabError("--disk %s: %s" % (path, e.strerror)) from None
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = os.fstat(self.fd).st_size
            if not size or size % CYLINDER:
                raise LabError("--disk %s: its size is no multiple of %d bytes" % (path, CYLINDER))
        except OSError:
            self.close()
            raise LabError("--disk %s is in use by another lab" % path) from None
        except LabError:
            self.close()
            raise
        self.cylinders = size // CYLINDER
        if os.path.exists(self.path + ".lock"):     # Bochs leaves it when it is killed
            os.unlink(self.path + ".lock")

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        if os.path.exists(self.path + ".lock"):
            os.unlink(self.path + ".lock")
