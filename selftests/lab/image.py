# SPDX-License-Identifier: GPL-2.0
"""What the machine boots: initrd (newc cpio, not compressed) and boot disk.

Bochs knows no kernel, so the lab lays the parts of the kernel and the initrd
on a disk whose boot sector (guest/boot.S) reads them to where the x86 boot
protocol (Documentation/x86/boot.rst) wants them.  Reading a sector that way
costs a few hundred emulated instructions, against tens of thousands through
the BIOS; so the initrd is not compressed either.
"""

import lzma
import os
import shutil
import stat
import struct
import subprocess
import tempfile

from cache import LAB, LabError, command, digest, entry, need, read_bytes
import frames

SECTOR = 512
CYLINDER = 16 * 63 * SECTOR     # 16 heads, 63 sectors
BOOT_TABLE = 0x160              # in boot.S
BOOT_FRAME = 0x1a0
SETUP_AT = 0x90000
CMDLINE_AT = 0x9e000            # below the EBDA at 0x9fc00
CMDLINE_MAX = 0x9fc00 - CMDLINE_AT - 1
KERNEL_AT = 0x100000
ACPI_BYTES = 0x20000            # the BIOS puts its tables at the end of RAM
MIB = 1 << 20


class Cpio:
    """Writer of the kernel's newc format; everything belongs to root at time 0."""

    def __init__(self, out):
        self.out = out
        self.ino = 1
        self.dirs = {""}
        self.bytes = 0

    def _write(self, data):
        self.out.write(data)
        self.bytes += len(data)

    def _member(self, name, mode, size, rmajor=0, rminor=0):
        name = name.encode() + b"\0"
        self.ino += 1
        head = b"070701" + b"".join(b"%08x" % v for v in (
            self.ino, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, size,
            0, 0, rmajor, rminor, len(name), 0))
        self._write(head + name + b"\0" * (-(len(head) + len(name)) % 4))

    def _pad(self, size):
        self._write(b"\0" * (-size % 4))

    def parents(self, name):
        parts = name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            self.dir("/".join(parts[:i]))

    def dir(self, name, mode=0o755):
        name = name.strip("/")
        if name in self.dirs:
            return
        self.parents(name)
        self.dirs.add(name)
        self._member(name, stat.S_IFDIR | mode, 0)

    def data(self, name, data, mode=0o644):
        name = name.strip("/")
        self.parents(name)
        self._member(name, stat.S_IFREG | mode, len(data))
        self._write(data)
        self._pad(len(data))

    def file(self, name, path, mode=None):
        name = name.strip("/")
        self.parents(name)
        st = os.stat(path)
        self._member(name, stat.S_IFREG | (mode or stat.S_IMODE(st.st_mode)), st.st_size)
        left = st.st_size
        with open(path, "rb") as f:
            while left:
                piece = f.read(min(left, MIB))
                if not piece:
                    raise LabError("%s shrank while it was read" % path)
                self._write(piece)
                left -= len(piece)
        self._pad(st.st_size)

    def symlink(self, name, target):
        name = name.strip("/")
        self.parents(name)
        self._member(name, stat.S_IFLNK | 0o777, len(target))
        self._write(target.encode())
        self._pad(len(target))

    def node(self, name, kind, mode, major, minor):
        self.parents(name)
        self._member(name, kind | mode, 0, major, minor)

    def end(self):
        self._member("TRAILER!!!", 0, 0)
        self._write(b"\0" * (-self.bytes % 512))


def labio():
    """The guest's end of the out-of-band channel, compiled once."""
    src = os.path.join(LAB, "guest", "labio.c")
    need({"gcc": "gcc", "libc6-dev": "/usr/include/stdio.h"})

    def make(tmp):
        command(["gcc", "-O2", "-static", "-Wall", "-o", os.path.join(tmp, "labio"), src])

    return os.path.join(entry("labio-" + digest(read_bytes(src)), make), "labio")


def interpreter(path):
    """Whether the ELF file PATH wants a dynamic loader."""
    data = read_bytes(path)[:4096]
    if data[:5] != b"\x7fELF\x02":
        return False
    phoff, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return any(struct.unpack_from("<I", data, phoff + i * size)[0] == 3     # PT_INTERP
               for i in range(count) if phoff + i * size + 4 <= len(data))


def busybox():
    """A busybox that needs no libraries: what initrds are made of, the guests' as well."""
    path = "/bin/busybox"
    need({"busybox-static": lambda: os.path.exists(path) and not interpreter(path)})
    return path


