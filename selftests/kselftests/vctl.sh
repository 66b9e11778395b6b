#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests modules=tun,bridge alone
# vctl as scripts use it: exit status, what it prints, waiting without races,
# monitor, batches, devices, and what it says when there is no module.
. "${HERE:-/lab}/lib.sh"

G=$GUESTS
tmp=/tmp/vctl
mkdir -p $tmp
text() { # CMD...: output and errors in $out, status in $rc
	out=$("$@" 2>&1)
	rc=$?
}

plan 73

# --- loading ---
unload
text vctl list -n
is "the first request loads the module" "$rc $out" "0 "
has "and it is there" "$(lsmod)" '^hyperspace'
text vctl check
is "check says that this host can run VMs" "$rc" 0
has "in words" "$out" '^This host can run VMs.$'
has "check -j" "$(vctl -j check)" '"name":"[^"]*EPT[^"]*","source":"[^"]*","level":"required","ok":true'

# --- create ---
id=$(vctl create a --kernel "$G/serial.elf" --append deaf --mem 8M --testdev)
has "create prints the id" "$id" '^[0-9][0-9]*$'
text vctl create a --kernel "$G/serial.elf"
is "a name twice: status" "$rc" 2
has "a name twice: sentence" "$out" '^vctl: create: name: .* (EEXIST)$'
text vctl create b --kernel "$G/serial.elf" --mem 4097
is "odd memory: status" "$rc" 2
has "odd memory: attribute" "$out" '^vctl: create: mem: .* (EINVAL)$'
has "the same in JSON" "$(vctl -j create b --kernel "$G/serial.elf" --mem 4097 2>/dev/null)" \
	'^{"error":{"verb":"create","errno":"EINVAL","attr":"mem","message":"..*"}}$'
text vctl create b --kernel /etc/passwd
is "no kernel image" "$rc" 2
text vctl create b --kernel /lab
has "a folder as a kernel" "$out" '^vctl: create: kernel: '
is "nothing came of these" "$(vctl list -n -o name)" a

# --- states ---
is "defined" "$(state a)" defined
status "destroying what is not there" 2 vctl destroy nobody
text vctl show nobody
has "nor is it shown" "$rc $out" "^2 vctl: show: name: .* (ENOENT)\$"
status "pause before start" 2 vctl pause a
status "start" 0 vctl start a
is "running" "$(state a)" running
status "start again" 2 vctl start a
status "destroy what runs" 2 vctl destroy a
vctl pause a
is "paused" "$(vctl show "$id" --state)" paused
vctl resume a
vctl wait a running --timeout 60
status "a guest without ACPI ignores the power button" 3 vctl stop a --timeout 0.5
status "wait times out" 3 vctl wait a failed --timeout 0.2
status "stop by force" 0 vctl stop a --force --timeout 60
is "stopped" "$(state a)" stopped
has "list" "$(vctl list)" "^ *$id  a     stopped      1       8M  "
has "list -j" "$(vctl -j list)" '"name":"a","state":"stopped","reason":"[^"]*","cpus":1,"mem_max_bytes":8388608,'
is "list with columns" "$(vctl list -n -o STATE,NAME,VCPUS)" "stopped  a  1"

# --- waiting: a VM that ends at once is not missed ---
vctl create h --kernel "$G/hello.elf" --append "code=0" --mem 8M --testdev >/dev/null
bad=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	vctl wait h running --timeout 60 &
	waiting=$!
	await polls $waiting || bad=1
	vctl start h || bad=1
	wait $waiting || bad=1
	vctl wait h stopped --timeout 60 || bad=1
done
is "wait sees a state of a moment" $bad 0
vctl create t --kernel "$G/triple.elf" --mem 8M >/dev/null
vctl start t
text vctl wait t stopped --timeout 60
is "waiting for stopped ends when it failed" "$rc" 2
has "and says why" "$out" "^vctl: wait: VM 't' is failed: .*triple fault"
is "several states" "$(vctl wait t stopped,failed)" failed
has "diagnose" "$(vctl diagnose t)" "^VM 't' is failed: .*triple fault"
has "diagnose -j" "$(vctl -j diagnose t)" '"vcpus":\[{"vcpu":0,.*"regs":{"rax":[0-9]*,.*"exits":\[.*{"exit_reason":2,'

# --- monitor and batch ---
vctl monitor >$tmp/text &
m1=$!
vctl -j monitor >$tmp/json &
m2=$!
await polls $m1
await polls $m2
cat >$tmp/batch <<END
# all of it in one go
create "m" --kernel '$G/serial.elf' --append deaf --mem 8M
start m
pause m
resume m
stop m --force
start nobody
destroy m
END
text vctl -q -b $tmp/batch
is "a batch ends at its first fault" "$rc" 2
has "and names the line" "$out" "^vctl: $tmp/batch:7: start: name: .* (ENOENT)\$"
echo "destroy m" | vctl -b -
await grep -q destroyed $tmp/text
await grep -q destroyed $tmp/json
kill $m1 $m2
is "monitor" "$(sed 's/^\[ *[0-9]*\.[0-9]*\] m: //; s/: .*//' $tmp/text | tr '\n' ',' | sed 's/running -> paused/rp/')" \
	"$(printf 'defined,defined -> running,rp,paused -> running,running -> stopped,stopped -> destroyed,')"
