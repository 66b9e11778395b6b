/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Firmware of the machine in run.sh: one page at 0xff000, with the reset vector
 * at its end.  It puts the CPU into the state that the loader asked for and
 * jumps.  state.inc holds that state.
 */
	.include "state.inc"
	.set SEG, 0xf000		/* this page, as an offset in segment 0xf000 */

	.macro pci_write address, size, value
	movl	$\address, %eax
	movw	$0xcf8, %dx
	outl	%eax, %dx
	movl	$\value, %eax
	movw	$0xcfc, %dx
	.if \size == 1
	outb	%al, %dx
	.else
	outl	%eax, %dx
	.endif
	.endm

	.text
	.code16
start:
	cli
	/*
	 * What firmware does to a chipset: the PM block where the FADT says, and
	 * SCI_EN.  ICH9 (device 31), then PIIX4 (device 1, function 3): the one
	 * that is not there ignores it.
	 */
	pci_write 0x8000f840, 4, (PM_BASE | 1)
	pci_write 0x8000f844, 1, 0x80
	pci_write 0x80000b40, 4, (PM_BASE | 1)
	pci_write 0x80000b80, 1, 1
	movw	$PM1A_CNT, %dx
	movw	$1, %ax
	outw	%ax, %dx

	lgdtl	%cs:(gdtr - start + SEG)
	lidtl	%cs:(idtr - start + SEG)
	.if LONG
	movl	$CR4, %eax
	movl	%eax, %cr4
	movl	$CR3, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	movl	$EFER, %eax
	xorl	%edx, %edx
	wrmsr
	.endif
	movl	$CR0, %eax
	movl	%eax, %cr0
	ljmpl	$SEL_CS, $(0xff000 + go - start)

	.if LONG
	.code64
	.else
	.code32
	.endif
go:
	movl	$SEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$RAX, %eax
	movl	$RBX, %ebx
	movl	$RSI, %esi
	movl	$RSP, %esp
	xorl	%edx, %edx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	.if LONG
	movabsq	$RIP, %rcx
	jmp	*%rcx
	.else
	movl	$RIP, %ecx
	jmp	*%ecx
	.endif

	.align	8
gdtr:	.word	GDT_LIMIT
	.long	GDT_BASE
idtr:	.word	0
	.long	0

	.org	0xff0			/* reset vector: 0xfffffff0 */
	.code16
	ljmpw	$0xf000, $SEG
	.org	0x1000
