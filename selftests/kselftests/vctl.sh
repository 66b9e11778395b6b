#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lab: hz=200M files=guests alone
# vctl as scripts use it: exit status, what it prints, waiting without races,
# monitor, batches, and what it says when there is no module.
. "${HERE:-/lab}/lib.sh"

G=$GUESTS
tmp=/tmp/vctl
mkdir -p $tmp
text() { # CMD...: output and errors in $out, status in $rc
	out=$("$@" 2>&1)
	rc=$?
}

plan 42

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