def base():
    """The part of the initrd that is the same in every run; cached."""
    shell = busybox()
    init = os.path.join(LAB, "guest", "init")
    io = labio()
    key = digest(read_bytes(shell), read_bytes(init), read_bytes(io), "layout 1")

    def make(tmp):
        applets = command([shell, "--list-full"]).split()
        with open(os.path.join(tmp, "base.cpio"), "wb") as f:
            c = Cpio(f)
            for d in ("bin", "sbin", "usr/bin", "usr/sbin", "proc", "sys", "dev", "run", "tmp",
                      "root", "etc", "lab", "var/log", "mnt", "lib/modules", "lib64"):
                c.dir(d)
            c.node("dev/console", stat.S_IFCHR, 0o600, 5, 1)
            c.node("dev/null", stat.S_IFCHR, 0o666, 1, 3)
            c.file("bin/busybox", shell, 0o755)
            for a in applets:
                if a != "bin/busybox":
                    c.symlink(a, "/bin/busybox")
            c.file("bin/labio", io, 0o755)
            c.file("init", init, 0o755)
            c.data("etc/passwd", b"root::0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
            c.data("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
            c.data("etc/profile", b"PS1='lab# '\nexport PATH=/sbin:/bin:/usr/sbin:/usr/bin:/lab\n"
                   b"alias poweroff=exit halt=exit\n")
            # No TRAILER: the run's own part is appended.

    return os.path.join(entry("initrd-" + key, make), "base.cpio")


def libraries(path):
    """[(path in the machine, path here)] of the libraries that the program PATH needs."""
    if not os.stat(path).st_mode & 0o111:
        return []
    with open(path, "rb") as f:
        if f.read(4) != b"\x7fELF":
            return []
    p = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True, check=False)
    out = []
    for line in p.stdout.splitlines():
        words = line.split()
        if "=>" in words and len(words) >= 3:
            if words[2] == "not":
                raise LabError("%s needs %s, which is not on this machine" % (path, words[0]))
            out.append(words[2])
        elif words and words[0].startswith("/"):
            out.append(words[0])
    return [(p, os.path.realpath(p)) for p in out]


class Modules:
    """Which module files go into the initrd."""

    def __init__(self, kernel, release):
        self.root = os.path.join(kernel, "lib/modules", release)
        self.release = release
        self.take = {}          # path in the tree -> file here
        self.deps = {}
        self.paths = {}
        dep = os.path.join(self.root, "modules.dep")
        if os.path.exists(dep):
            with open(dep) as f:
                for line in f:
                    path, _, rest = line.partition(":")
                    self.paths[self.canon(path)] = path
                    self.deps[path] = rest.split()
        self.builtin = set()
        for name in ("modules.builtin",):
            path = os.path.join(self.root, name)
            if os.path.exists(path):
                with open(path) as f:
                    self.builtin = {self.canon(l.strip()) for l in f}

    @staticmethod
    def canon(path):
        name = os.path.basename(path)
        for end in (".xz", ".zst", ".gz", ".ko"):
            if name.endswith(end):
                name = name[:-len(end)]
        return name.replace("-", "_")

    def known(self, name):
        """[NAME] when the kernel has it as a module or built in, else []."""
        return [name] if self.canon(name) in self.paths or self.canon(name) in self.builtin else []

    def add(self, name):
        name = self.canon(name)
        if name in self.builtin:
            return
        if name not in self.paths:
            raise LabError("kernel %s has no module '%s'" % (self.release, name))
        path = self.paths[name]
        for p in [path] + self.deps[path]:
            self.take[p] = os.path.join(self.root, p)

    def add_file(self, path):
        """A module from outside the kernel; what it depends on comes along."""
        for dep in modinfo(path, "depends").split(","):
            if dep:
                self.add(dep)
        vermagic = modinfo(path, "vermagic").split(" ")[0]
        if vermagic != self.release:
            raise LabError("%s is built for kernel %s, not %s" % (path, vermagic, self.release))
        self.take["extra/" + os.path.basename(path)] = path

    def write(self, cpio):
        """Put the modules (unpacked) and fresh modules.* files into CPIO."""
        prefix = "lib/modules/" + self.release
        with tempfile.TemporaryDirectory() as tmp:
            base = os.path.join(tmp, prefix)
            os.makedirs(base)
            for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
                if os.path.exists(os.path.join(self.root, name)):
                    shutil.copy(os.path.join(self.root, name), base)
            for path, src in sorted(self.take.items()):
                dst = os.path.join(base, path)
                os.makedirs(os.path.dirname(dst), exist_ok=True)
                data = read_bytes(src)
                if dst.endswith(".xz"):
                    data, dst = lzma.decompress(data), dst[:-3]
                elif dst.endswith(".zst"):
                    data = subprocess.run(["zstd", "-dc", src], stdout=subprocess.PIPE,
                                          check=True).stdout
                    dst = dst[:-4]
                with open(dst, "wb") as f:
                    f.write(data)
                cpio.data(os.path.join(prefix, os.path.relpath(dst, base)), data)
            need({"kmod": "depmod"})
            command(["depmod", "-b", tmp, self.release])
            for name in ("modules.dep", "modules.alias", "modules.symbols", "modules.softdep"):
                src = os.path.join(base, name)
                if os.path.exists(src):
                    cpio.data(os.path.join(prefix, name), read_bytes(src))


def modinfo(path, key):
    """Value of KEY in the .modinfo of a module that is not compressed; "" when missing."""
    data = read_bytes(path)
    at = data.find(b"\0" + key.encode() + b"=")
    if at < 0:
        return ""
    at += len(key) + 2
    return data[at:data.index(b"\0", at)].decode("latin-1")


def initrd(path, modules, files, texts):
    """Write the initrd: FILES is [(source, name)], TEXTS {name: (content, mode)}."""
    with open(base(), "rb") as b, open(path, "wb") as f:
        shutil.copyfileobj(b, f, MIB)
        c = Cpio(f)
        c.bytes = f.tell()
        c.ino = 1 << 20
        modules.write(c)
        done = set()
        for src, name in files:
            for lib, real in libraries(src):
                if lib not in done:
                    done.add(lib)
                    c.file(lib, real, 0o755)
            c.file(name, src)
        for name, (text, mode) in sorted(texts.items()):
            c.data(name, text.encode(), mode)
        c.end()
    return os.path.getsize(path)


def boot_sector(pieces):
    """The first sector, told to load PIECES [(address, first sector, sectors)]."""
    src = os.path.join(LAB, "guest", "boot.S")

    def make(tmp):
        obj = os.path.join(tmp, "boot.o")
        command(["gcc", "-m32", "-c", "-o", obj, src])
        command(["ld", "-m", "elf_i386", "-Ttext=0x7c00", "--oformat", "binary",
                 "-o", os.path.join(tmp, "boot.bin"), obj])

    sector = bytearray(read_bytes(os.path.join(
        entry("boot-" + digest(read_bytes(src)), make), "boot.bin")))
    assert len(sector) == SECTOR and len(pieces) <= 3
    for i, piece in enumerate(pieces):
        struct.pack_into("<III", sector, BOOT_TABLE + 12 * i, *piece)
    frame = frames.encode("R", 0, 0)
    sector[BOOT_FRAME:BOOT_FRAME + len(frame)] = frame
    return bytes(sector)


def boot_disk(path, vmlinuz, initrd_path, cmdline, mem_mib):
    """Write the disk that boots the kernel; return its size in cylinders."""
    k = read_bytes(vmlinuz)
    if k[0x202:0x206] != b"HdrS" or struct.unpack_from("<H", k, 0x206)[0] < 0x20c:
        raise LabError("%s is no bzImage of boot protocol 2.12 or later" % vmlinuz)
    if len(cmdline) > CMDLINE_MAX:
        raise LabError("kernel command line longer than %d bytes" % CMDLINE_MAX)
    size = os.path.getsize(initrd_path)
    top = min(mem_mib * MIB, 0x7fff0000) - ACPI_BYTES
    initrd_at = (top - size) & ~0xfff
    pref, init_size = struct.unpack_from("<QI", k, 0x258)
    # It is in memory twice while it is unpacked, and rootfs takes half of memory at most.
    if initrd_at < pref + init_size + 16 * MIB or size * 2.2 > mem_mib * MIB - 100 * MIB:
        raise LabError("the initrd has %d MiB, too much for --mem %d: try --mem %d"
                       % (size // MIB, mem_mib, size * 9 // 4 // MIB + 400))
    sects = (k[0x1f1] or 4) + 1
    setup = bytearray(k[:sects * SECTOR])
    setup[0x210] = 0xff                             # type_of_loader: other
    setup[0x211] |= 0x80                            # CAN_USE_HEAP
    struct.pack_into("<H", setup, 0x1fa, 0xffff)    # vid_mode: normal
    struct.pack_into("<II", setup, 0x218, initrd_at, size)
    struct.pack_into("<H", setup, 0x224, 0xe000 - 0x200)    # heap_end_ptr
    struct.pack_into("<I", setup, 0x228, CMDLINE_AT)
    low = setup.ljust(CMDLINE_AT - SETUP_AT, b"\0") + cmdline.encode() + b"\0"

    pieces = []
    with open(path, "wb") as f:
        at = SECTOR
        for data, address in ((bytes(low), SETUP_AT), (k[sects * SECTOR:], KERNEL_AT),
                              (initrd_path, initrd_at)):
            f.seek(at)
            if isinstance(data, bytes):
                f.write(data)
            else:
                with open(data, "rb") as src:
                    shutil.copyfileobj(src, f, MIB)
            length = f.tell() - at
            count = -(-length // SECTOR)
            pieces.append((address, at // SECTOR, count))
            at += count * SECTOR
        cylinders = -(-at // CYLINDER)
        f.truncate(cylinders * CYLINDER)
        f.seek(0)
        f.write(boot_sector(pieces))
    return cylinders
