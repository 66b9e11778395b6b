/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out of long mode, into protected, virtual-8086 or real mode, and back at the
 * first exception or interrupt.  See mode_call() in lib.h.
 *
 * All of it runs below 4 GiB at addresses that are mapped one to one whatever
 * the paging.  The real-mode part runs from a copy at LOW.
 */
#define LOW		0x8000
#define EFER		0xc0000080
#define CODE32		0x08
#define DATA32		0x10
#define CODE64		0x28
#define TSS32		0x30
#define CODE16		0x18
#define DATA16		0x20

/* struct mode_state */
#define S_EAX		0
#define S_ESP		16
#define S_EIP		32
#define S_EFLAGS	36
#define S_VECTOR	40
#define S_ERROR		44
#define S_CR0		48
#define S_CR2		52
#define S_CR3		56
#define S_CR4		60
#define S_CS		64
#define S_DS		68
#define S_ES		72
#define S_SS		76
#define S_FS		80
#define S_GS		84

	.section .text.modes, "ax"
	.globl	mode_call
	.code64
mode_call:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushfq
	cli
	movl	%edi, mode_s
	movq	%rsp, mode_rsp
	movq	%cr0, %rax
	movl	%eax, mode_cr0
	movq	%cr3, %rax
	movl	%eax, mode_cr3
	movq	%cr4, %rax
	movl	%eax, mode_cr4
	sgdt	mode_gdtr64
	sidt	mode_idtr64

	/* The part for real mode, and the vectors that lead to it. */
	movl	$low_begin, %esi
	movl	$LOW, %edi
	movl	$(low_end - low_begin), %ecx
	rep movsb
	xorl	%edi, %edi
	movl	$(LOW + low_stubs - low_begin), %eax
	movl	$32, %ecx
1:	movl	%eax, (%rdi)
	addl	$4, %edi
	addl	$8, %eax
	loop	1b

	/* Gates for the first 32 vectors. */
	movl	$mode_idt, %edi
	movl	$mode_stubs, %eax
	movl	$32, %ecx
2:	movl	%eax, %edx
	andl	$0xffff, %edx
	orl	$(CODE32 << 16), %edx
	movl	%edx, (%rdi)
	movl	%eax, %edx
	andl	$0xffff0000, %edx
	orl	$0xee00, %edx
	movl	%edx, 4(%rdi)
	addl	$8, %edi
	addl	$16, %eax
	loop	2b

	/* TSS: stack for what comes from ring 3. */
	movl	$mode_stack_end, mode_tss + 4
	movl	$DATA32, mode_tss + 8
	movl	$mode_tss, %eax
	movw	%ax, mode_gdt + TSS32 + 2
	shrl	$16, %eax
	movb	%al, mode_gdt + TSS32 + 4
	movb	%ah, mode_gdt + TSS32 + 7
	movb	$0x89, mode_gdt + TSS32 + 5

	lgdt	mode_gdtr
	lidt	mode_idtr
	ljmp	*mode_to32

	.code32
in_compat:
	movw	$DATA32, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$mode_stack_end, %esp
	movl	mode_s, %esi
	movl	mode_cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	movl	$EFER, %ecx
	rdmsr
	andl	$~0x100, %eax
	wrmsr
	movl	S_CR4(%esi), %eax
	movl	%eax, %cr4
	movl	S_CR3(%esi), %eax
	movl	%eax, %cr3
	movl	S_CR0(%esi), %eax
	testl	$1, %eax
	jz	to_real
	movl	%eax, %cr0
	jmp	3f
3:	movw	$TSS32, %ax
	ltr	%ax

	testl	$0x20000, S_EFLAGS(%esi)
	jnz	to_vm86
	/* Protected mode, same ring: flags, CS and EIP by IRET. */
	movw	S_SS(%esi), %ss
	movl	S_ESP(%esi), %esp
	pushl	S_EFLAGS(%esi)
	pushl	S_CS(%esi)
	pushl	S_EIP(%esi)
	movw	S_ES(%esi), %es
	movw	S_FS(%esi), %fs
	movw	S_GS(%esi), %gs
	pushl	S_EAX(%esi)
	pushl	S_DS(%esi)
	movl	4(%esi), %ecx
	movl	8(%esi), %edx
	movl	12(%esi), %ebx
	movl	20(%esi), %ebp
	movl	28(%esi), %edi
	movl	24(%esi), %esi
	popl	%eax
	movw	%ax, %ds
	popl	%eax
	iretl

