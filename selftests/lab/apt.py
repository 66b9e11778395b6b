# SPDX-License-Identifier: GPL-2.0
"""Packages of a named Debian suite, from the mirrors that this machine uses.

The machine's own apt sources are read and never touched: each suite gets an
apt configuration of its own, with its own lists, below the cache.
"""

import glob
import os
import subprocess
import time

from cache import LabError, LabSkip, cache_dir, command, locked, note

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH_S = 20 * 3600     # lists older than this are asked for again
SUITES = ("bookworm", "trixie", "forky", "sid")


def host_suite():
    """Code name of the machine's own release."""
    with open("/etc/os-release") as f:
        for line in f:
            key, _, value = line.strip().partition("=")
            if key == "VERSION_CODENAME":
                return value.strip('"')
    return ""


def mirrors():
    """(main URI, security URI) as the machine's apt is configured."""
    out = command(["apt-get", "indextargets", "--format",
                   "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Created-By: Packages"])
    main = security = None
    for line in out.splitlines():
        fields = line.split()
        if len(fields) != 3 or fields[2] != "main":
            continue
        uri, release = fields[0], fields[1]
        base = release.split("-")[0].split("/")[0]
        if base not in SUITES and base not in ("stable", "oldstable", "testing"):
            continue
        if "security" in release:
            security = security or uri
        elif release == base:
            main = main or uri
    if not main:
        raise LabSkip("apt on this machine knows no Debian mirror (apt-get indextargets)")
    return main, security


def sources(suite):
    """deb lines of SUITE (with its security updates)."""
    main, security = mirrors()
    lines = ["deb %s %s main" % (main, suite), "deb %s %s-updates main" % (main, suite)]
    if security:
        lines.append("deb %s %s-security main" % (security, suite))
    return lines


def private(suite):
    """Options that make apt see SUITE alone; its lists are fetched when stale."""
    base = os.path.join(cache_dir(), "apt", suite)
    for d in ("lists/partial", "cache/archives/partial", "etc", "state"):
        os.makedirs(os.path.join(base, d), exist_ok=True)
    conf = os.path.join(base, "etc", "apt.conf")
    lines = sources(suite)
    with locked("apt-" + suite):
        with open(os.path.join(base, "etc", "sources.list"), "w") as f:
            for line in lines:
                kind, rest = line.split(" ", 1)
                for k in (kind, kind + "-src"):
                    f.write("%s [signed-by=%s] %s\n" % (k, KEYRING, rest))
        status = os.path.join(base, "state", "status")
        open(status, "a").close()
        with open(conf, "w") as f:
            f.write('Dir::Etc::SourceList "%s/etc/sources.list";\n' % base)
            f.write('Dir::Etc::SourceParts "-";\n')
            f.write('Dir::Etc::Preferences "-";\nDir::Etc::PreferencesParts "-";\n')
            f.write('Dir::State::Lists "%s/lists";\n' % base)
            f.write('Dir::State::Status "%s";\n' % status)
            f.write('Dir::Cache "%s/cache";\n' % base)
            f.write('APT::Architecture "amd64";\nAPT::Architectures "amd64";\n')
            f.write('Acquire::Languages "none";\nAPT::Sandbox::User "root";\n')
        env = dict(os.environ, APT_CONFIG=conf)
        stamp = os.path.join(base, "state", "updated")
        old = not os.path.exists(stamp) or time.time() - os.path.getmtime(stamp) > FRESH_S
        if old:
            note("fetching the package lists of " + suite)
            try:
                command(["apt-get", "update", "-q"], env=env)
                open(stamp, "w").close()
            except LabError as e:
                if not os.path.exists(stamp):
                    raise
                note("old package lists are used: " + str(e).splitlines()[-1])
    return env


def depends(suite, package):
    """What the newest PACKAGE of SUITE directly depends on."""
    out = command(["apt-cache", "depends", "--no-recommends", "--no-suggests", package],
                  env=private(suite))
    return [l.split()[-1] for l in out.splitlines() if l.strip().startswith("Depends:")]


def has(suite, package):
    """Whether SUITE has PACKAGE."""
    p = subprocess.run(["apt-cache", "show", package], env=private(suite),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
    return p.returncode == 0


def download(suite, packages, into):
    """Download PACKAGES of SUITE; return the paths of the .deb files."""
    env = private(suite)
    before = set(glob.glob(os.path.join(into, "*.deb")))
    command(["apt-get", "download", "-q"] + list(packages), env=env, cwd=into)
    return sorted(set(glob.glob(os.path.join(into, "*.deb"))) - before)


def source(suite, package, into):
    """Download the files of a source package into INTO, as far as the mirror has them."""
    subprocess.run(["apt-get", "source", "-q", "--download-only", package], cwd=into,
                   env=private(suite), stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
