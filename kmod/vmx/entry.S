/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VM entry and exit: registers, IA32_SPEC_CTRL, and what speculation demands
 * between the guest and the first return.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>
#include "vmx/entry.h"

/* VMCS field HOST_RSP, SDM vol. 3, appendix B. */
#define FIELD_HOST_RSP	0x6c14

.section .noinstr.text, "ax"

/*
 * unsigned int hs_vmx_enter(struct hs_entry *e)
 *
 * The stack while the guest runs: saved registers, then @e.
 */
SYM_FUNC_START(hs_vmx_enter)
	push %rbp
	mov %rsp, %rbp
	push %r15
	push %r14
	push %r13
	push %r12
	push %rbx
	push %rdi

	/* The depth of the stack seldom changes: write HOST_RSP when it does. */
	cmp %rsp, HS_ENTRY_HOST_RSP(%rdi)
	je .Lrsp_done
	mov $FIELD_HOST_RSP, %eax
.Lvmwrite:
	vmwrite %rsp, %rax
	jbe .Lvmfail
	mov %rsp, HS_ENTRY_HOST_RSP(%rdi)
.Lrsp_done:

	/*
	 * From here to the entry no return and no indirect branch: the guest's
	 * SPEC_CTRL may leave the host unprotected.
	 */
	ALTERNATIVE "jmp .Lspec_guest_done", "", X86_FEATURE_MSR_SPEC_CTRL
	movl HS_ENTRY_SPEC_CTRL(%rdi), %eax
	movl PER_CPU_VAR(x86_spec_ctrl_current), %ecx
	cmp %eax, %ecx
	je .Lspec_guest_done
	xor %edx, %edx
	mov $MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.Lspec_guest_done:

	mov HS_ENTRY_GPR(1)(%rdi), %rcx
	mov HS_ENTRY_GPR(2)(%rdi), %rdx
	mov HS_ENTRY_GPR(3)(%rdi), %rbx
	mov HS_ENTRY_GPR(5)(%rdi), %rbp
	mov HS_ENTRY_GPR(6)(%rdi), %rsi
	mov HS_ENTRY_GPR(8)(%rdi), %r8
	mov HS_ENTRY_GPR(9)(%rdi), %r9
	mov HS_ENTRY_GPR(10)(%rdi), %r10
	mov HS_ENTRY_GPR(11)(%rdi), %r11
	mov HS_ENTRY_GPR(12)(%rdi), %r12
	mov HS_ENTRY_GPR(13)(%rdi), %r13
	mov HS_ENTRY_GPR(14)(%rdi), %r14
	mov HS_ENTRY_GPR(15)(%rdi), %r15

	/*
	 * VERW last, so that no load of ours is in the buffers after it.  It changes
	 * ZF and leaves CF alone: CF says VMLAUNCH.
	 */
	cmpb $1, HS_ENTRY_LAUNCHED(%rdi)
	mov HS_ENTRY_GPR(0)(%rdi), %rax
	mov HS_ENTRY_GPR(7)(%rdi), %rdi
	CLEAR_CPU_BUFFERS
	jc .Lvmlaunch

	/*
	 * After an exit the processor goes on at hs_vmx_exited, with the stack
	 * as it is here; objtool cannot know.
	 */
	UNWIND_HINT_SAVE

.Lvmresume:
	vmresume
	jmp .Lvmfail
.Lvmlaunch:
	vmlaunch
	jmp .Lvmfail

	_ASM_EXTABLE(.Lvmwrite, .Lfault)
	_ASM_EXTABLE(.Lvmresume, .Lfault)
	_ASM_EXTABLE(.Lvmlaunch, .Lfault)

SYM_INNER_LABEL(hs_vmx_exited, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR

	push %rdi
	mov 8(%rsp), %rdi
	mov %rax, HS_ENTRY_GPR(0)(%rdi)
	mov %rcx, HS_ENTRY_GPR(1)(%rdi)
	mov %rdx, HS_ENTRY_GPR(2)(%rdi)
	mov %rbx, HS_ENTRY_GPR(3)(%rdi)
	mov %rbp, HS_ENTRY_GPR(5)(%rdi)
	mov %rsi, HS_ENTRY_GPR(6)(%rdi)
	pop HS_ENTRY_GPR(7)(%rdi)
	mov %r8, HS_ENTRY_GPR(8)(%rdi)
	mov %r9, HS_ENTRY_GPR(9)(%rdi)
	mov %r10, HS_ENTRY_GPR(10)(%rdi)
	mov %r11, HS_ENTRY_GPR(11)(%rdi)
	mov %r12, HS_ENTRY_GPR(12)(%rdi)
	mov %r13, HS_ENTRY_GPR(13)(%rdi)
	mov %r14, HS_ENTRY_GPR(14)(%rdi)
	mov %r15, HS_ENTRY_GPR(15)(%rdi)
	xor %ebx, %ebx

.Lclear:
	/*
	 * The guest's values must not be at hand for speculation.  RBX holds
	 * the result, RDI and RSP are the host's.
	 */
	xor %eax, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	xor %ebp, %ebp
	xor %esi, %esi
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d

	/* Before the first return: predictions that the guest has trained. */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, X86_FEATURE_RSB_VMEXIT_LITE

	pop %rdi

	ALTERNATIVE "jmp .Lspec_host_done", "", X86_FEATURE_MSR_SPEC_CTRL
	mov $MSR_IA32_SPEC_CTRL, %ecx
	cmpb $0, HS_ENTRY_SAVE_SPEC(%rdi)
	je .Lspec_saved
	rdmsr
	movl %eax, HS_ENTRY_SPEC_CTRL(%rdi)
.Lspec_saved:
#ifdef HS_DEBUG
	cmpb $0, HS_ENTRY_FORGET_SPEC(%rdi)
	jne .Lspec_fence
#endif
	movl PER_CPU_VAR(x86_spec_ctrl_current), %eax
	/*
	 * With legacy IBRS the bit protects only after it was written in the
	 * more privileged mode, so it is written though it is set.
	 */
	ALTERNATIVE "", "jmp .Lspec_write", X86_FEATURE_KERNEL_IBRS
	cmp %eax, HS_ENTRY_SPEC_CTRL(%rdi)
	je .Lspec_fence
.Lspec_write:
	xor %edx, %edx
	wrmsr
.Lspec_fence:
	lfence
.Lspec_host_done:

#if defined(X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT) || defined(X86_FEATURE_CLEAR_BHB_VMEXIT)
	CLEAR_BRANCH_HISTORY_VMEXIT
#endif

	mov %ebx, %eax
	pop %rbx
	pop %r12
	pop %r13
	pop %r14
	pop %r15
	pop %rbp
	RET

.Lfault:
	mov (%rsp), %rdi
	mov $HS_ENTER_FAULT, %ebx
	jmp .Lclear
.Lvmfail:
	mov (%rsp), %rdi
	mov $HS_ENTER_VMFAIL, %ebx
	jmp .Lclear
SYM_FUNC_END(hs_vmx_enter)
