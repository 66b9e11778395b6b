# SPDX-License-Identifier: GPL-2.0
"""One run of a machine: prepare, power on, listen, watch, judge, keep what came."""

import ctypes
import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import time

from cache import LabError, TOP, note
import disk
import emulator
import frames
import image
import kernels
import verdict
import watchdog

OUTPUT_MAX = 32 << 20            # of one command
PANIC = "Kernel panic - not syncing"
PANIC_GRACE_CPU_S = 4           # for the rest of a panic's text


class Command:
    def __init__(self, text, leaves=None):
        self.text = text
        self.leaves = leaves            # "reset", "kexec": it never ends, the machine restarts
        self.output = bytearray()
        self.cut = False                # there was more output than we keep
        self.status = None              # "exit N", "signal N", "timeout"


class Run:
    """What is known of a run; fed by frames, read by verdict.judge()."""

    def __init__(self, commands, show=None, then=()):
        self.commands = [Command(c) for c in commands]
        for how, text in then:
            self.commands[-1].leaves = how
            self.commands.append(Command(text))
        self.expected = [how for how, _ in then]
        self.restarts = []              # "reset", "kexec"
        self.boot_sector = False        # it ran, and /init has not been reached since
        self.show = show or (lambda text: None)
        self.current = None
        self.booted = self.final = self.interactive = False
        self.starts = {"R": 0, "H": 0}  # QEMU runs no boot sector, Bochs may not reach /init
        self.taint = 0
        self.kernel = ""
        self.uptime = 0.0
        self.kernel_lines = []
        self.log_lines = []
        self.warnings = []
        self.kmemleak = ""
        self.tars = {}                  # stream -> archive brought back
        self.stopped = None             # the watchdog's reason
        self.may_panic = False
        self.plug = False               # the machine asks to be switched off, as it is
        self.bad_frames = self.lost_frames = 0
        self.kmsg_rest = b""

    @property
    def resets(self):
        """How often the machine started anew."""
        return max(0, max(self.starts.values()) - 1)

    def note_start(self, kind):
        """The boot sector ran (R) or /init was reached (H): tell a reset from a kexec."""
        if kind == "R" and self.starts["R"]:
            self.restarts.append("reset")
        elif kind == "H" and self.starts["H"] and not self.boot_sector:
            # QEMU runs no boot sector, so these two look the same there.
            self.restarts.append("kexec" if self.starts["R"] else "restart")
        self.boot_sector = kind == "R"
        self.starts[kind] += 1
        if kind == "H":
            self.current = None

    def astray(self):
        """The machine restarted though it should not, or in another way than it should."""
        return any(i >= len(self.expected) or how not in (self.expected[i], "restart")
                   for i, how in enumerate(self.restarts))

    def take(self, f):
        """Note one frame."""
        kind, text = f.type, f.payload.decode("utf-8", "replace")
        if kind in self.starts:
            self.note_start(kind)
        if kind == "H":
            self.booted, self.kernel = True, text
        elif kind == "B":
            try:
                self.uptime = float(text)
            except ValueError:
                pass
        elif kind == "K":
            for _, seconds, line in frames.kmsg_lines(f.payload):
                self.kernel_lines.append("[%12.6f] %s" % (seconds, line))
        elif kind in "SOX" and f.stream < len(self.commands):
            c = self.commands[f.stream]
            if kind == "S":
                self.current = f.stream
                self.show("$ %s\n" % c.text)
            elif kind == "O":
                if not c.cut:
                    c.output += f.payload
                    self.show(text)
                if len(c.output) > OUTPUT_MAX and not c.cut:
                    c.cut = True
                    self.warnings.append("output cut at %d MiB: %s" % (OUTPUT_MAX >> 20, c.text))
            else:
                c.status = text
                self.current = None
                if not c.output.endswith(b"\n") and c.output:
                    self.show("\n")
                self.show("[%s]\n" % text)
        elif kind == "T":
            self.tars.setdefault(f.stream, io.BytesIO()).write(f.payload)
        elif kind == "L":
            self.kmemleak += text
        elif kind == "W":
            self.warnings.append(text)
        elif kind == "P":
            self.plug = True
        elif kind == "I":
            self.interactive = True
        elif kind == "Z":
            self.final = True
            found = re.search(r"tainted=(\d+)", text)
            self.taint = int(found.group(1)) if found else 0


