# SPDX-License-Identifier: GPL-2.0
"""Rows of make bench for devices: one stock Linux guest under QEMU/KVM and under Hyperspace.

The guest measures itself (iobench.c); so what counts is all that is executed on the
machine's only CPU from one request to the next, by guest, host and QEMU.  Behind the
disk is null_blk, which completes at once; frames go to a tap device and are for
nobody, so the host drops them.  QEMU gets its best: its own threads out of the way
(vhost-net; native asynchronous I/O in an I/O thread), modern devices, no cache.
"""
import base64
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(TOP, "selftests", "lab", "lab")

# Row: (name, the most that we may take of what QEMU takes)
ROWS = [
    ("blk-4k-qd1", 0.5),
    ("blk-4k-qd16", 0.5),
    ("net-tx-1514", 0.8),
    ("net-tx-65000", 0.8),
]
MEMORY_ROW, MEMORY_MOST = "memory-of-a-vm", 512 << 10      # bytes beyond guest RAM and page metadata
PRIVATE_THEN = 14 << 20         # QEMU's private memory when the goal was set
VMS = 16                        # that the memory row is an average of

MEM = "192M"
RUN = ("ip link set eth0 up; echo none >/sys/block/vda/queue/scheduler; iobench blk 1 2000; iobench blk 16 8000; iobench net 1514 8000;"
       " iobench net 65000 2400; echo; echo measured; poweroff -f")
APPEND = "console=ttyS0 quiet cryptomgr.notests hs.cmd=" + base64.b64encode(RUN.encode()).decode()
QEMU = ("Q=/disk/qemu-pci; $Q/lib/ld-linux-x86-64.so.2 --library-path $Q/lib $Q/qemu-system-x86_64"
        " -L $Q/share -M q35,accel=kvm -cpu host -nodefaults -no-user-config -display none"
        " -no-reboot -smp 1 -m " + MEM +
        " -object iothread,id=io"
        " -drive if=none,id=d,file=/dev/nullb0,format=raw,cache=none,aio=native"
        " -device virtio-blk-pci,drive=d,disable-legacy=on,iothread=io"
        " -netdev tap,id=n,ifname=hsq,script=no,downscript=no,vhost=on"
        " -device virtio-net-pci,netdev=n,disable-legacy=on,romfile="
        " -kernel /lab/vmlinuz -initrd /lab/initrd-io -append '" + APPEND + "' -serial stdio")
ROW = re.compile(r"^ROW (\S+) (\d+) (\d+)")
BAD = re.compile(r"^BAD (.*)")

# MemFree, less what frees itself: caches and slabs that can go.
FREE = ("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.2; echo 3 >/proc/sys/vm/drop_caches;"
        " awk '/^MemFree:/ { a += $2 } /^(Cached|Buffers|SReclaimable):/ { a += $2 }"
        " / count:/ { a += $2 * 4 } END { print a * 1024 }' /proc/meminfo /proc/zoneinfo")
# Beyond RAM that guests hold and the pages of their EPT, which every VMM has.
MEMORY = ("free() { %s; }; v() { vctl create m$1 --kernel /lab/spin.elf --append sti --mem 128M --testdev"
          " >/dev/null && vctl start m$1 && vctl pause m$1; };"
          " e() { vctl stop m$1 --force; vctl destroy m$1; };"
          " v 0; e 0; a=$(free); for i in $(seq %d); do v $i; done; sleep 0.5; b=$(free);"
          " held=$(for i in $(seq %d); do vctl -j show m$i; done |"
          " sed -n 's/.*\"charged_bytes\": *\\([0-9]*\\).*/\\1/p' | awk '{ s += $1 } END { print s }');"
          " ept=$(for i in $(seq %d); do vctl -j show m$i; done |"
          " sed -n 's/.*\"overhead_bytes\": *\\([0-9]*\\).*/\\1/p' | awk '{ s += $1 } END { print s }');"
          " echo MEMORY $a $b $held $ept; for i in $(seq %d); do e $i; done"
          % (FREE, VMS, VMS, VMS, VMS))


