/* SPDX-License-Identifier: GPL-2.0 */
/* Where a second CPU begins: real mode at LOW, then like start.S. */
#define LOW	0x8000
#define AT(l)	(LOW + l - ap_begin)

	.section .text.ap, "ax"
	.globl	ap_begin, ap_end
	.code16
ap_begin:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	incl	AT(ap_came)
	lgdtl	AT(ap_gdtr)
	movl	%cr4, %eax
	orl	$0x620, %eax
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x901, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~0x60000004, %eax	/* no CD, NW, EM */
	orl	$0x80000023, %eax	/* PG, PE, NE, MP */
	movl	%eax, %cr0
	ljmpl	$0x08, $ap_long
	.balign	4
ap_came: .long 0
ap_gdtr: .word	0x57
	.long	gdt
ap_end:

	.code64
ap_long:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	movq	ap_stack, %rsp
	lidt	ap_idtr
	call	ap_main
1:	cli
	hlt
	jmp	1b

	.data
	.balign	8
	.globl	ap_stack, ap_idtr
ap_stack: .quad	0
ap_idtr: .word	0x0fff
	.quad	idt

	.section .note.GNU-stack, "", @progbits
