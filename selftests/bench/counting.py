# SPDX-License-Identifier: GPL-2.0
"""The emulator that counts: the lab's Bochs with count/ as its instrumentation."""
import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))
import emulator as lab_emulator  # noqa: E402
from cache import LabError, entry, need  # noqa: E402


def emulator():
    """Path of the counting emulator, built on first use from the lab's own source."""
    need(lab_emulator.BIOS)
    sources = sorted(glob.glob(os.path.join(HERE, "count", "instrument.*")))

    def make(tmp):
        tarball = lab_emulator.tarball()
        if not tarball:
            raise LabError("no source of Bochs to build the counting emulator from")
        lab_emulator.build(tarball, tmp, sources)

    return os.path.join(entry(lab_emulator.build_name(sources), make), "bochs")


if __name__ == "__main__":
    print(emulator())
