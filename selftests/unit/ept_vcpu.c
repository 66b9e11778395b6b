// SPDX-License-Identifier: GPL-2.0
#include "ept_vcpu.h"

bool vcpu_kicked[HS_USER_CPUS];

void vcpu_kick(void *arg, int cpu)
{
	__atomic_store_n(&vcpu_kicked[cpu], true, __ATOMIC_SEQ_CST);
}

void vcpu_init(struct vcpu *v, struct hs_gmem *g, int cpu)
{
	memset(v, 0, sizeof(*v));
	v->g = g;
	v->cpu = cpu;
}

void vcpu_enter(struct vcpu *v)
{
	/* A kick from here on ends the guest again before it gets far. */
	__atomic_store_n(&vcpu_kicked[v->cpu], false, __ATOMIC_SEQ_CST);
	if (hs_gmem_enter(v->g, v->cpu)) {
		memset(v->tlb, 0, sizeof(v->tlb));
		v->invepts++;
		hs_gmem_flushed(v->g, v->cpu);
	}
	hs_gmem_check_entry(v->g, v->cpu);
	v->inside = true;
	v->ran = 0;
}

void vcpu_exit(struct vcpu *v)
{
	if (!v->inside)
		return;
	v->inside = false;
	v->exits++;
	hs_gmem_leave(v->g, v->cpu);
}

static u64 *table_at(u64 e)
{
	/* What SDM vol. 3, 29.3.3.1 calls a misconfiguration. */
	assert(!(e & GENMASK_ULL(7, 3)));
	assert((e & HS_EPTE_RWX) == HS_EPTE_RWX);
	return hs_host_va(hs_epte_pa(e));
}

static u64 *entry_at(struct hs_gmem *g, u64 gpa, unsigned int *level)
{
	u64 *p = hs_host_va(hs_gmem_eptp(g) & HS_EPTE_ADDR), e;

	for (*level = 4;; (*level)--) {
		p += gpa >> (12 + 9 * (*level - 1)) & 511;
		e = READ_ONCE(*p);
		if (*level == 1 || !hs_epte_present(e) || (*level == 2 && (e & HS_EPTE_PS)))
			return p;
		/* The CPU sets A on its way down. */
		if (!(e & HS_EPTE_A))
			cmpxchg(p, e, e | HS_EPTE_A);
		p = table_at(e);
	}
}

u64 vcpu_entry(struct hs_gmem *g, u64 gpa, unsigned int *level)
{
	return READ_ONCE(*entry_at(g, gpa, level));
}

/*
 * A leaf of 2 MiB translates its whole chunk, so one page of it that came by a leaf
 * of the other size makes two translations for one address.
 */
static bool is_mixed(const struct vcpu *v, u64 gfn, bool large)
{
	unsigned int i;

	for (i = 0; i < VCPU_TLB; i++)
		if (v->tlb[i].tag && (v->tlb[i].tag - 1) >> 9 == gfn >> 9 &&
		    v->tlb[i].large != large)
			return true;
	return false;
}

static bool translate(struct vcpu *v, u64 gpa, bool write, u64 *pa)
{
	u64 gfn = gpa >> 12, e, set, *p;
	struct vcpu_tlb *t = &v->tlb[gfn % VCPU_TLB];
	unsigned int level;

	if (t->tag == gfn + 1 && (!write || (t->w && t->d))) {
		v->hits++;
		*pa = t->pa;
		return true;
	}
	v->walks++;
	for (;;) {
		p = entry_at(v->g, gpa, &level);
		e = READ_ONCE(*p);
		if (!hs_epte_present(e) || (write && !(e & HS_EPTE_W)))
			return false;
		if (level > 1 && !(e & HS_EPTE_PS))
			continue;	/* a table came meanwhile */
		assert((e & (7 << HS_EPTE_MT_SHIFT)) == HS_EPTE_MT_WB);
		assert(e & HS_EPTE_IPAT && e & HS_EPTE_R && !(e & BIT_ULL(63)));
		assert(level == 1 || !(e & GENMASK_ULL(20, 12)));
		set = e | HS_EPTE_A | (write ? HS_EPTE_D : 0);
		if (cmpxchg(p, e, set) == e)
			break;
	}
	if (level == 2)
		e = hs_epte_sub(e, gfn & 511);
	v->mixed += is_mixed(v, gfn, level == 2);
	t->tag = gfn + 1;
	t->large = level == 2;
	t->pa = hs_epte_pa(e);
	t->w = e & HS_EPTE_W;
	t->d = set & HS_EPTE_D;
	*pa = t->pa;
	return true;
}

enum op { LOAD, STORE, ADD };

static int access(struct vcpu *v, u64 gpa, enum op op, u64 *val, u32 how)
{
	u64 pa, *p;
	int r;

	for (;;) {
		if (v->inside && __atomic_load_n(&vcpu_kicked[v->cpu], __ATOMIC_SEQ_CST))
			vcpu_exit(v);
		if (!v->inside)
			vcpu_enter(v);
		v->ran++;
		if (translate(v, gpa, op != LOAD || (how & HS_ACC_WALK), &pa))
			break;
		vcpu_exit(v);
		v->faults++;
		r = hs_gmem_fault(v->g, gpa, how | (op == LOAD ? HS_ACC_READ : HS_ACC_WRITE));
		if (r)
			return r;
	}
	p = hs_host_va(pa + (gpa & 0xff8));
	switch (op) {
	case LOAD:
		*val = __atomic_load_n(p, __ATOMIC_RELAXED);
		break;
	case STORE:
		__atomic_store_n(p, *val, __ATOMIC_RELAXED);
		break;
	case ADD:
		__atomic_add_fetch(p, *val, __ATOMIC_SEQ_CST);
		break;
	}
	return 0;
}

int vcpu_load(struct vcpu *v, u64 gpa, u64 *val)
{
	return access(v, gpa, LOAD, val, 0);
}

int vcpu_store(struct vcpu *v, u64 gpa, u64 val)
{
	return access(v, gpa, STORE, &val, 0);
}

int vcpu_add(struct vcpu *v, u64 gpa, u64 val)
{
	return access(v, gpa, ADD, &val, 0);
}

int vcpu_walk(struct vcpu *v, u64 gpa, u64 *val)
{
	return access(v, gpa, LOAD, val, HS_ACC_WALK | HS_ACC_WRITE);
}
