/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Boot sector of the lab machine.  The lab lays the kernel's real-mode part,
 * its protected-mode part and the initrd on a disk; this code reads them to
 * where the x86 boot protocol wants them and jumps to the kernel.
 *
 * The BIOS is not asked to read: it copies sector by sector through low
 * memory, which costs more emulated instructions than the rest of the boot.
 * Whole pieces come by ATA PIO in flat 32-bit mode instead.
 *
 * The lab patches `frame' (sent at each start, so that it sees a reset) and
 * `table': up to four {address, first sector, sectors}, address 0 ends it.
 */
#define SETUP_SEG	0x9000
#define ATA		0x1f0

	.code16
	.globl _start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	$frame, %si
	movw	$20, %cx
	movw	$0xe9, %dx
	rep outsb

	inb	$0x92, %al		/* A20 */
	orb	$2, %al
	andb	$~1, %al
	outb	%al, $0x92
	lgdtl	gdt_ptr
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$0x08, $flat

	.code32
flat:	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	movl	$table, %ebx
piece:	movl	(%ebx), %edi
	testl	%edi, %edi
	jz	go
	movl	4(%ebx), %esi		/* sector */
	movl	8(%ebx), %ebp		/* sectors left */

	/* READ SECTORS EXT takes 65536 sectors at most. */
chunk:	movl	%ebp, %ecx
	cmpl	$0x8000, %ecx
	jbe	1f
	movl	$0x8000, %ecx
1:	pushl	%ecx
	movw	$ATA + 6, %dx
	movb	$0x40, %al		/* LBA, master */
	outb	%al, %dx
	movw	$ATA + 2, %dx
	movb	%ch, %al
	outb	%al, %dx		/* count 15:8 */
	incw	%dx
	movl	%esi, %eax
	shrl	$24, %eax
	outb	%al, %dx		/* LBA 31:24 */
	incw	%dx
	xorb	%al, %al
	outb	%al, %dx		/* LBA 39:32 */
	incw	%dx
	outb	%al, %dx		/* LBA 47:40 */
	movw	$ATA + 2, %dx
	movb	%cl, %al
	outb	%al, %dx		/* count 7:0 */
	incw	%dx
	movl	%esi, %eax
	outb	%al, %dx		/* LBA 7:0 */
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx		/* LBA 15:8 */
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx		/* LBA 23:16 */
	movw	$ATA + 7, %dx
	movb	$0x24, %al
	outb	%al, %dx

sector:	movw	$ATA + 7, %dx
poll:	inb	%dx, %al
	testb	$0x80, %al		/* BSY */
	jnz	poll
	testb	$0x01, %al		/* ERR: stop here, the lab's watchdog tells */
	jnz	stop
	testb	$0x08, %al		/* DRQ */
	jz	poll
	movw	$ATA, %dx
	movl	$256, %ecx
	rep insw
	incl	%esi
	decl	%ebp
	decl	(%esp)
	jnz	sector
	popl	%ecx
	testl	%ebp, %ebp
	jnz	chunk
	addl	$12, %ebx
	jmp	piece
stop:	hlt
	jmp	stop

go:	ljmp	$0x18, $back
	.code16
back:	movw	$0x20, %ax		/* real-mode limits again */
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	%cr0, %eax
	andb	$~1, %al
	movl	%eax, %cr0
	ljmp	$0, $real
real:	movw	$SETUP_SEG, %ax
	movw	%ax, %ss
	movw	$0xe000, %sp
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	ljmp	$SETUP_SEG + 0x20, $0

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: code, 32 bit, flat */
	.quad	0x00cf93000000ffff	/* 10: data, flat */
	.quad	0x00009b000000ffff	/* 18: code, 16 bit, 64 KiB */
	.quad	0x000093000000ffff	/* 20: data, 64 KiB */
gdt_ptr: .word	gdt_ptr - gdt - 1
	.long	gdt

	.org	0x160
table:	.fill	12, 4, 0
	.org	0x1a0
frame:	.fill	20, 1, 0
	.org	446			/* one active partition, for BIOSes that look */
	.byte	0x80, 0, 2, 0, 0xda, 15, 63, 0
	.long	1, 1007
	.org	510
	.byte	0x55, 0xaa
