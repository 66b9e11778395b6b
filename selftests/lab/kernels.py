# SPDX-License-Identifier: GPL-2.0
"""Stock Debian kernels, fetched and unpacked, never installed.

A kernel directory holds: vmlinuz, config, System.map, release (a text file
with what uname -r says) and lib/modules/<release>/.
"""

import glob
import os
import re
import shutil

import apt
from cache import LabError, TOP, cache_dir, command, entry, note

# name: (suite, flavour)
STOCK = {
    "6.1": ("bookworm", "cloud-amd64"),
    "6.12": ("trixie", "cloud-amd64"),
    "6.1-amd64": ("bookworm", "amd64"),
    "6.12-amd64": ("trixie", "amd64"),
}


def image_package(suite, flavour):
    """linux-image-<release>-<flavour>, the newest that the suite has."""
    for name in apt.depends(suite, "linux-image-" + flavour):
        if re.fullmatch(r"linux-image-\d.*-" + re.escape(flavour), name):
            return name
    raise LabError("linux-image-%s of %s depends on no kernel" % (flavour, suite))


def unpack(package, suite, into):
    """Fetch PACKAGE and lay it out as a kernel directory."""
    note("fetching %s" % package)
    debs = apt.download(suite, [package], into)
    root = os.path.join(into, "root")
    for deb in debs:
        command(["dpkg", "-x", deb, root])
        os.unlink(deb)
    release = package[len("linux-image-"):]
    for name in ("vmlinuz", "config", "System.map"):
        shutil.move(os.path.join(root, "boot", name + "-" + release),
                    os.path.join(into, name))
    modules = [d for d in (os.path.join(root, "lib/modules", release),
                           os.path.join(root, "usr/lib/modules", release)) if os.path.isdir(d)]
    os.makedirs(os.path.join(into, "lib/modules"))
    shutil.move(modules[0], os.path.join(into, "lib/modules", release))
    shutil.rmtree(root)
    with open(os.path.join(into, "release"), "w") as f:
        f.write(release + "\n")
    command(["depmod", "-b", into, release])


def newest_cached(name):
    """The directory that `name` meant last time, or None."""
    link = os.path.join(cache_dir(), "kernels", name)
    return os.path.realpath(link) if os.path.exists(link) else None


def headers_here(flavour):
    """Newest release of that flavour whose headers this machine has, or None."""
    found = []
    for path in glob.glob("/lib/modules/*-" + flavour + "/build"):
        r = os.path.basename(os.path.dirname(path))
        # "amd64" is the end of "cloud-amd64" too.
        if re.fullmatch(r"[\d.+~a-z-]*?\d[\d.+a-z]*-" + re.escape(flavour), r) \
                and "cloud-" + flavour not in r and os.path.exists(path + "/Makefile"):
            found.append(r)
    return max(found, key=lambda r: [int(n) for n in re.findall(r"\d+", r)], default=None)


def source():
    """Directory that holds linux-source-6.1.tar.xz: Debian 12's, on whatever this machine runs."""
    suite, package = "bookworm", "linux-source-6.1"
    tar = package + ".tar.xz"

    def fetch(tmp):
        note("fetching %s (130 MiB)" % package)
        for deb in apt.download(suite, [package], tmp):
            command(["dpkg", "-x", deb, os.path.join(tmp, "root")])
            os.unlink(deb)
        shutil.move(os.path.join(tmp, "root/usr/src", tar), os.path.join(tmp, tar))
        shutil.rmtree(os.path.join(tmp, "root"))

    return entry(package, fetch)


def debug_kernel():
    """The debug kernel, built on first use by selftests/debugkernel."""
    if not newest_cached("debug"):
        note("building the debug kernel, once (this takes long)")
    return command([os.path.join(TOP, "selftests/debugkernel/build.sh")]).splitlines()[-1]


def find(name, update=False):
    """Directory of kernel NAME: a stock name, "debug", a release already cached, or a directory."""
    if os.path.isdir(name):
        if not os.path.exists(os.path.join(name, "vmlinuz")):
            raise LabError("%s holds no vmlinuz" % name)
        return os.path.abspath(name)
    if name == "debug":
        return debug_kernel()
    cached = newest_cached(name)
    if name not in STOCK:
        path = os.path.join(cache_dir(), "kernels", name)
        if os.path.isdir(path):
            return path
        raise LabError("unknown kernel '%s'; known: %s, debug, or a directory"
                       % (name, ", ".join(STOCK)))
    suite, flavour = STOCK[name]
    # What gets built here is built for the headers here: boot that very kernel.
    package = None
    if suite == apt.host_suite():
        here = headers_here(flavour)
        if here and os.path.isdir(os.path.join(cache_dir(), "kernels", here)):
            return os.path.join(cache_dir(), "kernels", here)
        if here and apt.has(suite, "linux-image-" + here):
            package = "linux-image-" + here
    if cached and not package and not update:
        return cached
    package = package or image_package(suite, flavour)
    where = entry("kernels/" + package[len("linux-image-"):],
                  lambda tmp: unpack(package, suite, tmp))
    link = os.path.join(cache_dir(), "kernels", name)
    tmp = "%s.%d" % (link, os.getpid())
    os.symlink(os.path.basename(where), tmp)
    os.replace(tmp, link)
    return where


def release(directory):
    """uname -r of the kernel in DIRECTORY."""
    path = os.path.join(directory, "release")
    if os.path.exists(path):
        with open(path) as f:
            return f.read().strip()
    found = glob.glob(os.path.join(directory, "lib/modules/*"))
    if len(found) == 1:
        return os.path.basename(found[0])
    raise LabError("%s: neither a file 'release' nor exactly one lib/modules/*" % directory)