is "monitor -j" "$(grep -c '^{"time_ns":[0-9]*,"id":[0-9]*,"name":"m",.*"state":"[a-z]*".*}$' $tmp/json)" 6

# --- devices ---
truncate -s 8M $tmp/disk.img
truncate -s 1M "$tmp/a,b.img"
mkfifo $tmp/pipe
modprobe tun && modprobe bridge || note "no tap or bridge here"
ip link add br-vctl type bridge
text vctl create d --kernel "$G/serial.elf" --append deaf --mem 8M --rng \
	--disk $tmp/disk.img --disk "$tmp/a,,b.img,ro,id=data" --net tap-vctl,bridge=br-vctl,mac=52:54:00:01:02:03 \
	--cpu-hide pcid,avx512f
has "create with devices" "$rc $out" '^0 [0-9][0-9]*$'
out=$(vctl show d)
has "show: a disk" "$out" '^disk0        virtio-blk  slot [0-9]*  rw  8M  no driver$'
has "show: one that can only be read" "$out" '^data         virtio-blk  slot [0-9]*  ro  1M  no driver$'
has "show: a net" "$out" '^net0         virtio-net  slot [0-9]*  52:54:00:01:02:03  no driver$'
has "show: entropy" "$out" '^[a-z0-9]* *virtio-rng  slot [0-9]*  no driver$'
has "show: what is hidden" "$out" '^cpu hides    pcid avx512f$'
has "show -j" "$(vctl -j show d)" '"cpu_hide":\["pcid","avx512f"\],.*"devices":\[.*{"id":"disk0","kind":"disk","slot":[0-9]*,"ro":false,"bytes":8388608,"driver":false,"requests":0,'
is "the tap is in the bridge" "$(basename "$(readlink /sys/class/net/tap-vctl/master)")" br-vctl
has "and up" "$(cat /sys/class/net/tap-vctl/flags)" '^0x...[13579bdf]$'
text vctl create e --kernel "$G/serial.elf" --net tap-vctl
has "a tap in use" "$rc $out" '^2 vctl: create: net: .*tap-vctl.* (EBUSY)$'
text vctl create e --kernel "$G/serial.elf" --disk $tmp/disk.img
has "a disk in use" "$rc $out" '^2 vctl: create: disk: .* (EBUSY)$'
text vctl create e --kernel "$G/serial.elf" --disk "$tmp/a,,b.img,ro" --disk "$tmp/a,,b.img,ro,id=x" --disk "$tmp/a,,b.img,ro,id=x"
has "an id twice, of three" "$rc $out" '^2 vctl: create: disk 3 id: .* (EEXIST)$'
text vctl create e --kernel "$G/serial.elf" --disk $tmp/pipe,ro
has "a pipe as a disk" "$rc $out" '^1 vctl: create: disk: '
text vctl create e --kernel "$G/serial.elf" --cpu-hide colour
has "no such feature" "$rc $out" '^2 vctl: create: cpu-hide: .* (ENOENT)$'
text vctl create e --kernel "$G/serial.elf" --net lo
has "an interface that is no tap" "$rc $out" "^1 vctl: create: net: 'lo' is an interface, but no tap device"
is "nothing came of these" "$(vctl list -n -o name | tr '\n' ' ')" "a h t d "

is "disk add prints the id" "$(vctl disk add d "$tmp/a,,b.img,ro")" disk1
text vctl disk add d "$tmp/a,,b.img,ro,id=data"
has "an id that is taken" "$rc $out" '^2 vctl: disk: disk id: .* (EEXIST)$'
status "disk remove" 0 vctl disk remove d disk1
text vctl disk remove d disk1
has "what is not there" "$rc $out" '^2 vctl: disk: id: .* (ENOENT)$'
vctl start d
text vctl disk add d "$tmp/a,,b.img,ro"
has "not while it runs" "$rc $out" '^2 vctl: disk: the VM is running: .* (EBUSY)$'
status "net remove neither" 2 vctl net remove d net0

has "stat" "$(vctl stat d)" '^NAME  CPU%  EXITS .*  FAULTS$'
is "stat: exits" "$(vctl stat -n -o name,exits d | sed 's/ *[1-9][0-9]*$/ some/')" "d some"
has "stat: devices" "$(vctl stat d)" '^d     disk0 '
has "stat -j" "$(vctl -j stat -i 0.2 -c 1 d)" '^\[{"id":[0-9]*,"name":"d","state":"running",.*"per_second":{"exits":[0-9]*,.*"devices":\[.*{"id":"disk0","requests":0,'
vctl stat -i 0.1 >$tmp/stat &
s1=$!
await grep -q '^d .*disk0' $tmp/stat
kill $s1
wait $s1
is "stat ends in good order when interrupted" $? 0
is "with what it printed complete" "$(tail -c 1 $tmp/stat)" ""

vctl stop d --force --timeout 60
status "net remove" 0 vctl net remove d net0
is "a tap that vctl made goes with it" "$(ls /sys/class/net | grep -c tap-vctl)" 0
vctl destroy d
ip link del br-vctl

# --- the end ---
vctl destroy a
vctl destroy h
vctl destroy t
is "nothing is left" "$(vctl -j list)" "[]"
unload
ko=$(find /lib/modules -name 'hyperspace.ko*')
mv "$ko" $tmp/
text vctl list
is "no module: status" "$rc" 4
text vctl check
is "no module: check" "$rc" 4
mv $tmp/hyperspace.ko* "$ko"
finish
