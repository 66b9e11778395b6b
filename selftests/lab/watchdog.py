# SPDX-License-Identifier: GPL-2.0
"""Tells why a machine makes no progress.

The emulator takes CPU time as long as it emulates, also for a halted guest.
So: no CPU time used = the emulator itself hangs (it can deadlock on its own
log); CPU time used but no word from the machine = the kernel in it hangs.
Time limits count the emulator's CPU time, not ours, so that a loaded machine
raises no false alarm.
"""

import os

EMULATOR_HANG_S = 25            # wall clock without CPU time
BOOT_CPU_S = 180                # CPU time to the first frame of /init
KERNEL_HANG_CPU_S = 120         # CPU time between two frames
TICK = os.sysconf("SC_CLK_TCK")


def process_sample(pid):
    """(CPU seconds used, runnable) of PID with all threads; None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rpartition(")")[2].split()
        cpu = (int(fields[11]) + int(fields[12])) / TICK
        runnable = False
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/stat" % (pid, task)) as f:
                if f.read().rpartition(")")[2].split()[0] in "RD":
                    runnable = True
        return cpu, runnable
    except (OSError, IndexError, ValueError):
        return None


class Watchdog:
    """Feed step() now and then; it returns None or the reason to stop the machine."""

    def __init__(self, timeout, idle_uses_cpu=True, emulator_hang=EMULATOR_HANG_S,
                 boot_cpu=BOOT_CPU_S, kernel_hang=KERNEL_HANG_CPU_S):
        self.timeout = timeout
        self.idle_uses_cpu = idle_uses_cpu
        self.emulator_hang = emulator_hang
        self.boot_cpu = boot_cpu
        self.kernel_hang = kernel_hang
        self.start = None
        self.cpu = self.cpu_at = None       # last CPU time seen, and when it last grew
        self.beat_cpu = 0.0                 # CPU time at the last frame
        self.beat_at = None
        self.booted = False

    def step(self, now, cpu, runnable, frames, booted, alive=True):
        """NOW: wall clock; CPU: seconds used; FRAMES: frames came since the last step.

        ALIVE says whether an emulator that may idle (KVM) answers on its control socket.
        """
        if self.start is None:
            self.start = self.cpu_at = self.beat_at = now
            self.cpu = cpu
        if cpu - self.cpu >= 0.02:
            self.cpu, self.cpu_at = cpu, now
        if frames or booted and not self.booted:
            self.beat_cpu, self.beat_at = cpu, now
            self.booted = booted
        if self.idle_uses_cpu:
            if now - self.cpu_at > self.emulator_hang and not runnable:
                return ("emulator hang: it used no CPU time for %d s, and is not waiting for a CPU"
                        % (now - self.cpu_at))
            silent = cpu - self.beat_cpu
        else:
            silent = now - self.beat_at
            if silent > self.emulator_hang and not alive:
                return "emulator hang: no answer on its control socket"
        limit = self.kernel_hang if self.booted else self.boot_cpu
        if silent > limit:
            if not self.booted:
                return ("kernel hang: it did not reach /init in %d s of the emulator's CPU time"
                        % silent)
            return "kernel hang: no heartbeat in %d s of the emulator's CPU time" % silent
        if now - self.start > self.timeout:
            return "timeout: %d s passed; the machine was alive%s" % (
                now - self.start, "" if self.booted else " but still booting")
        return None
