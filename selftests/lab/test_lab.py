#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of the lab itself.

The pure parts, the watchdog against fake emulators, and the real machine failing
in ways that must be seen: in the emulator that this lab uses (OnMachine), and in
QEMU without VT-x (OnQemu), which shows that the lab would work with KVM.  --ktap
prints KTAP, --quick leaves the real machine out.
"""

import contextlib
import importlib.machinery
import io
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cache
import cli
import disk
import emulator
import frames
import image
import run as runs
import runner
import verdict
import watchdog


class Framing(unittest.TestCase):
    def stream(self, n=50):
        rng = random.Random(7)
        out = [frames.encode("H", 0, 0, b"6.1")]
        out += [frames.encode("O", i % 4, i, rng.randbytes(rng.randrange(0, 3000)))
                for i in range(1, n)]
        return out

    def test_any_cut(self):
        """However the bytes are cut, the same frames come out."""
        parts = self.stream()
        data = b"Bochs says hello\n\0" + b"\0".join(parts)
        rng = random.Random(1)
        d, got = frames.Decoder(), []
        while data:
            n = rng.randrange(1, 700)
            got += d.feed(data[:n])
            data = data[n:]
        self.assertEqual([frames.encode(*f[:3], f.payload) for f in got], parts)
        self.assertEqual((d.bad, d.lost), (0, 0))

    def test_damage_is_seen(self):
        """A flipped byte loses that frame alone, and is counted."""
        parts = self.stream()
        for at in (4, 6, 8, 12, 16, len(parts[5]) - 1):
            bad = bytearray(parts[5])
            bad[at] ^= 0x10
            d = frames.Decoder()
            got = d.feed(b"".join(parts[:5]) + bytes(bad) + b"".join(parts[6:]))
            self.assertEqual(len(got), len(parts) - 1, "byte %d" % at)
            self.assertGreaterEqual(d.bad, 1, "byte %d" % at)
            self.assertEqual(d.lost, 1)

    def test_missing_frame_is_seen(self):
        parts = self.stream()
        d = frames.Decoder()
        d.feed(b"".join(parts[:10] + parts[13:]))
        self.assertEqual((d.bad, d.lost), (0, 3))

    def test_magic_in_payload(self):
        inner = frames.encode("Z", 0, 9, b"commands=0 tainted=0")
        d = frames.Decoder()
        got = d.feed(frames.encode("H", 0, 0) + frames.encode("O", 0, 1, inner + inner[:7]))
        self.assertEqual([f.type for f in got], ["H", "O"])

    def test_huge_length_waits_for_nothing(self):
        head = frames.HEADER.pack(frames.MAGIC, b"O", 0, 0, 0, 1 << 30)
        d = frames.Decoder()
        got = d.feed(head + frames.encode("B", 0, 0, b"1.0"))
        self.assertEqual([f.type for f in got], ["B"])
        self.assertEqual(d.bad, 1)

    def test_boot_starts_counting_again(self):
        d = frames.Decoder()
        d.feed(b"".join(self.stream()))
        d.feed(frames.encode("R", 0, 0) + frames.encode("H", 0, 0) + frames.encode("B", 0, 1))
        self.assertEqual(d.lost, 0)

    def test_kmsg(self):
        data = b"4,100,1500000,-;bad thing\n SUBSYSTEM=pci\n6,101,2000000,c;tail\nnonsense\n"
        self.assertEqual(list(frames.kmsg_lines(data)),
                         [(4, 1.5, "bad thing"), (6, 2.0, "tail")])


def good_run():
    r = runs.Run(["true"])
    for f in (("R", 0, 0, b""), ("H", 0, 0, b"6.1.0"), ("S", 0, 1, b"true"),
              ("K", 0, 2, b"6,1,1000,-;hello\n"), ("X", 0, 3, b"exit 0"),
              ("Z", 0, 4, b"commands=1 tainted=%d" % (1 << 12 | 1 << 13))):
        r.take(frames.Frame(*f))
    r.log_lines = ["123e[CPU0  ] RDMSR: Unknown register 0xe8",
                   "456p[ACPI  ] >>PANIC<< ACPI control: soft power off"]
    return r


class Verdict(unittest.TestCase):
    def only(self, reasons, text):
        self.assertEqual(len(reasons), 1, reasons)
        self.assertRegex(reasons[0], text)

    def test_good(self):
        self.assertEqual(verdict.judge(good_run()), [])

    def test_exit_codes(self):
        for status in ("exit 1", "signal 11", "timeout"):
            r = good_run()
            r.commands[0].status = status
            self.only(verdict.judge(r), "ended with " + status)
        r = good_run()
        r.commands[0].status = None
        self.only(verdict.judge(r), "did not run")

    def test_no_final_frame(self):
        r = good_run()
        r.final, r.current = False, 0
        self.only(verdict.judge(r), "before its final report, in command 0: true")

    def test_kernel_log(self):
        for line in ("BUG: KASAN: use-after-free in f+0x1/0x2 [hyperspace]",
                     "WARNING: CPU: 0 PID: 1 at x.c:3 f+0x1/0x2",
                     "BUG: kernel NULL pointer dereference, address: 0000000000000000",
                     "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                     "INFO: task vctl:12 blocked for more than 20 seconds.",
                     "watchdog: BUG: soft lockup - CPU#0 stuck for 4s! [sh:1]",
                     "WARNING: possible circular locking dependency detected",
                     "WARNING: suspicious RCU usage", "UBSAN: shift-out-of-bounds in x.c:1:2",
                     "BUG: sleeping function called from invalid context at x.c:1",
                     "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
                     "general protection fault, probably for non-canonical address",
                     "unchecked MSR access error: RDMSR from 0x123",
                     "list_add corruption. next->prev should be prev",
                     "refcount_t: underflow; use-after-free."):
            r = good_run()
            r.kernel_lines.append("[    1.000000] " + line)
            self.only(verdict.judge(r), "(?s)kernel log has.*" + re.escape(line[:40]))
            self.assertEqual(verdict.judge(r, announce=[re.escape(line[:20])]), [])

    def test_stock_boot_is_clean(self):
        r = good_run()
        r.kernel_lines += [
            "[ 0.1] Debug: no", "[ 0.2] x86/fpu: Supporting XSAVE feature 0x001",
            "[ 0.3] Warning: unable to open an initial console.",
            "[ 0.4] ENERGY_PERF_BIAS: Set to 'normal', was 'performance'",
            "[ 0.5] RETBleed: WARNING is not this"[:20]]
        self.assertEqual(verdict.judge(r), [])

    def test_vmfail(self):
        line = "99e[CPU0  ] VMFAIL: VMCS host state invalid"
        r = good_run()
        r.log_lines.append(line)
        self.only(verdict.judge(r), "(?s)emulator's log has.*host state invalid")
        self.assertEqual(verdict.judge(r, announce=["VMFAIL: VMCS host"]), [])
        self.only(verdict.judge(r, announce=["VMENTER FAIL"]), "emulator's log")
        r = good_run()
        r.log_lines.append("9e[CPU1  ] VMX: reset of a CPU that is in VMX operation")
        self.only(verdict.judge(r), "(?s)emulator's log has.*in VMX operation")

    def test_emulator_panic(self):
        r = good_run()
        r.final = False
        r.log_lines = ["9p[CPU0  ] >>PANIC<< exception(): 3rd (13) exception with no resolution"]
        reasons = verdict.judge(r)
        self.assertRegex(reasons[0], "(?s)before its final report.*3rd .13. exception")

    def test_taint(self):
        r = good_run()
        r.taint |= 1 << 9
        self.only(verdict.judge(r), "tainted: W$")
        self.assertEqual(verdict.judge(r, expect_taint="W"), [])
        self.assertEqual(verdict.taint_letters(1 << 7 | 1), "PD")
        self.assertEqual(verdict.taint_letters(1 << 30), "?")

    def test_reset(self):
        r = good_run()
        r.take(frames.Frame("R", 0, 0, b""))
        self.only(verdict.judge(r), "restarted by reset, nothing")
        r.final = False
        self.assertEqual(verdict.judge(r, expect_reset=True), [])
        self.only(verdict.judge(good_run(), expect_reset=True), "expected to reset")

    def restarted(self, how, *frames_seen):
        r = runs.Run(["first"], then=[(how, "second")])
        for kind in frames_seen:
            r.take(frames.Frame(kind, 0, 0, b""))
        r.take(frames.Frame("X", 1, 1, b"exit 0"))
        r.take(frames.Frame("Z", 0, 2, b"commands=2 tainted=0"))
        return r

    def test_restart(self):
        """The machine comes up again in the way that was asked for, and in no other."""
        self.assertEqual(verdict.judge(self.restarted("reset", "R", "H", "R", "H")), [])
        self.assertEqual(verdict.judge(self.restarted("kexec", "R", "H", "H")), [])
        self.assertEqual(verdict.judge(self.restarted("kexec", "H", "H")), [])
        self.only(verdict.judge(self.restarted("kexec", "R", "H", "R", "H")),
                  "restarted by reset, kexec was expected")
        self.only(verdict.judge(self.restarted("reset", "R", "H", "H")),
                  "restarted by kexec, reset was expected")
        self.only(verdict.judge(self.restarted("reset", "R", "H")),
                  "expected to restart by reset, and did not")
        r = self.restarted("kexec", "R", "H", "H")
        r.take(frames.Frame("R", 0, 0, b""))
        self.only(verdict.judge(r), "restarted by kexec, then reset, kexec was expected")
        r = self.restarted("kexec", "R", "H", "H")
        r.commands[1].status = "exit 1"
        self.only(verdict.judge(r), "exit 1: second")

    def test_plug(self):
        """Being switched off is no end unless it was asked for, and expected."""
        r = good_run()
        self.only(verdict.judge(r, expect_plug=True), "expected to ask for its plug")
        r.take(frames.Frame("P", 0, 9, b""))
        r.final, r.commands[0].status = False, None
        self.assertEqual(verdict.judge(r, expect_plug=True), [])
        r.final, r.commands[0].status = True, "exit 0"
        self.only(verdict.judge(r), "which nobody expected")

    def test_damage(self):
        r = good_run()
        r.bad_frames = 1
        self.only(verdict.judge(r), "channel was damaged")

    def test_endless_output(self):
        r = good_run()
        for seq in range(3000):
            r.take(frames.Frame("O", 0, seq, b"x" * 16384))
        self.assertLess(len(r.commands[0].output), 33 << 20)
        self.only(verdict.judge(r), "output cut at 32 MiB")

    def test_kmemleak_and_warnings(self):
        r = good_run()
        r.take(frames.Frame("L", 0, 5, b"unreferenced object 0xffff (size 8):\n"))
        self.only(verdict.judge(r), "unreferenced object")
        r = good_run()
        r.take(frames.Frame("W", 0, 5, b"module kvm did not load: no"))
        self.only(verdict.judge(r), "did not load")


class FakeEmulator:
    """A process instead of a machine."""

    idle_uses_cpu = True
    announce = []
    expect_taint = ""

    def __init__(self, script):
        self.script = script

    def argv(self, machine):
        return [sys.executable, "-c", "import sys,time\nout=sys.stdout.buffer\n" + self.script]

    def describe(self):
        return "fake"

    def environment(self, machine):
        return {}


class Watchdog(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hs-lab-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    def follow(self, script, announce=(), **limits):
        emu = FakeEmulator(script)
        machine = emulator.Machine(out=self.dir)
        run = runs.Run(["true"])
        session = runs.Session(emu, machine, run)
        limits = dict(dict(timeout=20, emulator_hang=1.0, boot_cpu=1.0, kernel_hang=1.0), **limits)
        try:
            runs.watch(session, watchdog.Watchdog(**limits))
        finally:
            session.stop()
        opts = types.SimpleNamespace(announce=list(announce), expect_taint="", expect_reset=False,
                                     expect_plug=False, keep=False)
        return run, runs.finish(session, opts, emu, 0)

    boot = "out.write(%r); out.flush()\n" % (
        frames.encode("R", 0, 0) + frames.encode("H", 0, 0, b"6.1"))
    end = "out.write(%r); out.flush()\n" % (
        frames.encode("S", 0, 1, b"true") + frames.encode("X", 0, 2, b"exit 0") +
        frames.encode("Z", 0, 3, b"commands=1 tainted=0"))

    def test_sleeping_is_an_emulator_hang(self):
        run, reasons = self.follow(self.boot + "time.sleep(60)")
        self.assertRegex(run.stopped, "^emulator hang")
        self.assertEqual(reasons[0], run.stopped)

    def test_burning_is_a_kernel_hang(self):
        run, reasons = self.follow(self.boot + "while True: pass")
        self.assertRegex(run.stopped, "^kernel hang: no heartbeat")
        self.assertEqual(reasons[0], run.stopped)

    def test_burning_before_init(self):
        run, _ = self.follow("while True: pass")
        self.assertRegex(run.stopped, "^kernel hang: it did not reach /init")

    def test_heartbeats_keep_it_alive_until_timeout(self):
        beat = ("import struct,zlib,itertools\nsys.path.insert(0,%r)\nimport frames\n"
                "for i in itertools.count(1):\n"
                " t=time.time()\n"
                " while time.time()-t<0.2: pass\n"
                " out.write(frames.encode('B',0,i,b'1.0')); out.flush()\n" % cache.LAB)
        run, _ = self.follow(self.boot + beat, timeout=4)
        self.assertRegex(run.stopped, "^timeout: .* was alive")

    def test_stopped_process_waiting_for_cpu_is_no_hang(self):
        """A runnable process that got no CPU time is starved, not hung."""
        dog = watchdog.Watchdog(1000, emulator_hang=5)
        for now in range(60):
            self.assertIsNone(dog.step(now, 1.0, True, False, True))
        self.assertRegex(dog.step(61, 1.0, False, False, True), "emulator hang")

    def test_idle_kvm_guest(self):
        """Where idling takes no CPU time, silence on the wire and the control socket decides."""
        dog = watchdog.Watchdog(1000, idle_uses_cpu=False, emulator_hang=5, kernel_hang=30)
        self.assertIsNone(dog.step(0, 1.0, False, True, True))
        self.assertIsNone(dog.step(20, 1.0, False, False, True, alive=True))
        self.assertRegex(dog.step(21, 1.0, False, False, True, alive=False), "emulator hang")
        self.assertRegex(dog.step(31, 1.0, False, False, True, alive=True), "kernel hang")

    def test_pass(self):
        _, reasons = self.follow(self.boot + self.end)
        self.assertEqual(reasons, [])

    def test_vmfail_in_its_log(self):
        log = "open('emulator.log','w').write('7e[CPU0  ] VMFAIL: bad control\\n')\n"
        _, reasons = self.follow(self.boot + log + self.end)
        self.assertEqual(len(reasons), 1)
        self.assertIn("VMFAIL: bad control", reasons[0])
        _, reasons = self.follow(self.boot + log + self.end, announce=["VMFAIL: bad control"])
        self.assertEqual(reasons, [])

    def test_dying_is_no_pass(self):
        _, reasons = self.follow(self.boot + "sys.exit(0)")
        self.assertRegex(reasons[0], "before its final report")


class Files(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hs-lab-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    def test_archive_cannot_leave_its_directory(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name in ("../../etc/evil", "/abs", "ok/file"):
                info = tarfile.TarInfo(name)
                info.size = 3
                tar.addfile(info, io.BytesIO(b"abc"))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        into = os.path.join(self.dir, "in")
        names, why = runs.extract(archive, into)
        self.assertIsNone(why)
        self.assertEqual(sorted(names), ["abs", "etc/evil", "ok/file"])
        self.assertEqual(os.listdir(self.dir), ["in"])

    def test_damaged_archive_is_told(self):
        self.assertIsNotNone(runs.extract(io.BytesIO(b"x" * 2000), self.dir)[1])

    def test_destination(self):
        for spec, want in (("/a/b", ("/a/b", "/lab/b")), ("/a/b:/bin/", ("/a/b", "/bin/b")),
                           ("b:/x/y", ("b", "/x/y"))):
            self.assertEqual(runs.destination(spec), want)

    def test_cpio_is_what_cpio_reads(self):
        path = os.path.join(self.dir, "a.cpio")
        with open(path, "wb") as f:
            c = image.Cpio(f)
            c.data("d/e/one", b"1234567", 0o600)
            c.symlink("d/link", "e/one")
            c.file("d/self", __file__)
            c.end()
        self.assertEqual(os.path.getsize(path) % 512, 0)
        if not shutil.which("cpio"):
            self.skipTest("no cpio")
        out = os.path.join(self.dir, "out")
        os.mkdir(out)
        cache.command(["sh", "-c", "cpio -idm --quiet <%s" % path], cwd=out)
        self.assertEqual(cache.read_bytes(os.path.join(out, "d/link")), b"1234567")
        self.assertEqual(cache.read_bytes(os.path.join(out, "d/self")),
                         cache.read_bytes(__file__))

    def test_only_programs_bring_libraries(self):
        """QEMU for the machine has its own; a file that is data to this machine brings none."""
        copy = os.path.join(self.dir, "ls")
        shutil.copyfile(os.path.realpath("/bin/ls"), copy)
        os.chmod(copy, 0o755)
        self.assertTrue(image.libraries(copy))
        os.chmod(copy, 0o644)
        self.assertEqual(image.libraries(copy), [])

    def test_static_or_not(self):
        self.assertFalse(image.interpreter(image.labio()))
        self.assertTrue(image.interpreter(os.path.realpath("/bin/ls")))
        self.assertFalse(image.interpreter(__file__))

    def test_a_disk_is_one_labs(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "disk")
            disk.blank(path, 1)
            self.assertFalse(disk.is_ext4(path))
            first = disk.Disk(path)
            self.assertEqual(first.cylinders, 1)
            with self.assertRaisesRegex(cache.LabError, "in use"):
                disk.Disk(path)
            first.close()
            disk.Disk(path).close()
            os.truncate(path, 1000)
            with self.assertRaisesRegex(cache.LabError, "multiple"):
                disk.Disk(path)
            with self.assertRaisesRegex(cache.LabError, "No such file"):
                disk.Disk(path + "x")

    def test_append_replaces_a_default(self):
        opts = cli.parser().parse_args(["run", "--append", "mitigations=auto foo", "--", "x"])
        words = runs.cmdline(opts, 200000000, "6.1.0").split()
        self.assertIn("mitigations=auto", words)
        self.assertNotIn("mitigations=off", words)
        self.assertNotIn("clearcpuid=fsrm", words)
        self.assertIn("tsc_early_khz=200000", words)
        self.assertEqual(opts.commands, ["x"])

    def test_model_brings_what_it_needs(self):
        opts = cli.parser().parse_args(["run", "--model", "tigerlake", "--", "x"])
        self.assertIn("clearcpuid=fsrm", runs.cmdline(opts, 200000000, "6.1.0").split())

    def test_cache_entry_is_whole_or_absent(self):
        old = os.environ.get("HS_CACHE")
        os.environ["HS_CACHE"] = self.dir
        try:
            def broken(tmp):
                cache.write = open(os.path.join(tmp, "half"), "w").close()
                raise cache.LabError("no")

            with self.assertRaises(cache.LabError):
                cache.entry("x/y", broken)
            self.assertEqual(os.listdir(os.path.join(self.dir, "x")), [])
            where = cache.entry("x/y", lambda tmp: open(os.path.join(tmp, "f"), "w").close())
            self.assertEqual(os.listdir(where), ["f"])
        finally:
            if old is None:
                del os.environ["HS_CACHE"]
            else:
                os.environ["HS_CACHE"] = old


def script(path):
    """A script of selftests/ without .py, as a module."""
    path = os.path.join(cache.TOP, "selftests", path)
    loader = importlib.machinery.SourceFileLoader(os.path.basename(path).replace("-", "_"), path)
    module = types.ModuleType(loader.name)
    module.__file__ = path
    loader.exec_module(module)
    return module


class Counting(unittest.TestCase):
    """What of a job and of a machine counts as passed, failed and skipped."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="hs-lab-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    def job(self, status, text):
        job = runner.Job("j", [])
        runner.judge(job, status, text)
        return job.passed, len(job.failed), len(job.skipped)

    def test_jobs(self):
        for status, text, want in (
                (0, "ok 1 a\nok 2 b # SKIP why\n  ok 3 nested\n", (1, 0, 1)),
                (1, "ok 1 a\nnot ok 2 b\n", (1, 1, 0)),
                (1, "ok 1 a\n", (1, 1, 0)),            # it failed and does not say where
                (0, "", (0, 1, 0)),                     # silence
                (0, "TAP version 13\n1..0 # SKIP no clang\n", (0, 0, 1)),
                (4, "TAP version 13\n1..0 # SKIP no qemu\n", (0, 0, 1)),
                (4, "", (0, 0, 1)),
                ("timeout after 1 s", "ok 1 a\n", (1, 1, 0))):
            self.assertEqual(self.job(status, text), want, (status, text))

    def test_full_run_is_made_of_known_jobs(self):
        check = script("check")
        for full in (False, True):
            jobs = check.jobs(full)
            names = {j.name for j in jobs}
            self.assertEqual(len(names), len(jobs))
            for job in jobs:
                self.assertLessEqual(set(job.needs), names)
        known = {name for name, _, _ in script("kselftests/in-lab").tests([], True, "6.1")}
        self.assertLessEqual(set(check.RACES), known)

    def machine(self, status, commands, reasons=(), left=True):
        """in-lab's last line of a run, by what the lab left."""
        in_lab = script("kselftests/in-lab")
        if left:
            with open(os.path.join(self.dir, "results.json"), "w") as f:
                json.dump({"reasons": list(reasons), "commands": [
                    {"command": "t", "status": s, "output": o} for s, o in commands]}, f)
        text = "".join(o for _, o in commands)
        why = [] if status == in_lab.SKIP else in_lab.machine_reasons(self.dir, status)
        lines = in_lab.report(("6.1", "t"), text, status, why, 1)
        self.assertEqual([bool(l.startswith("# not clean")) for l in lines].count(True) > 0, bool(why))
        return lines[-1]

    def test_machine_line(self):
        fail = ("exit 1", "not ok 1 x\n")
        said = "command ended with exit 1: t"
        self.assertEqual(self.machine(0, [("exit 0", "ok 1 x\n")]), "ok 2 6.1: machine for t")
        # A test that failed is a failure of its own; the machine was clean.
        self.assertEqual(self.machine(1, [fail], [said]), "ok 2 6.1: machine for t")
        # But a warning beside it is one of the machine.
        self.assertRegex(self.machine(1, [fail], [said, "the kernel log has\n    BUG: x"]), "^not ok 2 ")
        # One failing test does not cover for another that died.
        self.assertRegex(self.machine(1, [fail, ("exit 1", "ok 1 y\n")], [said, said]), "^not ok 3 ")
        self.assertRegex(self.machine(1, [fail, ("signal 11", "")], [said, "command ended with signal 11: t"]),
                         "^not ok 2 ")
        self.assertRegex(self.machine(0, [("exit 0", "nothing to say\n")]), "^not ok 1 ")
        self.assertEqual(self.machine(1, [("exit 4", "1..0 # SKIP not here\n")],
                                      ["command ended with exit 4: t"]), "ok 2 6.1: machine for t")
        self.assertEqual(self.machine(4, []), "ok 1 6.1: machine for t # SKIP no emulator")
        os.unlink(os.path.join(self.dir, "results.json"))
        self.assertRegex(self.machine(1, [], left=False), "^not ok 1 ")

    def test_no_machine(self):
        """Skipped, unless one is required."""
        def none(wanted=None):
            raise cache.LabSkip("no emulator")

        out = io.StringIO()
        with unittest.mock.patch.object(emulator, "find", none), contextlib.redirect_stdout(out):
            for required, status in (("", 4), ("1", 1)):
                with unittest.mock.patch.dict(os.environ, HS_LAB_REQUIRED=required):
                    self.assertEqual(cli.main(["run", "--", "true"]), status)
        self.assertRegex(out.getvalue(), "(?s)lab: SKIP: no emulator.*lab: FAIL: .*no emulator")

    def test_wrong_setting_is_no_skip(self):
        with unittest.mock.patch.dict(os.environ, BOCHS="/nowhere/bochs"):
            with self.assertRaises(cache.LabError) as caught:
                emulator.find("bochs")
        self.assertNotIsInstance(caught.exception, cache.LabSkip)


