# SPDX-License-Identifier: GPL-2.0
"""The emulator that counts: Bochs with count/ as its instrumentation."""
import glob
import hashlib
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))
import emulator as lab_emulator  # noqa: E402
from cache import LabError, cache_dir, command, entry, need, note  # noqa: E402


def build(tarball, into):
    need({"g++": "g++", "make": "make", "xz-utils": "xz"})
    note("building the counting Bochs (about 2 minutes on 2 cores)")
    src = os.path.join(into, "src")
    os.makedirs(src)
    command(["tar", "-xf", tarball, "-C", src, "--strip-components=1"])
    for path in glob.glob(os.path.join(HERE, "count", "instrument.*")):
        shutil.copy(path, os.path.join(src, "instrument", "stubs"))
    log = os.path.join(into, "build.log")
    env = dict(os.environ, CFLAGS="-O3", CXXFLAGS="-O3")
    command(["./configure", "--enable-instrumentation"] + lab_emulator.CONFIGURE,
            cwd=src, env=env, log=log)
    command(["make", "-j%d" % (os.cpu_count() or 1), "bochs"], cwd=src, log=log)
    shutil.copy(os.path.join(src, "bochs"), os.path.join(into, "bochs"))
    shutil.rmtree(src)


def emulator():
    """Path of the counting emulator, built on first use."""
    lab_emulator.need(lab_emulator.BIOS)
    digest = hashlib.sha256()
    for path in sorted(glob.glob(os.path.join(HERE, "count", "instrument.*"))):
        with open(path, "rb") as source:
            digest.update(source.read())
    name = "bochs-count-" + digest.hexdigest()[:12]
    tarball = lab_emulator.tarball()
    path = os.path.join(cache_dir(), name, "bochs")
    if not os.path.exists(path):
        if not tarball:
            raise LabError("no source of Bochs to build the counting emulator from")
        entry(name, lambda tmp: build(tarball, tmp))
    return path


if __name__ == "__main__":
    print(emulator())