def default_module(release):
    path = os.path.join(TOP, "build", release, "hyperspace.ko")
    return path if os.path.exists(path) else None


def cmdline(opts, hz, release):
    """Kernel command line; a word of --append replaces ours with the same key."""
    words = ["console=ttyS0,115200", "loglevel=5", "nokaslr", "panic=0", "mitigations=off",
             "tsc_early_khz=%d" % (hz // 1000), "log_buf_len=4M",
             # A third of the boot otherwise.
             "cryptomgr.notests", "no_timer_check", "random.trust_cpu=on",
             # Emulated seconds are dear: the kernel shall complain soon.
             "watchdog_thresh=2", "rcupdate.rcu_cpu_stall_timeout=4",
             # Bochs resets the devices only when asked through port 0xcf9.
             "reboot=pci",
             # KVM's posted-interrupt descriptor is not aligned as Bochs 3.0 wants it.
             "kvm_intel.enable_apicv=0"]
    if release.endswith("-debug"):
        # Warns about the second CPU, whose PCI bus Bochs does not have.
        words.append("initcall_blacklist=intel_uncore_init")
    given = opts.append.split()
    words += emulator.MODELS.get(opts.model, ("", ""))[0].split()
    keys = {w.split("=")[0] for w in given}
    return " ".join([w for w in words if w.split("=")[0] not in keys] + given)


def boots(opts):
    """FIRST-LAST of the commands that each boot runs."""
    first = len(opts.commands)
    return ["0-%d" % (first - 1)] + ["%d-%d" % (n, n)
                                     for n in range(first, first + len(opts.then))]


def plan(opts, emu, hz):
    beat = max(250, min(1000, int(875e6 / hz * 1000)))
    lines = {
        "SPIN": opts.seed * 7919 % 20011,
        "HEARTBEAT_MS": beat,
        "CMD_SECONDS": opts.command_timeout,
        "BOOTS": "'%s'" % " ".join(boots(opts)),
        "LOAD": "'%s'" % " ".join((emu.data_modules if opts.disk else []) + opts.load),
        "DISK": "'%s'" % (emu.data_at if opts.disk else ""),
        "DISK_EXT4": int(bool(opts.disk) and disk.is_ext4(opts.disk)),
        "BRING_BACK": "'%s'" % " ".join(opts.bring_back),
        "INTERACTIVE": int(opts.interactive),
        "STTY": "'%s'" % opts.stty,
        "KMEMLEAK": int(not opts.no_kmemleak),
    }
    return "".join("%s=%s\n" % kv for kv in lines.items())


def destination(spec):
    """SRC[:DST] -> (path here, path there)."""
    src, _, dst = spec.partition(":")
    dst = dst or "/lab/" + os.path.basename(src)
    if dst.endswith("/"):
        dst += os.path.basename(src)
    return src, dst


def prepare(opts, emu, out):
    """Write initrd and disk; return the Machine."""
    if emu.kind == "bochs" and not 64 <= opts.mem <= 2048:
        raise LabError("--mem: Bochs has 64 to 2048 MiB")
    kernel = kernels.find(opts.kernel)
    release = kernels.release(kernel)
    hz = opts.hz or emulator.MODEL_HZ
    mods = image.Modules(kernel, release)
    more = emu.data_modules + mods.known("ext4") if opts.disk else []
    for name in more + opts.modules + opts.load:
        if name != "hyperspace":
            mods.add(name)
    module = opts.module or (None if opts.no_module else default_module(release))
    if module:
        mods.add_file(module)
    elif not opts.no_module and not opts.quiet:
        note("no build/%s/hyperspace.ko; the machine runs without it" % release)
    files = []
    for spec in opts.file:
        src, dst = destination(spec)
        if os.path.isdir(src):
            for base, _, names in os.walk(src):
                for n in sorted(names):
                    full = os.path.join(base, n)
                    if os.path.isfile(full):
                        files.append((full, os.path.join(dst, os.path.relpath(full, src))))
        elif os.path.isfile(src):
            files.append((src, dst))
        else:
            raise LabError("--file %s: no such file" % src)
    vctl = os.path.join(TOP, "build", "vctl")
    if os.path.exists(vctl) and not any(d == "/usr/sbin/vctl" for _, d in files):
        files.append((vctl, "/usr/sbin/vctl"))
    texts = {"lab/plan": (plan(opts, emu, hz), 0o644)}
    for i, c in enumerate(opts.commands + [text for _, text in opts.then]):
        texts["lab/cmd.%d" % i] = (c + "\n", 0o644)
    if opts.motd:
        texts["lab/motd"] = (opts.motd, 0o644)
    m = emulator.Machine(vmlinuz=os.path.join(kernel, "vmlinuz"), cpus=opts.cpus, mem=opts.mem,
                         model=opts.model, hz=hz, seed=opts.seed, out=out, cmdline=cmdline(opts, hz, release))
    if opts.disk:
        m.data = disk.Disk(opts.disk)
    m.initrd = m.path("initrd")
    image.initrd(m.initrd, mods, files, texts)
    if emu.kind == "bochs":
        m.disk = m.path("boot.img")
        if os.path.exists(m.disk + ".lock"):    # Bochs leaves it when it is killed
            os.unlink(m.disk + ".lock")
        m.cylinders = image.boot_disk(m.disk, m.vmlinuz, m.initrd, m.cmdline, m.mem)
        os.unlink(m.initrd)
    else:
        # TSC and clock are the real ones there.
        m.cmdline = " ".join(w for w in m.cmdline.split() if not w.startswith("tsc_early_khz"))
    return m


def before_exec():
    """In the emulator's process: it ends with us, and has the same addresses in each run."""
    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGKILL)           # PR_SET_PDEATHSIG
    libc.personality(0x0040000)             # ADDR_NO_RANDOMIZE


