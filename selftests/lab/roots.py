# SPDX-License-Identifier: GPL-2.0
"""Root directories of a named Debian suite, with what building the module needs.

The compiler and DKMS of Debian 13 want a newer libc than Debian 12 has, so a
foreign suite's headers are used in a root of that suite.  The root is made
once and cached; it has the headers of the very kernel that the lab boots.
"""

import os
import subprocess

import apt
from cache import LabError, LabSkip, TOP, entry, need, note
import kernels

PACKAGES = ("gcc", "make", "libc6-dev", "sparse", "dkms", "kmod", "xz-utils", "zstd",
            "libelf-dev", "python3-minimal")
# Which of the lab's kernels a suite builds for.
KERNEL = {"bookworm": "6.1", "trixie": "6.12"}

# In a mount namespace of its own, so that nothing stays mounted.  The root
# itself is bound over, because a lab may have it below a mount with nodev.
ENTER = """
set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mkdir -p "$ROOT/src"
mount --bind "$TREE" "$ROOT/src"
mount -t proc proc "$ROOT/proc" 2>/dev/null || mount --rbind /proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
exec chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \\
    LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" $KEEP sh -c 'cd /src && exec "$@"' sh "$@"
"""


def make(suite, release, into):
    need({"mmdebstrap": "mmdebstrap"})
    note("making a root of %s with the headers of %s (about 2 minutes)" % (suite, release))
    packages = PACKAGES + ("linux-headers-" + release,)
    argv = ["mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory",
            "--keyring=" + apt.KEYRING, "--include=" + ",".join(packages),
            '--aptopt=Acquire::Languages "none"', '--dpkgopt=path-exclude=/usr/share/man/*',
            '--dpkgopt=path-exclude=/usr/share/doc/*', suite, os.path.join(into, "root")]
    p = subprocess.run(argv, input="\n".join(apt.sources(suite)) + "\n", text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if p.returncode:
        raise LabError("mmdebstrap for %s failed:\n%s"
                       % (suite, "\n".join(p.stdout.splitlines()[-15:])))


def find(suite):
    """The root of SUITE; made when it is missing."""
    if suite not in KERNEL:
        raise LabError("no root for suite '%s'; known: %s" % (suite, ", ".join(KERNEL)))
    if os.geteuid():
        raise LabSkip("making and entering a root needs root")
    release = kernels.release(kernels.find(KERNEL[suite]))
    return os.path.join(entry("roots/%s-%s" % (suite, release),
                              lambda tmp: make(suite, release, tmp)), "root")


def run(suite, argv):
    """Run ARGV in the root of SUITE with the project at /src; returns its exit status."""
    env = dict(os.environ, ROOT=find(suite), TREE=TOP)
    # Variables that steer the project's own scripts come along.
    keep = [k for k in env if k.startswith("HS_") and k != "HS_CACHE" and env[k].isalnum()]
    env["KEEP"] = " ".join("%s=%s" % (k, env[k]) for k in keep)
    return subprocess.run(["unshare", "--mount", "sh", "-c", ENTER, "sh"] + list(argv),
                          env=env, check=False).returncode
