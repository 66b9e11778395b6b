#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Do real kernels start from what the loaders leave in memory?
#
#	run.sh [KERNEL...]
#
# The loaders' output - memory, registers, ACPI tables - is put into QEMU's own
# emulation of a PC, which needs no VT-x and has the same devices at the same
# places.  There a stock kernel has to find its memory, CPUs and devices, reach
# its init, see the power button and switch itself off by what the tables say.
# So an error in them shows without the module, and not as a fault of the module.
#
# KERNEL: bzImages; by default those that the lab has fetched.  Speaks KTAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=${OUT:-$top/build/boot}
cache=${HS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyperspace}
n=0
failed=0

echo "TAP version 13"
skip()
{
	echo "1..0 # SKIP $*"
	exit 4
}

for tool in qemu-system-x86_64 gcc as objcopy cpio xz zstd; do
	command -v $tool > /dev/null || skip "$tool is not installed"
done
busybox=$("$top/selftests/lab/lab" busybox) || skip "no static busybox (package busybox-static)"
kernels=("$@")
[ $# != 0 ] || for k in "$cache"/kernels/6.1/vmlinuz "$cache"/kernels/6.12/vmlinuz; do
	[ -e "$k" ] && kernels+=("$k")
done
[ ${#kernels[@]} != 0 ] || skip "no kernel given, and the lab has fetched none"

mkdir -p "$out"
gcc -O1 -g -Wall -I"$top/kmod" -I"$top/include/uapi" -o "$out/load" "$here/load.c" \
	"$top"/kmod/boot/{layout,load,entry,elf,bzimage,pvh,multiboot,acpi,smbios}.c || exit 1

result() # STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		sed 's/^/# /' "$out/log" | tail -n 40
		echo "not ok $n $2"
		failed=1
	fi
}

make_initrd() # KERNEL
{
	local root=$out/initrd.d modules m ko

	rm -rf "$root"
	mkdir -p "$root/bin"
	cp "$busybox" "$root/bin/busybox"
	modules=$(dirname "$1")/lib/modules
	for m in button evdev; do
		ko=$(find "$modules" -name "$m.ko*" 2> /dev/null | head -n 1)
		case $ko in
		*.xz) xz -dc "$ko" > "$root/$m.ko" ;;
		*.zst) zstd -q -dc "$ko" > "$root/$m.ko" ;;
		?*) cp "$ko" "$root/$m.ko" ;;
		esac
	done
	cat > "$root/init" << 'END'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev 2>/dev/null
echo "up: $(nproc) CPUs, $(($(awk '/^[0-9a-f-]* : System RAM/ {
	split($1, r, "-"); kib += (("0x" r[2]) - ("0x" r[1]) + 1) / 1024 } END { print kib }' /proc/iomem))) KiB"
grep -q ' PM1a_EVT_BLK\|ACPI PM1a_EVT_BLK' /proc/ioports && echo "up: PM1 registers"
grep -q ' 9:.*IO-APIC *9-fasteoi *acpi' /proc/interrupts && echo "up: SCI"
[ -e /sys/class/rtc/rtc0/date ] && echo "up: RTC $(cat /sys/class/rtc/rtc0/date)"
ls /sys/bus/acpi/devices | tr '\n' ' ' | sed 's/^/up: /'
echo
if [ -e /button.ko ]; then
	insmod /button.ko
	insmod /evdev.ko
	echo "up: waiting for the button"
	# type, code and value of an input event: key, KEY_POWER, pressed
	head -c 24 /dev/input/event0 | tail -c 8 | hexdump -e '8/1 "%02x" "\n"' | sed 's/^/up: event /'
fi
poweroff -f
END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) > "$out/initrd.cpio"
}

# Starts MACHINE with what the loader makes of KERNEL; the log is in $out/log.
boot() # MACHINE KERNEL INITRD|- CMDLINE MIB CPUS [QEMU-OPTION...]
{
	local machine=$1 mib=$5 cpus=$6 dir=$out/guest opts=()

	rm -rf "$dir"
	mkdir -p "$dir"
	: > "$out/log"
	"$out/load" "$2" "$3" "$4" "$5" "$6" "$dir" > "$out/log" 2>&1 || return 1
	shift 6
	as --64 -I "$dir" -o "$dir/firmware.o" "$here/firmware.S" &&
		objcopy -O binary -j .text "$dir/firmware.o" "$dir/firmware.bin" &&
		cp "$dir/acpi.bin" "$dir/bios.bin" &&
		dd if="$dir/firmware.bin" of="$dir/bios.bin" bs=4096 seek=31 conv=notrunc status=none ||
		return 1
	[ -s "$dir/initrd.bin" ] &&
		opts+=(-device "loader,file=$dir/initrd.bin,addr=$(cat "$dir/initrd.addr"),force-raw=on")
	timeout 180 qemu-system-x86_64 -M "$machine" -accel tcg -cpu max -smp "$cpus" -m "$mib" \
		-bios "$dir/bios.bin" -nodefaults -display none -serial stdio \
		-monitor "unix:$dir/monitor,server=on,wait=off" \
		-device "loader,file=$dir/low.bin,addr=0,force-raw=on" \
		-device "loader,file=$dir/kernel.bin,addr=$(cat "$dir/kernel.addr"),force-raw=on" \
		"${opts[@]}" "$@" < /dev/null > "$out/log" 2>&1
}

