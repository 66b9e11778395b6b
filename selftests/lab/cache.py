# SPDX-License-Identifier: GPL-2.0
"""The lab's cache directory, and the tools it needs from the distribution.

Everything that takes time to get or to make (emulator, kernels, roots) lives
below one directory.  An entry is made in a temporary directory beside its
final place and renamed when it is whole, under a lock: two labs may start at
once on an empty cache, and an interrupted one leaves nothing half made.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

LAB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LAB))


class LabError(Exception):
    """Something the user must know; shown as one line."""


class LabSkip(LabError):
    """The lab cannot run here at all; exit status 4."""


def note(text):
    """Tell the user what takes time."""
    print("lab: " + text, file=sys.stderr, flush=True)


def cache_dir():
    base = os.environ.get("HS_CACHE")
    if not base:
        xdg = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        base = os.path.join(xdg, "hyperspace")
    os.makedirs(base, exist_ok=True)
    return os.path.abspath(base)


@contextlib.contextmanager
def locked(name):
    """Hold the cache's lock of that name; waits for whoever makes the same thing."""
    path = os.path.join(cache_dir(), "." + name.replace("/", "_") + ".lock")
    with open(path, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            note("waiting for another lab that prepares " + name)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(name, make):
    """Return the directory of cache entry NAME; make(dir) fills it when missing."""
    final = os.path.join(cache_dir(), name)
    if os.path.isdir(final):
        return final
    with locked(name):
        if os.path.isdir(final):
            return final
        os.makedirs(os.path.dirname(final), exist_ok=True)
        tmp = tempfile.mkdtemp(prefix=".new-", dir=os.path.dirname(final))
        os.chmod(tmp, 0o755)
        try:
            make(tmp)
            try:
                os.rename(tmp, final)
            except OSError:
                if not os.path.isdir(final):    # else somebody put it there by hand
                    raise
                shutil.rmtree(tmp, ignore_errors=True)
        except BaseException:
            shutil.rmtree(tmp, ignore_errors=True)
            raise
    return final


def digest(*parts):
    """Short name for content made from PARTS (str or bytes)."""
    h = hashlib.sha256()
    for p in parts:
        h.update(p if isinstance(p, bytes) else str(p).encode())
        h.update(b"\0")
    return h.hexdigest()[:16]


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def command(argv, log=None, **kw):
    """Run ARGV; on failure raise LabError with the end of what it printed."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, errors="replace", check=False, **kw)
    if log:
        with open(log, "a") as f:
            f.write("$ %s\n%s" % (" ".join(argv), p.stdout))
    if p.returncode:
        tail = "\n".join(p.stdout.strip().splitlines()[-12:])
        raise LabError("'%s' failed with status %d:\n%s"
                       % (" ".join(argv[:6]), p.returncode, tail))
    return p.stdout


def need(packages):
    """Install what is missing of PACKAGES.

    A dict {package: file or tool that it gives, or a function that says whether it is there}.
    """
    def missing():
        lost = []
        for package, probe in packages.items():
            if callable(probe):
                found = probe()
            else:
                found = os.path.exists(probe) if probe.startswith("/") else shutil.which(probe)
            if not found:
                lost.append(package)
        return lost

    lost = missing()
    if not lost:
        return
    if os.geteuid():
        raise LabSkip("missing packages, and not root to install them: apt-get install "
                      + " ".join(lost))
    note("installing " + " ".join(lost))
    command([os.path.join(TOP, "selftests", "install.sh")] + lost)
    lost = missing()
    if lost:
        raise LabSkip("installed, but still missing: " + " ".join(lost))