to_vm86:
	pushl	S_GS(%esi)
	pushl	S_FS(%esi)
	pushl	S_DS(%esi)
	pushl	S_ES(%esi)
	pushl	S_SS(%esi)
	pushl	S_ESP(%esi)
	pushl	S_EFLAGS(%esi)
	pushl	S_CS(%esi)
	pushl	S_EIP(%esi)
	movl	(%esi), %eax
	movl	4(%esi), %ecx
	movl	8(%esi), %edx
	movl	12(%esi), %ebx
	movl	20(%esi), %ebp
	movl	28(%esi), %edi
	movl	24(%esi), %esi
	iretl

to_real:
	lidt	mode_idtr_real
	movl	%eax, %ebp
	/* Data segments keep base and limit that they get here. */
	movw	S_ES(%esi), %es
	movw	S_FS(%esi), %fs
	movw	S_GS(%esi), %gs
	movw	$DATA16, %ax
	movw	%ax, %ss
	ljmp	$CODE16, $(LOW + low_enter - low_begin)

	.altmacro
	.macro	mode_stub n
	.balign	16
	.if	(\n == 8) || (\n >= 10 && \n <= 14) || (\n == 17) || (\n == 21)
	.else
	pushl	$0
	.endif
	pushl	$\n
	jmp	mode_trap
	.endm

	.balign	16
mode_stubs:
	.set	i, 0
	.rept	32
	mode_stub %i
	.set	i, i + 1
	.endr

/* Stack: vector, error, EIP, CS, EFLAGS, and ESP, SS from ring 3 or vm86. */
mode_trap:
	pushal
	movl	%esp, %ebp
	movw	$DATA32, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movl	mode_s, %edi
	movl	28(%ebp), %eax
	movl	%eax, (%edi)
	movl	24(%ebp), %eax
	movl	%eax, 4(%edi)
	movl	20(%ebp), %eax
	movl	%eax, 8(%edi)
	movl	16(%ebp), %eax
	movl	%eax, 12(%edi)
	movl	8(%ebp), %eax
	movl	%eax, 20(%edi)
	movl	4(%ebp), %eax
	movl	%eax, 24(%edi)
	movl	(%ebp), %eax
	movl	%eax, 28(%edi)
	movl	32(%ebp), %eax
	movl	%eax, S_VECTOR(%edi)
	movl	36(%ebp), %eax
	movl	%eax, S_ERROR(%edi)
	movl	40(%ebp), %eax
	movl	%eax, S_EIP(%edi)
	movl	48(%ebp), %eax
	movl	%eax, S_EFLAGS(%edi)
	leal	52(%ebp), %ecx		/* ESP if the ring is the same */
	testl	$0x20000, %eax
	jnz	4f
	testl	$3, 44(%ebp)
	jz	5f
4:	movl	52(%ebp), %ecx
5:	movl	%ecx, S_ESP(%edi)
	movl	%cr2, %eax
	movl	%eax, S_CR2(%edi)

/* Protected mode, any paging, flat DS: back to where mode_call() came from. */
to_long:
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	movl	mode_cr4, %eax
	movl	%eax, %cr4
	movl	mode_cr3, %eax
	movl	%eax, %cr3
	movl	$EFER, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	mode_cr0, %eax
	movl	%eax, %cr0
	ljmp	$CODE64, $in_long

	.code64
in_long:
	movq	mode_rsp, %rsp
	lgdt	mode_gdtr64
	lidt	mode_idtr64
	andb	$~2, gdt + 0x28 + 5	/* the TSS is not busy any more */
	movw	$0x28, %ax
	ltr	%ax
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	pushq	$0x08
	pushq	$6f
	lretq
6:	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* ---- copied to LOW ---- */
#define AT(label)	(LOW + label - low_begin)
	.code16