press_button()
{
	for _ in $(seq 170); do
		grep -q '^up: waiting for the button' "$out/log" && break
		sleep 1
	done
	python3 - "$out/guest/monitor" << 'END'
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
time.sleep(1)
s.send(b"system_powerdown\n")
time.sleep(1)
END
}

# A Linux guest, from its first instruction to its switching itself off: it ends
# the emulator only by a write of \_S5's value with SLP_EN to PM1 control, which
# the s4_val option makes known to it; a reset would start it again.
linux() # NAME MACHINE CHIPSET KERNEL MIB CPUS
{
	local name=$1 machine=$2 chipset=$3 kernel=$4 mib=$5 cpus=$6 presser='' st

	: > "$out/log"
	if [ -e "$out/initrd.d/button.ko" ]; then
		press_button &
		presser=$!
	fi
	boot "$machine" "$kernel" "$out/initrd.cpio" "console=ttyS0 panic=-1 loglevel=6" "$mib" "$cpus" \
		-global "$chipset.s4_val=5"
	st=$?
	tr -d '\r' < "$out/log" > "$out/log.txt"
	mv "$out/log.txt" "$out/log"
	[ -z "$presser" ] || { kill $presser; wait $presser; } 2> /dev/null
	result $st "$name: switches itself off"
	# 1 MiB less than it has, but for the first 0x9f000 bytes of it.
	grep -q "^up: $cpus CPUs, $((mib * 1024 - 1024 + 635)) KiB" "$out/log"
	result $? "$name: $cpus CPUs, $mib MiB"
	grep -q "^up: PM1 registers" "$out/log" && grep -q "^up: SCI" "$out/log" &&
		grep -q "^up: RTC 20" "$out/log" &&
		grep -q "^up: LNXPWRBN:00 .*PNP0000:00 PNP0100:00 PNP0501:00 PNP0B00:00 QEMU0001:00" \
			"$out/log"
	result $? "$name: devices by ACPI"
	! grep -iE 'ACPI.*(warning|error|exception)|firmware bug|e820.*overlap' "$out/log" > "$out/bad" ||
		! cat "$out/bad" >> "$out/log"
	result $? "$name: no complaint about the tables"
	if [ -n "$presser" ]; then
		grep -q '^up: event 0100740001000000' "$out/log"
		result $? "$name: power button"
	fi
}

for kernel in "${kernels[@]}"; do
	release=$(basename "$(dirname "$(realpath "$kernel")")")
	make_initrd "$kernel"
	linux "$release bzImage" q35 ICH9-LPC "$kernel" 256 2
	"$here/extract-vmlinux" "$kernel" "$out/vmlinux" > "$out/log" 2>&1
	result $? "$release: its ELF file comes out of the bzImage"
	linux "$release PVH" q35 ICH9-LPC "$out/vmlinux" 128 1
done

# RAM on both sides of the hole, as this project lays it out.
linux "$release bzImage, 5 GiB" pc,max-ram-below-4g=3G PIIX4_PM "$kernel" 5120 2

# Loaded beyond 4 GiB, because the image says so.
cp "$kernel" "$out/high"
printf '\000\000\000\040\001\000\000\000' | dd of="$out/high" bs=1 seek=600 conv=notrunc status=none
linux "$release bzImage at 4.5 GiB" pc,max-ram-below-4g=3G PIIX4_PM "$out/high" 5120 1

# A program of this project, by multiboot; it writes its exit code to a port.
make -s -C "$here/../guests" OUT="$out/guests" "$out/guests/hello.elf" > "$out/log" 2>&1
boot q35 "$out/guests/hello.elf" - "code=3 a b" 64 1 -device isa-debug-exit,iobase=0xf4,iosize=4
[ $? = 7 ] && grep -q "64512 KiB above 1 MiB, args 'code=3 a b'" "$out/log"
result $? "multiboot program"

echo "1..$n"
exit $failed
