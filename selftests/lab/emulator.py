# SPDX-License-Identifier: GPL-2.0
"""The machine itself: Bochs, or QEMU where KVM offers nested VT-x.

Both take a Machine and give the argument list of a process that powers it on,
and can read from their log what ended it.
"""

import glob
import os
import re
import shutil
import subprocess

import apt
from cache import LAB, LabError, LabSkip, TOP, cache_dir, command, digest, entry, need, note, \
    read_bytes

MODEL = "corei7_skylake_x"
# Other models: words for the kernel's command line, and the taint they cost.  Bochs
# 3.0 with repeat speedups copies wrongly where the kernel relies on short REP MOVSB.
MODELS = {"tigerlake": ("clearcpuid=fsrm", "S")}
MODEL_HZ = 3500000000           # what that model's CPUID says of its clock
QUANTUM = (16, 5, 11, 23, 31, 2)    # instructions a CPU runs before the next one's turn, by seed
TIME0 = 1767225600              # the machine's clock starts here: runs repeat

CONFIGURE = """--disable-show-ips --enable-cpu-level=6 --enable-x86-64 --enable-vmx=2
    --enable-smp --enable-pci --enable-all-optimizations --enable-repeat-speedups --enable-avx
    --enable-evex --enable-a20-pin --enable-fpu --enable-protection-keys --enable-cet
    --enable-memtype --enable-e1000 --with-nogui --disable-plugins --disable-docbook""".split()

BIOS = {"bochsbios": "/usr/share/bochs/BIOS-bochs-latest",
        "vgabios": "/usr/share/vgabios/vgabios.bin"}


class WrongSetting(LabError):
    """What the user set himself is not there: said as it is, never skipped."""


class Machine:
    """What a run asks of the emulator; plain data."""

    def __init__(self, **kw):
        self.vmlinuz = self.initrd = self.cmdline = self.disk = None
        self.cylinders = 0
        self.data = None                # a disk.Disk besides
        self.model = MODEL
        self.cpus = 1
        self.mem = 1024
        self.hz = MODEL_HZ
        self.seed = 0
        self.out = None
        self.tty = None                 # pty for com1 instead of a file
        self.__dict__.update(kw)

    def path(self, name):
        return os.path.join(self.out, name)


