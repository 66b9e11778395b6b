// SPDX-License-Identifier: GPL-2.0
/* When a vCPU cannot go on: the reason, and one dump per VM. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/stdarg.h>
#include "vmx/audit.h"
#include "vmx/exits.h"
#include "vmx/priv.h"

/**
 * hs_vmx_fail - note why the VM fails
 * @v: the vCPU; in a slice or not
 * @remedy: constant sentence
 * @fmt: reason, printf-like
 *
 * The first reason wins.  Prints nothing: a slice must not; the thread dumps
 * after it (hs_vmx_dump()).
 *
 * Return: HS_FAIL.
 */
enum hs_next hs_vmx_fail(struct hs_vmx *v, const char *remedy, const char *fmt, ...)
{
	va_list args;

	if (v->fail[0])
		return HS_FAIL;
	v->fail_remedy = remedy;
	va_start(args, fmt);
	vscnprintf(v->fail, sizeof(v->fail), fmt, args);
	va_end(args);
	/* For the ring: what is still at hand. */
	if (v->in_slice) {
		hs_x_rip(v);
		hs_x_qual(v);
	}
	return HS_FAIL;
}

static void audit_env(struct hs_audit_env *env)
{
	const struct hs_vmx_msrs *m = &hs_caps.facts.m;

	env->cr0_fixed0 = m->cr0_fixed0;
	env->cr0_fixed1 = m->cr0_fixed1;
	env->cr4_fixed0 = m->cr4_fixed0;
	env->cr4_fixed1 = m->cr4_fixed1;
	env->maxphyaddr = hs_caps.facts.maxphyaddr;
	env->unrestricted = true;
	env->vnmi = true;
}

/**
 * hs_vmx_entry_failed - VM entry did not succeed
 * @v: in a slice
 * @how: HS_ENTER_*, or HS_ENTERED for an exit that says the entry failed
 *
 * Return: HS_FAIL, or HS_RESUME when VMX was switched off under us (the slice
 * ends, and the CPU or the host is going down).
 */
enum hs_next hs_vmx_entry_failed(struct hs_vmx *v, unsigned int how)
{
	static const char remedy[] = "please report this with the kernel log";
	struct hs_audit_env env;
	const char *why;
	u32 err;

	if (how == HS_ENTER_FAULT)
		return HS_RESUME;
	hs_vmcs_read_state(v);
	if (how == HS_ENTER_VMFAIL) {
		err = hs_vmread32(VM_INSTRUCTION_ERROR);
		return hs_vmx_fail(v, remedy, "VM entry refused: instruction error %u, %s",
				   err, hs_insn_error_name(err));
	}
	audit_env(&env);
	why = hs_audit(&v->gs, &env);
	return hs_vmx_fail(v, remedy, "VM entry failed, exit reason %u, qualification %llu: %s",
			   HS_EXIT_BASIC(v->x.reason), hs_x_qual(v),
			   why ?: "no guest-state check of ours fails");
}

/**
 * hs_vmx_dump - print the state of a vCPU that failed
 * @v: not in a slice; once per VM
 */
void hs_vmx_dump(struct hs_vmx *v)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	const struct hs_gstate *g = &v->gs;
	static const char * const seg[] = { "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr" };
	int i;

	if (atomic_xchg(&v->vm->dumped, 1) || !__ratelimit(&limit))
		return;
	pr_warn("hyperspace: VM %s, vCPU %u: %s\n", v->vm->name, v->index, v->fail);
	pr_warn("  rip %016llx rsp %016llx rflags %llx exit %u (%s)\n", g->rip, g->gpr[RSP],
		g->rflags, HS_EXIT_BASIC(v->x.reason),
		hs_vmx_exit_name(HS_EXIT_BASIC(v->x.reason)));
	pr_warn("  cr0 %llx/%llx cr3 %llx cr4 %llx/%llx efer %llx entry %x intr %x activity %u\n",
		g->cr0, g->cr0_shadow, g->cr3, g->cr4, g->cr4_shadow, g->efer,
		g->entry_ctls, g->intr, g->activity);
	for (i = 0; i < 16; i += 4)
		pr_warn("  r%d %016llx %016llx %016llx %016llx\n", i, g->gpr[i], g->gpr[i + 1],
			g->gpr[i + 2], g->gpr[i + 3]);
	for (i = 0; i < HS_GS_NR; i++)
		pr_warn("  %-4s %04x base %016llx limit %08x ar %05x\n", seg[i], g->seg[i].sel,
			g->seg[i].base, g->seg[i].limit, g->seg[i].ar);
}
