# SPDX-License-Identifier: GPL-2.0
"""What makes a run fail.  Pure: text in, reasons out."""

import re

# Lines of the kernel log that no good run has.
KERNEL_BAD = re.compile("|".join((
    r"\bBUG: ", r"\bBUG at ", r"kernel BUG", r"\bWARNING: ", r"\bOops\b", r"Kernel panic",
    r"general protection", r"double fault:", r"unable to handle", r"Unable to handle",
    r"rcu: INFO:", r"INFO: rcu", r"INFO: task .* blocked", r"INFO: possible",
    r"INFO: inconsistent lock state", r"INFO: trying to register non-static key",
    r"soft lockup", r"hard LOCKUP", r"possible (circular|recursive|irq|deadlock)",
    r"possible unsafe locking", r"inconsistent lock state", r"bad unlock balance",
    r"suspicious RCU usage", r"\bKASAN: ", r"\bUBSAN: ", r"\bKFENCE: ", r"\bKCSAN: ",
    r"kmemleak: \d+ new suspected", r"unchecked MSR access", r"scheduling while atomic",
    r"sleeping function called from", r"refcount_t: ", r"list_(add|del) corruption",
    r"DEBUG_LOCKS_WARN_ON", r"Bad page state", r"Bad rss-counter", r"page allocation failure",
    r"Out of memory: ", r"invoked oom-killer", r"stack guard page was hit",
    r"ODEBUG: ", r"workqueue: .* flushing", r"BUG kmalloc", r"Slab corruption",
    r"labio: kernel log records were lost")))

# Lines of the emulator's log.  "p[" is the level of a panic.
EMULATOR_BAD = re.compile(r"VMFAIL|VMENTER FAIL|VMX: |^\d+p\[|>>PANIC<<")
EMULATOR_OK = re.compile(r"soft power off")

TAINTS = "PFSRMBUDAWCIOELKXTNJ"
TAINT_OK = "OE"                 # out of tree, unsigned: that is what the module is


def taint_letters(value):
    """The kernel's taint mask as letters."""
    out = "".join(c for i, c in enumerate(TAINTS) if value >> i & 1)
    return out + ("?" if value >> len(TAINTS) else "")


def announced(line, patterns):
    return any(p.search(line) for p in patterns)


def kernel_log(lines, patterns):
    """Bad lines in the kernel log."""
    return [l for l in lines if KERNEL_BAD.search(l) and not announced(l, patterns)]


def emulator_log(lines, patterns):
    """Bad lines in the emulator's log."""
    return [l for l in lines if EMULATOR_BAD.search(l) and not EMULATOR_OK.search(l)
            and not announced(l, patterns)]


def few(lines, most=8):
    out = ["    " + l.rstrip()[:200] for l in lines[:most]]
    if len(lines) > most:
        out.append("    ... and %d more" % (len(lines) - most))
    return "\n".join(out)


def judge(run, announce=(), expect_taint="", expect_reset=False, expect_plug=False):
    """List of reasons why RUN (see run.Run) is no success; empty when it is one."""
    patterns = [re.compile(a) for a in announce]
    reasons = []
    if run.stopped:
        reasons.append(run.stopped)
    panics = [l for l in run.log_lines if re.search(r">>PANIC<<|^\d+p\[", l)
              and not EMULATOR_OK.search(l)]
    at_the_prompt = run.interactive and any("soft power off" in l for l in run.log_lines)
    if expect_plug and not run.plug:
        reasons.append("the machine was expected to ask for its plug to be pulled, and did not")
    elif run.plug and not expect_plug:
        reasons.append("the machine asked for its plug to be pulled, which nobody expected")
    if not run.final and not (expect_reset and run.resets) and not at_the_prompt and \
            not (expect_plug and run.plug):
        text = "the machine ended before its final report"
        if run.current is not None:
            text += ", in command %d: %s" % (run.current, run.commands[run.current].text)
        elif not run.booted:
            text += ", while its kernel booted"
        if panics:
            text += "\n" + few(panics)
        reasons.append(text)
    if run.astray() and not expect_reset:
        reasons.append("the machine was restarted by %s, %s was expected" % (
            ", then ".join(run.restarts), ", then ".join(run.expected) or "nothing of that kind"))
    elif len(run.restarts) < len(run.expected):
        reasons.append("the machine was expected to restart by %s, and did not"
                       % run.expected[len(run.restarts)])
    if expect_reset and not run.resets:
        reasons.append("the machine was expected to reset, and did not")
    # What a CPU was sending when the other one ended its kernel is cut off.
    if run.bad_frames > len(run.restarts) or run.lost_frames:
        reasons.append("the out-of-band channel was damaged: %d bad frames, %d lost"
                       % (run.bad_frames, run.lost_frames))
    for c in run.commands:
        if c.leaves and c.status is None:
            continue
        if c.status is None:
            if run.final:
                reasons.append("command did not run: " + c.text)
        elif c.status != "exit 0":
            reasons.append("command ended with %s: %s" % (c.status, c.text))
    bad = kernel_log(run.kernel_lines, patterns)
    if bad:
        reasons.append("the kernel log has\n" + few(bad))
    bad = emulator_log(run.log_lines, patterns)
    if bad:
        reasons.append("the emulator's log has\n" + few(bad))
    if run.final:
        extra = [c for c in taint_letters(run.taint) if c not in TAINT_OK + expect_taint]
        if extra:
            reasons.append("the kernel is tainted: " + "".join(extra))
    if run.kmemleak:
        reasons.append("kmemleak reports\n" + few(run.kmemleak.splitlines(), 20))
    reasons += run.warnings
    return reasons
