# SPDX-License-Identifier: GPL-2.0
"""Runs test jobs side by side, reads their KTAP and counts.

A job is a command whose output holds KTAP.  Only lines without indentation
count, so nested results do not count twice.  A job that fails without a
failing result, or that shows no result at all, is one failure: silence never
passes.
"""
import os
import re
import subprocess
import threading
import time

RESULT = re.compile(r"^(not )?ok\s+\d+\s*-?\s*(.*)$")
NOTHING = re.compile(r"^1\.\.0\s*#\s*skip\b\s*(.*)$", re.IGNORECASE)     # a plan of no tests
SKIP = 4  # kselftest's exit status for "skipped"


class Job:
    def __init__(self, name, command, needs=(), timeout=1800, env=None):
        self.name = name
        self.command = command
        self.needs = tuple(needs)
        self.timeout = timeout
        self.env = env or {}
        self.state = "waiting"
        self.passed, self.failed, self.skipped = 0, [], []
        self.seconds = 0


def read_ktap(text):
    """(passed, names of failed, names of skipped) of KTAP in `text`."""
    passed, failed, skipped = 0, [], []
    for line in text.splitlines():
        match = NOTHING.match(line)
        if match:
            skipped.append(match.group(1).strip() or "no reason given")
            continue
        match = RESULT.match(line)
        if not match:
            continue
        name = match.group(2).strip()
        if match.group(1):
            failed.append(name)
        elif re.search(r"#\s*skip\b", name, re.IGNORECASE):
            skipped.append(name)
        else:
            passed += 1
    return passed, failed, skipped


def judge(job, status, text):
    """Fills in the job's counts from its exit status and output."""
    job.passed, job.failed, job.skipped = read_ktap(text)
    if status == SKIP and not job.failed:
        if not job.skipped:
            job.skipped.append(job.name)
    elif status != 0 and not job.failed:
        job.failed.append("%s (exit status %s without a failing result)" % (job.name, status))
    elif not (job.passed or job.failed or job.skipped):
        job.failed.append("%s (no result at all)" % job.name)


class Runner:
    def __init__(self, top, logs, lanes=2):
        self.top, self.logs, self.lanes = top, logs, lanes
        self.lock = threading.Condition()
        self.began = time.monotonic()

    def _run(self, job):
        log = os.path.join(self.logs, job.name + ".log")
        start = time.monotonic()
        with open(log, "wb") as out:
            process = subprocess.Popen(job.command, cwd=self.top, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=subprocess.STDOUT,
                                       env=dict(os.environ, **job.env), start_new_session=True)
            try:
                status = process.wait(job.timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
                status = "timeout after %d s" % job.timeout
        with open(log, errors="replace") as text:
            judge(job, status, text.read())
        job.seconds = time.monotonic() - start

    def _lane(self, jobs):
        while True:
            with self.lock:
                while True:
                    waiting = [j for j in jobs if j.state == "waiting"]
                    if not waiting:
                        return
                    done = {j.name: j for j in jobs if j.state == "done"}
                    ready = [j for j in waiting if all(n in done for n in j.needs)]
                    if ready:
                        job = ready[0]
                        job.state = "running"
                        break
                    self.lock.wait()
            broken = [n for n in job.needs if done[n].failed]
            if broken:
                job.failed.append("%s (needs %s, which failed)" % (job.name, ", ".join(broken)))
            else:
                self._run(job)
            with self.lock:
                job.state = "done"
                self._show(job)
                self.lock.notify_all()

    def _show(self, job):
        print("# %-24s %4d passed %3d failed %3d skipped  %4d s, done at %4d s"
              % (job.name, job.passed, len(job.failed), len(job.skipped), job.seconds,
                 time.monotonic() - self.began), flush=True)
        for name in job.failed:
            print("not ok - %s: %s" % (job.name, name), flush=True)
        for name in job.skipped:
            print("# skipped %s: %s" % (job.name, name), flush=True)
        if job.failed:
            log = os.path.join(self.logs, job.name + ".log")
            if os.path.exists(log):
                with open(log, errors="replace") as text:
                    for line in text.read().splitlines()[-60:]:
                        print("#   | " + line, flush=True)

    def run(self, jobs):
        """Runs all jobs; prints the closing line; returns the exit status."""
        os.makedirs(self.logs, exist_ok=True)
        known = {j.name for j in jobs}
        for job in jobs:
            assert set(job.needs) <= known, job.name
        lanes = [threading.Thread(target=self._lane, args=(jobs,)) for _ in range(self.lanes)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        failed = sum(len(j.failed) for j in jobs)
        print("%d passed, %d failed, %d skipped"
              % (sum(j.passed for j in jobs), failed, sum(len(j.skipped) for j in jobs)),
              flush=True)
        return 1 if failed else 0
