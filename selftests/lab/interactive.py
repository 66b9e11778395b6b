# SPDX-License-Identifier: GPL-2.0
"""A shell of the machine in the user's terminal: com1 through a pty."""

import os
import select
import shutil
import sys
import termios
import time
import tty

import run as runs
import watchdog

LEAVE = 0x1d                    # Ctrl-]
DEFAULT_HZ = 200000000          # a second there is about a second here
FOREVER = 10 ** 9


class Terminal:
    """Joins the user's terminal and the machine's serial line, in raw mode while open."""

    def __init__(self, master, console):
        self.master = master
        self.console = open(console, "ab", buffering=0)
        self.left = False
        self.saved = None
        self.here = False               # the shell has started

    def raw(self):
        if self.saved is None:
            self.saved = termios.tcgetattr(0)
            tty.setraw(0)

    def restore(self):
        if self.saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self.saved)
            self.saved = None

    def from_machine(self):
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return
        self.console.write(data)
        if self.here:
            os.write(1, data)

    def step(self):
        """Move what is there, wait 0.1 s at most; False when the user leaves."""
        want = [self.master] + ([0] if self.here else [])
        ready, _, _ = select.select(want, [], [], 0.1)
        if self.master in ready:
            self.from_machine()
        if 0 in ready:
            data = os.read(0, 4096)
            if not data or LEAVE in data:
                self.left = True
                return False
            os.write(self.master, data)
        return True


def shell(opts, emu, out, temporary):
    """`lab shell`; returns the exit status."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    opts.interactive = terminal
    opts.hz = opts.hz or DEFAULT_HZ
    if not terminal and not opts.commands:
        opts.commands = ["uname -a"]
    if not opts.quiet:
        print("lab: starting the machine (%s)" % emu.describe(), flush=True)
    if not terminal:
        reasons = runs.run_machine(opts, emu, out)
        return report(reasons, out, temporary)

    size = os.get_terminal_size()
    opts.motd = ("\nThis is the lab machine.  `exit' or Ctrl-D powers it off, "
                 "Ctrl-] pulls the plug.\n")
    opts.stty = "rows %d cols %d" % (size.lines, size.columns)
    began = time.monotonic()
    machine = runs.prepare(opts, emu, out)
    master, slave = os.openpty()
    tty.setraw(slave)
    machine.tty = os.ttyname(slave)
    run = runs.Run(opts.commands, None if opts.quiet else runs.show_stdout)
    term = Terminal(master, machine.path("console.txt"))
    session = runs.Session(emu, machine, run)
    try:
        dog = watchdog.Watchdog(FOREVER, emu.idle_uses_cpu, kernel_hang=opts.hang)

        def idle():
            if run.interactive and not term.here:
                term.here = True
                term.raw()
            if not term.step():
                session.stop()

        runs.watch(session, dog, opts.expect_reset, idle)
    finally:
        term.restore()
        session.stop()
        os.close(master)
        os.close(slave)
    if term.left:
        print("\r\nlab: the plug was pulled")
        session.close()
        if temporary:
            shutil.rmtree(out, ignore_errors=True)
        return 0
    return report(runs.finish(session, opts, emu, time.monotonic() - began), out, temporary)


def report(reasons, out, temporary):
    for r in reasons:
        print("lab: FAIL: " + r)
    if reasons:
        print("lab: see " + out)
    elif temporary:
        shutil.rmtree(out, ignore_errors=True)
    return 1 if reasons else 0
