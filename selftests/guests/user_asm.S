/* SPDX-License-Identifier: GPL-2.0 */
/* Ring 3 with given registers, and back at the first trap; see user.c. */
	.text
	.globl	user_enter
user_enter:				/* %rdi: struct regs to load */
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, user_kernel_sp
	movq	%rdi, %rsp
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

	.globl	user_leave
user_leave:
	movq	user_kernel_sp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.bss
	.globl	user_kernel_sp
	.balign	8
user_kernel_sp: .skip 8

	.section .note.GNU-stack, "", @progbits