low_begin:
/* 16-bit protected mode, flat DS; %esi: state, %ebp: new CR0 */
low_enter:
	movl	S_ESP(%esi), %esp
	/* IRET frame on the stack of real mode, which is SS 0. */
	pushw	S_EFLAGS(%esi)
	pushw	S_CS(%esi)
	pushw	S_EIP(%esi)
	movl	(%esi), %eax
	movl	%eax, AT(low_eax)
	movl	20(%esi), %eax
	movl	%eax, AT(low_ebp)
	movl	%ebp, %eax
	movl	4(%esi), %ecx
	movl	8(%esi), %edx
	movl	12(%esi), %ebx
	movl	28(%esi), %edi
	movw	S_DS(%esi), %bp
	pushl	24(%esi)
	popl	%esi
	movw	%bp, %ds
	movl	%eax, %cr0
	ljmp	$0, $AT(low_real)
low_real:
	movw	$0, %ax
	movw	%ax, %ss
	movl	%cs:AT(low_eax), %eax
	movl	%cs:AT(low_ebp), %ebp
	iretw

	.macro	low_stub n
	.balign	8
	pushw	$\n
	jmp	low_trap
	.endm

	.balign	8
low_stubs:
	.set	i, 0
	.rept	32
	low_stub %i
	.set	i, i + 1
	.endr

/* Stack: vector, IP, CS, FLAGS.  DS and ES are whatever they were. */
low_trap:
	popw	%cs:AT(low_vector)
	movl	%eax, %cs:AT(low_eax)
	movl	%ecx, %cs:AT(low_ecx)
	popw	%cs:AT(low_ip)
	popw	%ax
	popw	%cs:AT(low_flags)
	cli
	lgdtl	%cs:AT(low_gdtr)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$CODE32, $low_back

low_eax:	.long 0
low_ecx:	.long 0
low_ebp:	.long 0
low_vector:	.word 0
low_ip:		.word 0
low_flags:	.word 0
low_gdtr:	.word mode_gdt_end - mode_gdt - 1
		.long mode_gdt
low_end:

	.code32
low_back:
	movw	$DATA32, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	mode_s, %ecx
	movl	AT(low_eax), %eax
	movl	%eax, (%ecx)
	movl	AT(low_ecx), %eax
	movl	%eax, 4(%ecx)
	movl	%edx, 8(%ecx)
	movl	%ebx, 12(%ecx)
	movl	%esp, 16(%ecx)
	movl	%ebp, 20(%ecx)
	movl	%esi, 24(%ecx)
	movl	%edi, 28(%ecx)
	movzwl	AT(low_vector), %eax
	movl	%eax, S_VECTOR(%ecx)
	movzwl	AT(low_ip), %eax
	movl	%eax, S_EIP(%ecx)
	movzwl	AT(low_flags), %eax
	movl	%eax, S_EFLAGS(%ecx)
	movl	$0, S_ERROR(%ecx)
	movl	$mode_stack_end, %esp
	jmp	to_long

	.section .data.modes, "aw"
	.balign	16
	.globl	mode_gdt
mode_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08 32-bit code */
	.quad	0x00cf93000000ffff	/* 0x10 32-bit data */
	.quad	0x00009b000000ffff	/* 0x18 16-bit code */
	.quad	0x000093000000ffff	/* 0x20 16-bit data */
	.quad	0x00af9b000000ffff	/* 0x28 64-bit code */
	.quad	0x0000890000000067	/* 0x30 TSS */
	.quad	0
	.fill	8, 8, 0			/* 0x40 free */
mode_gdt_end:
mode_gdtr:	.word mode_gdt_end - mode_gdt - 1
		.quad mode_gdt
mode_idtr:	.word 32 * 8 - 1
		.quad mode_idt
mode_idtr_real:	.word 0x3ff
		.quad 0
mode_to32:	.long in_compat
		.word CODE32
	.balign	8
mode_gdtr64:	.skip 16
mode_idtr64:	.skip 16
mode_rsp:	.quad 0
mode_s:		.long 0
mode_cr0:	.long 0
mode_cr3:	.long 0
mode_cr4:	.long 0
	.balign	16
mode_tss:	.skip 0x68
		.word 0, 0x68
	.balign	16
mode_idt:	.skip 32 * 8

	.section .bss.modes, "aw", @nobits
	.balign	4096
mode_stack:	.skip 4096
mode_stack_end:

	.section .note.GNU-stack, "", @progbits
