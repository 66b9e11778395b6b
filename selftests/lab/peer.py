# SPDX-License-Identifier: GPL-2.0
"""QEMU for use inside the lab machine: the peer that guests are compared with.

Always the one of Debian 12, whatever this machine runs, and in its small build
(qemu-system-x86_64-microvm: the machine types microvm and q35, no display, no
block layer beyond files), so that the initrd stays small.  It comes with its
own libraries and dynamic loader and is not executable by itself; in the
machine it lies at /opt/qemu and is started as

    /opt/qemu/lib/ld-linux-x86-64.so.2 --library-path /opt/qemu/lib \\
        /opt/qemu/qemu-system-x86_64 -L /opt/qemu/share ...
"""

import glob
import os
import shutil

import apt
from cache import LabError, command, digest, entry, need, note

SUITE = "bookworm"
PACKAGES = ("qemu-system-x86", "qemu-system-data", "seabios", "libc6", "libgcc-s1",
            "libglib2.0-0", "libpixman-1-0", "libfdt1", "zlib1g", "libpcre2-8-0")
BINARY = "usr/bin/qemu-system-x86_64-microvm"
# What the two machine types load: firmware, and the option ROMs for -kernel.
FIRMWARE = ("usr/share/qemu/qboot.rom", "usr/share/qemu/linuxboot_dma.bin",
            "usr/share/qemu/pvh.bin", "usr/share/qemu/kvmvapic.bin",
            "usr/share/seabios/bios-256k.bin", "usr/share/seabios/bios-microvm.bin")
LOADER = "ld-linux-x86-64.so.2"
WHERE = "/opt/qemu"             # in the machine


def needed(path):
    """Names of the libraries that the ELF file PATH asks for itself."""
    out = command(["objdump", "-p", path])
    return [l.split()[1] for l in out.splitlines() if l.split()[:1] == ["NEEDED"]]


def closure(root):
    """{name: path} of the libraries that the binary in ROOT needs, all of them from ROOT."""
    have = {}
    for d in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"):
        for path in glob.glob(os.path.join(root, d, "*.so*")):
            have.setdefault(os.path.basename(path), path)
    take, todo = {}, needed(os.path.join(root, BINARY)) + [LOADER]
    while todo:
        name = todo.pop()
        if name in take:
            continue
        if name not in have:
            raise LabError("QEMU needs %s, which is in none of %s" % (name, " ".join(PACKAGES)))
        take[name] = have[name]
        todo += needed(have[name])
    return take


def make(into):
    need({"binutils": "objdump"})
    note("fetching QEMU of %s" % SUITE)
    debs = os.path.join(into, "debs")
    root = os.path.join(into, "root")
    os.makedirs(debs)
    for deb in apt.download(SUITE, PACKAGES, debs):
        command(["dpkg", "-x", deb, root])
    os.makedirs(os.path.join(into, "lib"))
    os.makedirs(os.path.join(into, "share"))
    for name, path in closure(root).items():
        dst = os.path.join(into, "lib", name)
        shutil.copyfile(path, dst)
        # Executable files are asked for their libraries when an initrd is made.
        os.chmod(dst, 0o755 if name == LOADER else 0o644)
    for path in FIRMWARE:
        shutil.copyfile(os.path.join(root, path),
                        os.path.join(into, "share", os.path.basename(path)))
    dst = os.path.join(into, "qemu-system-x86_64")
    shutil.copyfile(os.path.join(root, BINARY), dst)
    os.chmod(dst, 0o644)
    shutil.rmtree(root)
    shutil.rmtree(debs)
    # It starts, here where it can be seen why not.
    command(start(into) + ["--version"])


def start(where=WHERE):
    """How QEMU is started that lies in directory WHERE."""
    return [os.path.join(where, "lib", LOADER), "--library-path", os.path.join(where, "lib"),
            os.path.join(where, "qemu-system-x86_64"), "-L", os.path.join(where, "share")]


def find():
    """Directory with QEMU, its libraries and its firmware; fetched when it is missing."""
    key = digest(SUITE, *PACKAGES, *FIRMWARE, "layout 1")
    return entry("qemu-%s-%s" % (SUITE, key), make)
