/* SPDX-License-Identifier: GPL-2.0 */
/*
 * First process of the Linux guest whose boot is measured: its first
 * instruction passes a mark; then it says so and powers the machine off, which
 * ends QEMU and the VM alike.
 */
#define MARK		0x48538001

#define SYS_WRITE	1
#define SYS_REBOOT	169
#define MAGIC1		0xfee1dead
#define MAGIC2		672274793
#define POWER_OFF	0x4321fedc

	.globl _start
_start:	prefetchnta MARK
	mov	$SYS_WRITE, %eax
	mov	$1, %edi
	lea	text(%rip), %rsi
	mov	$text_end - text, %edx
	syscall
	mov	$SYS_REBOOT, %eax
	mov	$MAGIC1, %edi
	mov	$MAGIC2, %esi
	mov	$POWER_OFF, %edx
	syscall
	ud2

text:	.ascii	"first process\n"
text_end:
	.section .note.GNU-stack, "", @progbits