def lab_dir(*what):
    return subprocess.run([LAB] + list(what), check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


def rows_of(text):
    """{name: ticks} and what was wrong."""
    rows, bad = {}, []
    for line in text.splitlines():
        line = line.strip()
        if ROW.match(line):
            rows[ROW.match(line).group(1)] = int(ROW.match(line).group(2))
        elif BAD.match(line):
            bad.append(BAD.match(line).group(1))
    return rows, bad


def parts_of(text):
    """Text below "=== kvm" and below "=== hyperspace"."""
    parts, current = {"kvm": "", "hyperspace": ""}, None
    for line in text.splitlines():
        if line.startswith("=== "):
            current = line[4:].strip()
        elif current in parts:
            parts[current] += line + "\n"
    return parts["kvm"], parts["hyperspace"]


def memory_of_a_vm(text):
    """Bytes that a VM costs beyond what it holds and its EPT and tables, or None."""
    found = re.search(r"^MEMORY (\d+) (\d+) (\d+) (\d+)", text, re.M)
    if not found:
        return None
    before, after, held, _ = map(int, found.groups())
    return (before - after - held) / VMS


def run(kernel):
    """Output of the lab run, or None."""
    out = os.path.join(TOP, "build", "bench", "devices")
    os.makedirs(out, exist_ok=True)
    disk = os.path.join(out, "disk.img")
    subprocess.run([LAB, "disk", disk, "160", lab_dir("qemu", "pci") + ":qemu-pci"], check=True)
    build = os.path.join(TOP, "build")
    commands = [
        "modprobe null_blk nr_devices=1 gb=4 irqmode=0 queue_mode=2 && modprobe tun"
        " && modprobe vhost_net && modprobe kvm_intel enable_apicv=0 &&"
        " tunctl -t hsq >/dev/null && ip link set hsq up; echo === kvm; " + QEMU +
        "; tunctl -d hsq >/dev/null; rmmod kvm_intel kvm",
        "modprobe hyperspace && vctl create io --kernel /lab/vmlinuz --initrd /lab/initrd-io"
        " --mem " + MEM + " --append '" + APPEND + "' --disk /dev/nullb0,direct --net hso &&"
        " ip link set hso up && vctl start io && vctl wait io stopped --timeout 600;"
        " echo === hyperspace; vctl console io --log; vctl destroy io",
        MEMORY,
    ]
    done = subprocess.run(
        [LAB, "run", "--kernel", kernel, "--cpus", "1", "--mem", "1200", "--out", out,
         "--append", "mitigations=off", "--disk", disk, "--timeout", "1800",
         "--modules", "kvm_intel,null_blk,tun,vhost_net",
         "--file", build + "/bench/initrd-io", "--file", build + "/guests/spin.elf",
         "--file", lab_dir("kernel", "6.1") + "/vmlinuz:/lab/vmlinuz", "--"] + commands,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    os.unlink(disk)
    if done.returncode:
        print(done.stdout)
        return None
    return done.stdout


def table(kernel):
    """Prints the table of devices; returns the number of rows that miss their goal."""
    print("\n## Devices, Linux %s guest on Linux %s, mitigations=off\n" % ("6.1", kernel))
    text = run(kernel)
    if text is None:
        return 1
    (kvm, bad_kvm), (ours, bad_ours) = map(rows_of, parts_of(text))
    missed = 0
    for what in bad_kvm + bad_ours:
        print("WRONG RESULT " + what)
        missed += 1
    print("| operation | QEMU/KVM | Hyperspace | ratio | goal | |")
    print("|---|---|---|---|---|---|")
    for name, share in ROWS:
        if name not in ours or name not in kvm:
            print("| %s | %s | %s | - | <= %.2f | MISSING |"
                  % (name, kvm.get(name, "-"), ours.get(name, "-"), share))
            missed += 1
            continue
        good = ours[name] <= share * kvm[name]
        missed += not good
        print("| %s | %d | %d | %.2f | <= %.2f | %s |"
              % (name, kvm[name], ours[name], ours[name] / max(kvm[name], 1), share,
                 "ok" if good else "MISSED"))
    memory = memory_of_a_vm(text)
    if memory is None:
        print("| %s | - | - | - | - | MISSING |" % MEMORY_ROW)
        return missed + 1
    good = memory <= MEMORY_MOST
    print("| %s, bytes (QEMU: its private memory) | %d | %d | %.2f | <= %d | %s |"
          % (MEMORY_ROW, PRIVATE_THEN, memory, memory / PRIVATE_THEN, MEMORY_MOST,
             "ok" if good else "MISSED"))
    return missed + (not good)
