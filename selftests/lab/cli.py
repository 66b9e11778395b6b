# SPDX-License-Identifier: GPL-2.0
"""Command line of the lab."""

import argparse
import fcntl
import glob
import os
import shutil
import tempfile
import time

from cache import LabError, LabSkip, note
import disk
import distro
import emulator
import image
import interactive
import kernels
import peer
import roots
import run

SKIP = 4


def number(text):
    """12, 200M, 3.5G"""
    scale = {"k": 1e3, "m": 1e6, "g": 1e9}.get(text[-1:].lower())
    return int(float(text[:-1]) * scale) if scale else int(text, 0)


def names(text):
    return [n for n in text.replace(",", " ").split() if n]


def machine_options(p):
    p.add_argument("--kernel", default="6.1", metavar="6.1|6.12|debug|DIR")
    p.add_argument("--cpus", type=int, default=1, choices=(1, 2, 3, 4))
    p.add_argument("--mem", type=int, default=1024, metavar="MIB")
    p.add_argument("--model", default=emulator.MODEL, metavar="NAME",
                   help="the emulator's CPU model (only in Bochs; default %(default)s)")
    p.add_argument("--hz", type=number, default=0, metavar="N",
                   help="instructions that make a second, e.g. 200M (default: the model's 3.5G)")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="another schedule")
    p.add_argument("--append", default="", metavar="STR", help="kernel command line")
    p.add_argument("--module", metavar="PATH.ko", help="default: build/<release>/hyperspace.ko")
    p.add_argument("--no-module", action="store_true")
    p.add_argument("--file", action="append", default=[], metavar="SRC[:DST]",
                   help="into the machine, default below /lab; with the libraries it needs")
    p.add_argument("--modules", type=names, default=[], metavar="NAME,...",
                   help="stock modules that modprobe shall find")
    p.add_argument("--load", type=names, default=[], metavar="NAME,...",
                   help="the same, and load them at boot")
    p.add_argument("--bring-back", action="append", default=[], metavar="PATH")
    p.add_argument("--out", metavar="DIR", help="keep the results there")
    p.add_argument("--keep", action="store_true", help="keep the disk and raw frames as well")
    p.add_argument("--timeout", type=float, default=600, metavar="S", help="real seconds")
    p.add_argument("--hang", type=float, default=120, metavar="S",
                   help="seconds of the emulator's CPU time without a heartbeat = kernel hang")
    p.add_argument("--command-timeout", type=int, default=0, metavar="S",
                   help="emulated seconds for each command (default: none)")
    p.add_argument("--announce", action="append", default=[], metavar="REGEX",
                   help="lines of the emulator's or kernel's log that are expected")
    p.add_argument("--expect-taint", default="", metavar="LETTERS")
    p.add_argument("--expect-reset", action="store_true",
                   help="the commands end in a reset of the machine")
    p.add_argument("--disk", metavar="FILE",
                   help="a disk, used in place: /dev/labdisk there, mounted at /disk when it"
                   " holds ext4 (`lab disk' makes one)")
    p.add_argument("--expect-plug", action="store_true",
                   help="the commands end in the emulator's being killed, which they ask for by"
                   " `labio send P 0'")
    p.add_argument("--after-reset", action="append", default=[], dest="then", metavar="CMD",
                   type=lambda text: ("reset", text),
                   help="the command before this ends in a reset; run CMD when the machine is up"
                   " again (may be repeated and mixed with the next)")
    p.add_argument("--after-kexec", action="append", default=[], dest="then", metavar="CMD",
                   type=lambda text: ("kexec", text),
                   help="the same, where the machine comes up with a kernel started by kexec")
    p.add_argument("--no-kmemleak", action="store_true",
                   help="no leak scan at the end (debug kernel; it takes minutes)")
    p.add_argument("--emulator", choices=("bochs", "kvm"))
    p.add_argument("-q", "--quiet", action="store_true", help="show failures only")
    p.add_argument("commands", nargs="*", metavar="CMD")
    p.set_defaults(interactive=False, motd="", stty="")