class OnMachine(unittest.TestCase):
    """The real thing, failing."""

    @classmethod
    def setUpClass(cls):
        try:
            cls.emu = emulator.find()
        except cache.LabSkip as e:
            if os.environ.get("HS_LAB_REQUIRED"):
                raise
            raise unittest.SkipTest(str(e))

    def lab(self, *argv):
        out = tempfile.mkdtemp(prefix="hs-lab-test-")
        self.addCleanup(shutil.rmtree, out)
        opts = cli.parser().parse_args(["run", "-q", "--no-module", "--hz", "200M"] + list(argv))
        reasons = runs.run_machine(opts, self.emu, out)
        self.out = out
        return reasons

    def test_files_and_codes_come_back(self):
        reasons = self.lab("--bring-back", "/tmp/f", "--file", __file__ + ":/opt/t",
                           "--", "seq 100000 >/tmp/f; cat /opt/t", "exit 3")
        self.assertEqual(len(reasons), 1, reasons)
        self.assertRegex(reasons[0], "ended with exit 3")
        self.assertEqual(cache.read_bytes(self.out + "/files/tmp/f"),
                         b"".join(b"%d\n" % i for i in range(1, 100001)))
        self.assertEqual(cache.read_bytes(self.out + "/cmd-0.txt"), cache.read_bytes(__file__))

    def test_panic(self):
        reasons = self.lab("--", "echo c >/proc/sysrq-trigger")
        self.assertRegex("\n".join(reasons), "(?s)the kernel panicked.*in command 0.*"
                         "Kernel panic - not syncing: sysrq triggered crash")

    def test_reset(self):
        reasons = self.lab("--", "reboot -f; sleep 100")
        # QEMU runs no boot sector of ours, which would tell a reset from kexec.
        self.assertRegex("\n".join(reasons), "the machine was restarted by (reset|restart), "
                         "nothing of that kind was expected")
        self.assertEqual(self.lab("--expect-reset", "--", "reboot -f; sleep 100"), [])

    def test_side_by_side(self):
        """Two at once: the same result and, to the instruction, the same run as alone."""
        def start(out):
            return subprocess.Popen(
                [os.path.join(cache.LAB, "lab"), "run", "-q", "--no-module", "--hz", "200M",
                 "--emulator", self.emu.kind, "--out", out, "--", "echo I am; dmesg | tail"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        outs = [tempfile.mkdtemp(prefix="hs-lab-test-") for _ in range(2)]
        for out in outs:
            self.addCleanup(shutil.rmtree, out)
        began = time.monotonic()
        running = [start(out) for out in outs]
        for process in running:
            text = process.communicate()[0]
            self.assertEqual(process.returncode, 0, text)
        together = time.monotonic() - began
        results = [json.loads(cache.read_bytes(out + "/results.json")) for out in outs]
        for result in results:
            self.assertRegex(result["commands"][0]["output"], "^I am\n")
        # They overlapped: for information, how long that took, and one alone.
        began = time.monotonic()
        self.assertEqual(self.lab("--", "echo I am; dmesg | tail"), [])
        alone = time.monotonic() - began
        print("# power-on to power-off with one trivial command: %.0f s alone, %.0f s for two at once"
              % (alone, together), flush=True)
        if self.emu.kind == "bochs":
            logs = [cache.read_bytes(out + "/dmesg.txt") for out in outs + [self.out]]
            self.assertEqual(logs[0], logs[1])
            self.assertEqual(logs[0], logs[2])

    def test_after_reset(self):
        """Each boot runs its own commands."""
        self.assertEqual(self.lab("--after-reset", "echo two; reboot -f; sleep 100",
                                  "--after-reset", "echo three",
                                  "--", "true", "echo one; reboot -f; sleep 100"), [])
        self.assertEqual([cache.read_bytes(self.out + "/cmd-%d.txt" % i) for i in range(4)],
                         [b"", b"one\n", b"two\n", b"three\n"])

    def test_two_cpus(self):
        self.assertEqual(self.lab("--cpus", "2", "--", "[ $(nproc) = 2 ]"), [])

    def test_disk(self):
        """What was synced is on the disk when the plug is pulled, and for the next machine."""
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "disk")
            disk.fill(path, 16, [(__file__, "here/test")])
            self.assertEqual(self.lab("--disk", path, "--expect-plug", "--",
                                      "cmp /disk/here/test /dev/null; echo kept >/disk/a; sync;"
                                      " echo lost >/disk/b; labio send P 0; sleep 1000"), [])
            self.assertEqual(disk.check(path), "")
            self.assertEqual(self.lab("--disk", path, "--", "cat /disk/a; test ! -s /disk/b",
                                      "cat /disk/here/test", "umount /disk && mount /dev/labdisk /disk"),
                             [])
            self.assertEqual(cache.read_bytes(self.out + "/cmd-0.txt"), b"kept\n")
            self.assertEqual(cache.read_bytes(self.out + "/cmd-1.txt"), cache.read_bytes(__file__))
            reasons = self.lab("--disk", path, "--", "sleep 1000 </disk/a >/dev/null 2>&1 &")
            self.assertEqual(reasons, ["the disk is still in use at the end"])

    def test_same_inputs_same_run(self):
        """Instruction by instruction, also with two CPUs; another seed is another run."""
        if self.emu.kind != "bochs":
            self.skipTest("only an emulator repeats itself")
        logs = []
        for seed in ("0", "0", "1"):
            self.assertEqual(self.lab("--cpus", "2", "--seed", seed, "--", "dmesg | tail"), [])
            logs.append(cache.read_bytes(self.out + "/dmesg.txt"))
        self.assertEqual(logs[0], logs[1])
        self.assertNotEqual(logs[0], logs[2])

    def test_dead_kernel(self):
        """A task that keeps everything else off the only CPU."""
        src, exe = (os.path.join(tempfile.gettempdir(), "hs-hog.%d" % os.getpid()) + e
                    for e in (".c", ""))
        self.addCleanup(lambda: [os.unlink(f) for f in (src, exe) if os.path.exists(f)])
        with open(src, "w") as f:
            f.write("#include <sched.h>\n"
                    "int main(void) { struct sched_param p = { 99 };\n"
                    "if (sched_setscheduler(0, SCHED_FIFO, &p)) return 1; for (;;) ; }\n")
        cache.command(["gcc", "-o", exe, src])
        reasons = self.lab("--hang", "6", "--file", exe + ":/bin/hog", "--", "hog")
        self.assertRegex(reasons[0], "^kernel hang: no heartbeat")
        self.assertRegex(reasons[1], "before its final report, in command 0: hog")

    def test_shell(self):
        """A user at a terminal: commands first, then a prompt that answers, then the end."""
        pid, fd = pty.fork()
        if not pid:
            os.execv(os.path.join(cache.LAB, "lab"),
                     ["lab", "shell", "--no-module", "--", "echo first"])
        seen, typed, end = b"", 0, time.monotonic() + 120
        try:
            while time.monotonic() < end:
                if not select.select([fd], [], [], 1)[0]:
                    continue
                try:
                    data = os.read(fd, 4096)
                except OSError:         # the other side is gone
                    break
                if not data:
                    break
                seen += data
                if typed == 0 and b"lab# " in seen:
                    os.write(fd, b"echo six times seven is $((6 * 7))\r")
                    typed = 1
                elif typed == 1 and b"seven is 42" in seen:
                    os.write(fd, b"exit\r")
                    typed = 2
        finally:
            if time.monotonic() >= end:
                os.kill(pid, 15)
            status = os.waitpid(pid, 0)[1]
        self.assertEqual((typed, status), (2, 0), seen[-2000:])
        self.assertIn(b"$ echo first\r\nfirst\r\n[exit 0]", seen)

    def test_shell_without_terminal(self):
        """It runs its commands and ends by itself."""
        p = subprocess.run([os.path.join(cache.LAB, "lab"), "shell", "--no-module", "--",
                            "echo hello"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           text=True, timeout=300, check=False)
        self.assertEqual(p.returncode, 0, p.stdout)
        self.assertIn("hello\n[exit 0]\n", p.stdout)

    def test_command_timeout(self):
        reasons = self.lab("--command-timeout", "1", "--", "sleep 1000")
        self.assertEqual(len(reasons), 1, reasons)
        self.assertRegex(reasons[0], "ended with timeout")


class OnQemu(OnMachine):
    """The same on QEMU, by its own emulation: what the lab does where nested VT-x is."""

    # The one is about Bochs, the other says no more than OnMachine's.
    test_same_inputs_same_run = test_shell_without_terminal = None

    @classmethod
    def setUpClass(cls):
        cls.accel = os.environ.get("HS_LAB_ACCEL")
        os.environ["HS_LAB_ACCEL"] = "tcg"
        cls.addClassCleanup(cls.restore)
        try:
            cls.emu = emulator.find("kvm")
        except cache.LabSkip as e:
            raise unittest.SkipTest(str(e))

    @classmethod
    def restore(cls):
        if cls.accel is None:
            del os.environ["HS_LAB_ACCEL"]
        else:
            os.environ["HS_LAB_ACCEL"] = cls.accel

    def test_other_accelerators_are_refused(self):
        os.environ["HS_LAB_ACCEL"] = "xen"
        self.addCleanup(os.environ.__setitem__, "HS_LAB_ACCEL", "tcg")
        with self.assertRaisesRegex(cache.LabError, "HS_LAB_ACCEL=xen"):
            emulator.find()

    def test_stopped_emulator(self):
        """It takes no CPU time when idle either: its control socket tells the two apart."""
        out = tempfile.mkdtemp(prefix="hs-lab-test-")
        self.addCleanup(shutil.rmtree, out)
        opts = cli.parser().parse_args(["run", "-q", "--no-module", "--", "sleep 1000"])
        run = runs.Run(opts.commands)
        session = runs.Session(self.emu, runs.prepare(opts, self.emu, out), run)
        dog = watchdog.Watchdog(120, False, emulator_hang=6)

        def stop_it():
            time.sleep(0.1)
            if run.current == 0:
                session.proc.send_signal(signal.SIGSTOP)

        try:
            runs.watch(session, dog, idle=stop_it)
        finally:
            session.stop()
        reasons = runs.finish(session, opts, self.emu, 0)
        self.assertRegex(reasons[0], "^emulator hang: no answer on its control socket")
        self.assertRegex(reasons[1], "before its final report, in command 0: sleep 1000")


class KtapResult(unittest.TestResult):
    def __init__(self, total):
        super().__init__()
        self.n = 0
        print("KTAP version 1\n1..%d" % total)

    def say(self, ok, test, more=""):
        self.n += 1
        name = test.id().partition(".")[2] if "." in test.id() else test.id()
        print("%sok %d %s%s" % ("" if ok else "not ", self.n, name, more), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say(True, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print("# " + self._exc_info_to_string(err, test).replace("\n", "\n# "))
        self.say(False, test)

    def addError(self, test, err):
        super().addError(test, err)
        print("# " + self._exc_info_to_string(err, test).replace("\n", "\n# "))
        self.say(False, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(True, test, " # SKIP " + reason)


def main():
    if "--ktap" not in sys.argv:
        quick = "--quick" in sys.argv
        argv = [a for a in sys.argv if a != "--quick"]
        if quick:
            global OnMachine, OnQemu
            del OnMachine, OnQemu
        unittest.main(argv=argv)
    suite = unittest.TestSuite()
    loader = unittest.defaultTestLoader
    for case in (Framing, Verdict, Watchdog, Files, Counting, OnMachine, OnQemu):
        if not issubclass(case, OnMachine) or "--quick" not in sys.argv:
            suite.addTests(loader.loadTestsFromTestCase(case))
    result = KtapResult(suite.countTestCases())
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
