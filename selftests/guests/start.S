/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry of the guest programs: multiboot 1 in 32-bit protected mode, then long
 * mode with the first 4 GiB mapped one to one, then main().
 */
#define MB_MAGIC	0x1badb002
#define MB_FLAGS	0x3		/* modules page-aligned, memory map */

	.section .multiboot, "a"
	.balign	4
	.long	MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

	.text
	.code32
	.globl	_start
_start:
	cli
	movl	$stack_top, %esp
	movl	%eax, boot_magic
	movl	%ebx, boot_info

	/* PML4 -> PDPT -> 4 page directories of 2 MiB pages. */
	movl	$pdpt, %eax
	orl	$7, %eax
	movl	%eax, pml4
	movl	$pds, %eax
	orl	$7, %eax
	movl	$4, %ecx
	movl	$pdpt, %edi
1:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	1b
	movl	$0x87, %eax		/* present, writable, user, 2 MiB */
	movl	$2048, %ecx
	movl	$pds, %edi
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b

	movl	%cr4, %eax
	orl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER.LME, SCE, NXE */
	rdmsr
	orl	$0x901, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~0x4, %eax		/* no EM */
	orl	$0x80000022, %eax	/* PG, NE, MP */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $long_mode

	.code64
long_mode:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	movq	$stack_top, %rsp
	movl	$tss, %eax		/* base into the TSS descriptor */
	movw	%ax, gdt_tss + 2
	shrl	$16, %eax
	movb	%al, gdt_tss + 4
	movb	%ah, gdt_tss + 7
	movw	$0x28, %ax
	ltr	%ax
	movl	boot_magic, %edi
	movl	boot_info, %esi
	call	lib_main
3:	hlt
	jmp	3b

/*
 * Interrupts and exceptions: one stub per vector puts an error code where the
 * CPU does not, and the vector; trap() gets the lot as struct regs.
 */
	.altmacro
	.macro	stub n
	.balign	16
	.if	(\n == 8) || (\n >= 10 && \n <= 14) || (\n == 17) || (\n == 21)
	.else
	pushq	$0
	.endif
	pushq	$\n
	jmp	trap_common
	.endm

	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	i, 0
	.rept	256
	stub	%i
	.set	i, i + 1
	.endr

trap_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	call	trap
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	.data
	.balign	16
	.globl	gdt
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10 data */
	.quad	0x00cf9b000000ffff	/* 0x18 32-bit code */
	.quad	0x00009b000000ffff	/* 0x20 16-bit code */
gdt_tss: .quad	0x0000890000000067, 0	/* 0x28 TSS */
	.quad	0x00cffb000000ffff	/* 0x38 32-bit user code */
	.quad	0x00cff3000000ffff	/* 0x40 user data */
	.quad	0x00affb000000ffff	/* 0x48 64-bit user code */
	.quad	0x000093000000ffff	/* 0x50 16-bit data */
gdt_end:
	.globl	gdt_pointer
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt
boot_magic: .long 0
boot_info: .long 0

	.bss
	.balign	4096
	.globl	pml4, pdpt, pds, tss, stack_top
pml4:	.skip	4096
pdpt:	.skip	4096
pds:	.skip	4 * 4096
tss:	.skip	4096
	.skip	32768
stack_top:
	.section .note.GNU-stack, "", @progbits