def parser():
    p = argparse.ArgumentParser(prog="lab", description="A whole machine with VT-x, for tests.")
    sub = p.add_subparsers(dest="verb", required=True)
    machine_options(sub.add_parser("run", help="run commands on the machine"))
    machine_options(sub.add_parser("shell", help="a shell on the machine, in this terminal"))
    e = sub.add_parser("emulator", help="say which emulator is used; gets it when needed")
    e.add_argument("--emulator", choices=("bochs", "kvm"))
    k = sub.add_parser("kernel", help="directory of an unpacked kernel")
    k.add_argument("name")
    k.add_argument("--update", action="store_true", help="look for a newer one")
    sub.add_parser("busybox", help="path of a static busybox; gets it when needed")
    d = sub.add_parser("disk", help="make a disk with an ext4 file system for --disk")
    d.add_argument("out", metavar="OUT")
    d.add_argument("mib", type=int, metavar="MIB")
    d.add_argument("files", nargs="*", metavar="SRC[:NAME]")
    sub.add_parser("debian", help="path of a disk image with a Debian system for guests")
    sub.add_parser("source", help="directory of Debian's linux-source-6.1.tar.xz")
    q = sub.add_parser("qemu",
                       help="directory with QEMU for use in the machine (--file DIR:/opt/qemu)")
    q.add_argument("kind", nargs="?", default="small", choices=sorted(peer.KINDS))
    r = sub.add_parser("root", help="root of a Debian suite with headers and compiler")
    r.add_argument("suite", choices=sorted(roots.KERNEL))
    r.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD ...",
                   help="run that in it, with the project at /src")
    return p


def output_dir(opts):
    if opts.out:
        os.makedirs(opts.out, exist_ok=True)
        # Held until we end: two runs in one directory would mix their results.
        opts.lock = os.open(opts.out, os.O_RDONLY)
        try:
            fcntl.flock(opts.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LabError("--out %s is in use by another lab" % opts.out) from None
        for name in ("console.txt", "dmesg.txt", "emulator.log", "results.json", "oob.bin",
                     "cmd-*.txt"):
            for path in glob.glob(os.path.join(glob.escape(opts.out), name)):
                os.unlink(path)
        shutil.rmtree(os.path.join(opts.out, "files"), ignore_errors=True)
        return os.path.abspath(opts.out), False
    return tempfile.mkdtemp(prefix="hs-lab-"), True


def do_run(opts, emu):
    if not opts.commands:
        raise LabError("no command given; see lab run --help")
    if opts.hz and not 10000000 <= opts.hz <= 10000000000:
        raise LabError("--hz is out of range")
    out, temporary = output_dir(opts)
    begin = time.monotonic()
    ok = False
    try:
        reasons = run.run_machine(opts, emu, out)
        ok = not reasons
    finally:
        if temporary and (ok or not os.path.exists(os.path.join(out, "results.json"))):
            shutil.rmtree(out, ignore_errors=True)
    seconds = time.monotonic() - begin
    if ok:
        if not opts.quiet:
            print("lab: ok, %.1f s (%s, %d CPU%s, %s)" % (
                seconds, opts.kernel, opts.cpus, "s" * (opts.cpus > 1), emu.describe()))
        return 0
    for r in reasons:
        print("lab: FAIL: " + r)
    print("lab: failed after %.1f s; see %s" % (seconds, out), flush=True)
    return 1


def main(argv):
    opts = parser().parse_args(argv)
    try:
        if opts.verb == "kernel":
            print(kernels.find(opts.name, opts.update))
            return 0
        if opts.verb == "busybox":
            print(image.busybox())
            return 0
        if opts.verb == "disk":
            split = [spec.partition(":") for spec in opts.files]
            disk.fill(opts.out, opts.mib,
                      [(src, name or os.path.basename(src)) for src, _, name in split])
            return 0
        if opts.verb == "debian":
            print(distro.find())
            return 0
        if opts.verb == "source":
            print(kernels.source())
            return 0
        if opts.verb == "qemu":
            print(peer.find(opts.kind))
            return 0
        if opts.verb == "root":
            argv = opts.argv[1:] if opts.argv[:1] == ["--"] else opts.argv
            if argv:
                return roots.run(opts.suite, argv)
            print(roots.find(opts.suite))
            return 0
        emu = emulator.find(opts.emulator)
        if opts.verb == "emulator":
            print(emu.describe())
            return 0
        if opts.verb == "shell":
            return interactive.shell(opts, emu, *output_dir(opts))
        return do_run(opts, emu)
    except LabSkip as e:
        if os.environ.get("HS_LAB_REQUIRED"):
            print("lab: FAIL: the machine is required here (HS_LAB_REQUIRED), but: %s" % e,
                  flush=True)
            return 1
        print("lab: SKIP: %s" % e, flush=True)
        return SKIP
    except LabError as e:
        note(str(e))
        return 1
    except KeyboardInterrupt:
        note("interrupted")
        return 130