def qmp_alive(path):
    """QEMU greets on its control socket unless it hangs."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(path)
            return bool(s.recv(1))
    except OSError:
        return False


class Session:
    """The emulator process and the files it writes."""

    def __init__(self, emu, machine, run):
        self.emu, self.machine, self.run = emu, machine, run
        self.decoder = frames.Decoder()
        self.oob = open(machine.path("oob.bin"), "wb")
        self.oob_read = open(machine.path("oob.bin"), "rb")
        self.stderr = open(machine.path("emulator.err"), "wb")
        self.proc = subprocess.Popen(
            emu.argv(machine), stdin=subprocess.DEVNULL, stdout=self.oob, stderr=self.stderr,
            cwd=machine.out, preexec_fn=before_exec,
            env=dict(os.environ, **emu.environment(machine)))
        self.cpu_seconds = None
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_before = used.ru_utime + used.ru_stime
        self.console_at = 0
        self.panic_cpu = None

    def pump(self):
        """Read what the machine sent; True when it said anything."""
        heard = False
        while True:
            data = self.oob_read.read(1 << 20)
            if not data:
                break
            for f in self.decoder.feed(data):
                heard = True
                self.run.take(f)
        self.run.bad_frames = self.decoder.bad
        self.run.lost_frames = self.decoder.lost
        return heard

    def panicked(self, cpu):
        """True when the console showed a panic some CPU time ago."""
        if self.panic_cpu is None:
            try:
                with open(self.machine.path("console.txt"), "rb") as f:
                    f.seek(max(0, self.console_at - 64))
                    text = f.read()
                    self.console_at = f.tell()
            except OSError:
                return False
            if PANIC.encode() in text:
                self.panic_cpu = cpu
        return self.panic_cpu is not None and cpu - self.panic_cpu > PANIC_GRACE_CPU_S

    def stop(self):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        if self.cpu_seconds is None:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.cpu_seconds = used.ru_utime + used.ru_stime - self.cpu_before

    def close(self):
        self.stop()
        self.pump()
        for f in (self.oob, self.oob_read, self.stderr):
            f.close()


def watch(session, dog, expect_reset=False, idle=None):
    """Follow the machine to its end.  IDLE(): called instead of sleeping."""
    run, proc = session.run, session.proc
    began = time.monotonic()
    while True:
        done = proc.poll() is not None
        heard = session.pump()
        if done:
            return
        if run.plug:
            session.stop()
            return
        if run.astray():
            session.stop()
            return
        sample = watchdog.process_sample(proc.pid)
        if sample:
            cpu, runnable = sample
            silent = time.monotonic() - (dog.beat_at or began)
            alive = session.emu.idle_uses_cpu or silent < dog.emulator_hang \
                or qmp_alive(session.machine.path("qmp"))
            why = dog.step(time.monotonic(), cpu, runnable, heard, run.booted, alive)
            if not run.may_panic and session.panicked(cpu):
                why = "the kernel panicked"
            if why:
                run.stopped = why
                session.stop()
                return
        if idle:
            idle()
        else:
            time.sleep(0.1)


def extract(archive, into):
    """Unpack what was brought back: regular files and directories only, below INTO."""
    names = []
    archive.seek(0)
    try:
        with tarfile.open(fileobj=archive) as tar:
            for member in tar:
                name = os.path.normpath("/" + member.name).lstrip("/")
                path = os.path.join(into, name)
                if member.isdir():
                    os.makedirs(path, exist_ok=True)
                elif member.isreg():
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "wb") as f:
                        f.write(tar.extractfile(member).read())
                    names.append(name)
    except (tarfile.TarError, OSError) as e:
        return names, "the archive of files brought back is damaged: %s" % e
    return names, None


def read_text(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def printable(text):
    return re.sub(r"[^\x09\x0a\x20-\x7e\u00a0-\uffff]", "", text)


def finish(session, opts, emu, seconds):
    """Judge and write the results; returns the list of reasons for failure."""
    run, m = session.run, session.machine
    session.close()
    if m.data:
        m.data.close()
    console = read_text(m.path("console.txt"))
    run.log_lines = (read_text(m.path("emulator.log")) +
                     read_text(m.path("emulator.err"))).splitlines()
    # After a crash the console alone has the last words.
    if not run.final or run.restarts:
        run.kernel_lines += ["console: " + l for l in printable(console).splitlines()
                             if l.startswith("[")]
    names = []
    for archive in run.tars.values():
        more, why = extract(archive, m.path("files"))
        names += more
        if why:
            run.warnings.append(why)
    reasons = verdict.judge(run, opts.announce + emu.announce,
                            opts.expect_taint + emu.expect_taint +
                            emulator.MODELS.get(m.model, ("", ""))[1], opts.expect_reset,
                            opts.expect_plug)
    with open(m.path("dmesg.txt"), "w") as f:
        f.write("".join(l + "\n" for l in run.kernel_lines))
    for i, c in enumerate(run.commands):
        with open(m.path("cmd-%d.txt" % i), "wb") as f:
            f.write(c.output)
    result = {
        "ok": not reasons, "reasons": reasons, "emulator": emu.describe(),
        "kernel": run.kernel, "cpus": m.cpus, "mem": m.mem, "hz": m.hz, "seed": m.seed,
        "seconds": round(seconds, 1), "cpu_seconds": round(session.cpu_seconds, 1),
        "uptime": run.uptime, "cmdline": m.cmdline,
        "tainted": verdict.taint_letters(run.taint), "files": names,
        "commands": [{"command": c.text, "status": c.status,
                      "output": c.output.decode("utf-8", "replace")} for c in run.commands],
    }
    with open(m.path("results.json"), "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    scrap = ["boot.img", "boot.img.lock", "initrd", "qmp", "bochs.dbg"]
    if not reasons:
        scrap.append("oob.bin")
    for name in scrap:
        if os.path.exists(m.path(name)) and not opts.keep:
            os.unlink(m.path(name))
    return reasons


def show_stdout(text):
    sys.stdout.write(printable(text))
    sys.stdout.flush()


def run_machine(opts, emu, out):
    """The whole of `lab run`; returns the list of reasons for failure."""
    begin = time.monotonic()
    machine = prepare(opts, emu, out)
    run = Run(opts.commands, None if opts.quiet else show_stdout, opts.then)
    run.may_panic = any(re.search(a, PANIC) for a in opts.announce)
    session = Session(emu, machine, run)
    try:
        dog = watchdog.Watchdog(opts.timeout, emu.idle_uses_cpu, kernel_hang=opts.hang)
        watch(session, dog, opts.expect_reset)
    finally:
        session.stop()
    return finish(session, opts, emu, time.monotonic() - begin)