class Bochs:
    kind = "bochs"
    # Where a disk besides the one that boots is found.  By its place on the cable:
    # whose name is sda is a race between the two.
    data_at, data_modules = "/sys/bus/scsi/devices/*:0:1:0/block/sd*", ["ata_piix", "sd_mod"]

    def __init__(self, path, how):
        self.path = path
        self.how = how
        out = subprocess.run([path, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, text=True, errors="replace", check=False)
        found = re.search(r"Bochs x86 Emulator ([\d.]+\w*)", out.stdout)
        if not found:
            raise LabError("%s does not look like Bochs: %s" % (path, out.stdout[:200]))
        self.version = found.group(1)
        # The distribution's binary has a debugger that waits at a prompt, and no nogui.
        self.debugger = "-rc" in out.stdout
        self.nogui = not self.debugger
        # In 2.7 XSAVE sizes and topology do not add up for this model; kernels warn at boot.
        old = self.numbers() < (3, 0)
        self.announce = []
        if old:
            self.announce = [r"WARNING: .*arch/x86/kernel/(fpu/xstate|cpu/topology_common)\.c"]
        self.expect_taint = "W" if old else ""

    def numbers(self):
        return tuple(int(x) for x in re.findall(r"\d+", self.version)[:2])

    def describe(self):
        return "Bochs %s (%s): %s" % (self.version, self.how, self.path)

    def argv(self, m):
        """Write the configuration; return the command that powers the machine on."""
        lines = [
            "memory: guest=%d, host=%d" % (m.mem, m.mem),
            "cpu: model=%s, count=%d, ips=%d, quantum=%d, reset_on_triple_fault=0, "
            "ignore_bad_msrs=1"
            % (m.model, m.cpus, m.hz + m.seed * 1009, QUANTUM[m.seed % len(QUANTUM)]),
            "clock: sync=none, time0=%d" % TIME0,
            "romimage: file=%s, options=fastboot" % BIOS["bochsbios"],
            "vgaromimage: file=%s" % BIOS["vgabios"],
            "display_library: nogui" if self.nogui else
            'display_library: rfb, options="timeout=0"',
            # By the machine's clock, or no two runs are the same.
            "vga: extension=none, update_freq=1, realtime=0",
            "com1: enabled=1, mode=%s, dev=%s" % (("term", m.tty) if m.tty else
                                                  ("file", m.path("console.txt"))),
            "port_e9_hack: enabled=1" + (", all_rings=1" if self.has_all_rings() else ""),
            "log: " + m.path("emulator.log"),
            "panic: action=fatal",
            "error: action=report",
            # Not only for size: Bochs can deadlock on its own log (see README).
            "info: action=ignore",
            "debug: action=ignore",
            "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
            "ata0-master: type=disk, path=%s, mode=flat, cylinders=%d, heads=16, spt=63"
            % (m.disk, m.cylinders),
            "boot: disk",
        ]
        if m.data:
            lines.append("ata0-slave: type=disk, path=%s, mode=flat, cylinders=%d, heads=16, spt=63"
                         % (m.data.path, m.data.cylinders))
        if not self.nogui:              # it opens a sound device, and dies without one
            lines.append("sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy")
        with open(m.path("bochsrc"), "w") as f:
            f.write("\n".join(lines) + "\n")
        argv = [self.path, "-q", "-f", m.path("bochsrc")]
        if self.debugger:
            with open(m.path("bochs.dbg"), "w") as f:
                f.write("c\n")
            argv += ["-rc", m.path("bochs.dbg")]
        return argv

    @staticmethod
    def environment(m):
        """Additional environment of the process."""
        src = os.path.join(LAB, "repeat.c")

        def make(tmp):
            command(["gcc", "-O2", "-shared", "-fPIC", "-o", os.path.join(tmp, "repeat.so"), src])

        so = os.path.join(entry("repeat-" + digest(read_bytes(src)), make), "repeat.so")
        return {"LD_PRELOAD": so, "LAB_SEED": str(m.seed)}

    def has_all_rings(self):
        """port_e9_hack all_rings came with 2.8; labio uses ioperm() before."""
        return self.numbers() >= (2, 8)

    idle_uses_cpu = True                # clock sync=none: a halted guest still takes CPU time


class Kvm:
    kind = "kvm"
    data_at, data_modules = "/sys/class/block/vda", ["virtio_pci", "virtio_blk"]
    idle_uses_cpu = False
    announce = []
    expect_taint = ""

    def __init__(self, path, accel="kvm"):
        self.path = path
        self.accel = accel
        self.version = command([path, "--version"]).split()[3]

    def describe(self):
        return "QEMU %s with %s: %s" % (self.version, "KVM" if self.accel == "kvm" else
                                        "TCG, without VT-x", self.path)

    def argv(self, m):
        com1 = "serial,id=com1,path=" + m.tty if m.tty else \
            "file,id=com1,path=" + m.path("console.txt")
        machine = ["-machine", "q35,accel=kvm,kernel-irqchip=on", "-cpu", "host,migratable=off"] \
            if self.accel == "kvm" else ["-machine", "q35,accel=tcg", "-cpu", "max"]
        data = ["-drive", "if=virtio,format=raw,file=" + m.data.path] if m.data else []
        return [self.path, "-nodefaults", "-no-user-config", "-display", "none"] + machine + data + [
                "-smp", str(m.cpus), "-m", str(m.mem),
                "-kernel", m.vmlinuz, "-initrd", m.initrd, "-append", m.cmdline,
                "-chardev", com1, "-serial", "chardev:com1",
                "-chardev", "stdio,id=oob,signal=off",
                "-device", "isa-debugcon,iobase=0xe9,chardev=oob",
                "-rtc", "base=2026-01-01T00:00:00",
                "-qmp", "unix:%s,server=on,wait=off" % m.path("qmp")]

    @staticmethod
    def environment(m):
        return {}


def nested_vtx():
    """None when KVM with nested VT-x works here, else the reason why not."""
    try:
        with open("/proc/cpuinfo") as f:
            if not re.search(r"^flags\s*:.*\bvmx\b", f.read(), re.M):
                return "the CPU shows no vmx flag"
        with open("/sys/module/kvm_intel/parameters/nested") as f:
            if f.read().strip() not in ("Y", "1"):
                return "kvm_intel has nested=N"
    except OSError as e:
        return "KVM for Intel is not there (%s)" % e.strerror
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm cannot be opened"
    return None


def build(tarball, into, instrument=()):
    """Build Bochs from TARBALL; only the binary is kept.

    INSTRUMENT: source files that are its instrumentation (selftests/bench counts with it).
    """
    need({"g++": "g++", "make": "make", "patch": "patch", "xz-utils": "xz"})
    note("building Bochs from %s%s (about 2 minutes on 2 cores)"
         % (os.path.basename(tarball), ", with instrumentation" if instrument else ""))
    src = os.path.join(into, "src")
    os.makedirs(src)
    command(["tar", "-xf", tarball, "-C", src, "--strip-components=1"])
    log = os.path.join(into, "build.log")
    for fix in patches():
        command(["patch", "-p1", "-s", "-f", "-i", fix], cwd=src, log=log)
    for path in instrument:
        shutil.copy(path, os.path.join(src, "instrument", "stubs"))
    env = dict(os.environ, CFLAGS="-O3", CXXFLAGS="-O3")
    command(["./configure"] + CONFIGURE + (["--enable-instrumentation"] if instrument else []),
            cwd=src, env=env, log=log)
    command(["make", "-j%d" % (os.cpu_count() or 1), "bochs"], cwd=src, log=log)
    shutil.copy(os.path.join(src, "bochs"), os.path.join(into, "bochs"))
    command(["strip", os.path.join(into, "bochs")])
    shutil.rmtree(src)


def tarball():
    """A Bochs source tarball, or None."""
    given = os.environ.get("BOCHS_TARBALL")
    if given:
        if not os.path.exists(given):
            raise WrongSetting("BOCHS_TARBALL=%s does not exist" % given)
        return given
    # A tarball kept beside the project serves all its trees, without a mirror.
    beside = os.path.join(TOP, "..", "shared", "lab")
    found = sorted(glob.glob(os.path.join(beside, "bochs_*.orig.tar.*")))
    if found:
        if os.path.exists(os.path.join(beside, "SHA256SUMS")):
            command(["sha256sum", "-c", "--ignore-missing", "--quiet", "SHA256SUMS"], cwd=beside)
        return found[-1]
    into = os.path.join(cache_dir(), "bochs-source")
    found = sorted(glob.glob(os.path.join(into, "bochs_*.orig.tar.*")))
    if found:
        return found[-1]
    os.makedirs(into, exist_ok=True)
    for suite in ("trixie", "bookworm"):
        # Only the upstream part counts; mirrors are seen that lack the rest.
        apt.source(suite, "bochs", into)
        found = sorted(glob.glob(os.path.join(into, "bochs_*.orig.tar.*")))
        if found:
            return found[-1]
    return None


def patches():
    """Corrections that Bochs needs; each file says why."""
    return sorted(glob.glob(os.path.join(LAB, "bochs-*.patch")))


def build_name(instrument=()):
    """The cache's name of a build: another one for other patches and instrumentation."""
    return ("bochs-count-" if instrument else "bochs-") + \
        digest(*[read_bytes(p) for p in patches() + sorted(instrument)])


def cached_build():
    path = os.path.join(cache_dir(), build_name(), "bochs")
    return path if os.access(path, os.X_OK) else None


def find_bochs():
    need(BIOS)
    given = os.environ.get("BOCHS")
    if given:
        if not os.access(given, os.X_OK):
            raise WrongSetting("BOCHS=%s cannot be executed" % given)
        return Bochs(given, "$BOCHS")
    if cached_build():
        return Bochs(cached_build(), "cached build")
    tar = tarball()
    if tar:
        try:
            entry(build_name(), lambda tmp: build(tar, tmp))
            return Bochs(cached_build(), "built from source")
        except LabError as e:
            note("building Bochs failed: %s" % e)
    else:
        note("no source of Bochs, here or on the mirror")
    need({"bochs": "/usr/bin/bochs"})
    emu = Bochs("/usr/bin/bochs", "the distribution's package")
    note("the distribution's Bochs %s is used, without the lab's corrections; expect it to be slow"
         % emu.version)
    return emu


def find(wanted=None):
    """The emulator to use; WANTED is "bochs", "kvm" or None.

    HS_LAB_ACCEL=tcg puts QEMU's own emulation in KVM's place.  It has no VT-x:
    it is there to test the lab where there is no nested VT-x.
    """
    accel = os.environ.get("HS_LAB_ACCEL", "kvm")
    if accel not in ("kvm", "tcg"):
        raise LabError("HS_LAB_ACCEL=%s: not kvm or tcg" % accel)
    why = nested_vtx() if accel == "kvm" else None
    if wanted == "kvm" or (wanted is None and why is None):
        if why is not None:
            raise LabSkip("no nested VT-x: " + why)
        need({"qemu-system-x86": "qemu-system-x86_64"})
        return Kvm(shutil.which("qemu-system-x86_64"), accel)
    try:
        return find_bochs()
    except WrongSetting:
        raise
    except LabError as e:
        raise LabSkip("no emulator with VT-x: %s; and no nested VT-x: %s" % (e, why)) from e
