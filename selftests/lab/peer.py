# SPDX-License-Identifier: GPL-2.0
"""QEMU for use inside the lab machine: the peer that guests are compared with.

Always the one of Debian 12, whatever this machine runs.  Its small build
(qemu-system-x86_64-microvm: the machine types microvm and q35, no display, no PCI
devices of virtio) goes into an initrd; the whole one, "pci", has all devices and
40 MB of libraries, and had better lie on the machine's disk.  Both come with their
own libraries and dynamic loader and are not executable by themselves; at /opt/qemu
one is started as

    /opt/qemu/lib/ld-linux-x86-64.so.2 --library-path /opt/qemu/lib \\
        /opt/qemu/qemu-system-x86_64 -L /opt/qemu/share ...
"""

import glob
import os
import shutil

import apt
from cache import LabError, command, digest, entry, need, note

SUITE = "bookworm"
BASE = ("qemu-system-x86", "qemu-system-data", "seabios", "libc6", "libgcc-s1",
        "libglib2.0-0", "libpixman-1-0", "libfdt1", "zlib1g", "libpcre2-8-0")
MORE = ("libaio1", "libblkid1", "libbpf1", "libbsd0", "libcap-ng0", "libcapstone4", "libdaxctl1",
        "libelf1", "libffi8", "libfuse3-3", "libgmp10", "libgnutls30", "libhogweed6",
        "libibverbs1", "libidn2-0", "libjpeg62-turbo", "libkmod2", "liblzma5", "libmd0",
        "libmount1", "libndctl6", "libnettle8", "libnl-3-200", "libnl-route-3-200", "libnuma1",
        "libp11-kit0", "libpmem1", "libpng16-16", "librdmacm1", "libsasl2-2", "libseccomp2",
        "libselinux1", "libslirp0", "libssl3", "libtasn1-6", "libudev1", "libunistring2",
        "liburing2", "libuuid1", "libvdeplug2", "libzstd1")
# By kind: packages, and the program among what they hold.
KINDS = {"small": (BASE, "usr/bin/qemu-system-x86_64-microvm"),
         "pci": (BASE + MORE, "usr/bin/qemu-system-x86_64")}
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


def closure(root, binary):
    """{name: path} of the libraries that BINARY in ROOT needs, all of them from ROOT."""
    have = {}
    for d in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"):
        for path in glob.glob(os.path.join(root, d, "*.so*")):
            have.setdefault(os.path.basename(path), path)
    take, todo = {}, needed(os.path.join(root, binary)) + [LOADER]
    while todo:
        name = todo.pop()
        if name in take:
            continue
        if name not in have:
            raise LabError("QEMU needs %s, which is in none of its packages" % name)
        take[name] = have[name]
        todo += needed(have[name])
    return take


def make(into, kind):
    packages, binary = KINDS[kind]
    need({"binutils": "objdump"})
    note("fetching QEMU of %s" % SUITE)
    debs = os.path.join(into, "debs")
    root = os.path.join(into, "root")
    os.makedirs(debs)
    for deb in apt.download(SUITE, packages, debs):
        command(["dpkg", "-x", deb, root])
    os.makedirs(os.path.join(into, "lib"))
    os.makedirs(os.path.join(into, "share"))
    for name, path in closure(root, binary).items():
        dst = os.path.join(into, "lib", name)
        shutil.copyfile(path, dst)
        # Executable files are asked for their libraries when an initrd is made.
        os.chmod(dst, 0o755 if name == LOADER else 0o644)
    for path in FIRMWARE:
        shutil.copyfile(os.path.join(root, path),
                        os.path.join(into, "share", os.path.basename(path)))
    dst = os.path.join(into, "qemu-system-x86_64")
    shutil.copyfile(os.path.join(root, binary), dst)
    os.chmod(dst, 0o644)
    shutil.rmtree(root)
    shutil.rmtree(debs)
    # It starts, here where it can be seen why not.
    command(start(into) + ["--version"])


def start(where=WHERE):
    """How QEMU is started that lies in directory WHERE."""
    return [os.path.join(where, "lib", LOADER), "--library-path", os.path.join(where, "lib"),
            os.path.join(where, "qemu-system-x86_64"), "-L", os.path.join(where, "share")]


def find(kind="small"):
    """Directory with QEMU, its libraries and its firmware; fetched when it is missing."""
    key = digest(SUITE, *KINDS[kind][0], *FIRMWARE, "layout 1")
    return entry("qemu-%s-%s" % (SUITE, key), lambda into: make(into, kind))
