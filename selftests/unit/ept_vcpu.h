/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU that runs a guest, as far as the EPT is concerned: it walks the table
 * as hardware does, sets A and D, and keeps translations until INVEPT.  That
 * is more than an emulator shows, which forgets them at every exit.
 */
#ifndef EPT_VCPU_H
#define EPT_VCPU_H

#include "pure.h"
#include "ept/gmem.h"
#include "ept/entry.h"
#include "ept/host.h"

#define VCPU_TLB	64

struct vcpu_tlb {
	u64 tag;	/* gfn + 1, or 0 */
	u64 pa;
	bool w, d, large;
};

struct vcpu {
	struct hs_gmem *g;
	int cpu;
	bool inside;
	struct vcpu_tlb tlb[VCPU_TLB];
	u64 hits, walks, faults, invepts, exits;
	u64 mixed;	/* translations of two sizes for one address at a time */
	unsigned int ran;	/* accesses since the last entry */
};

extern bool vcpu_kicked[HS_USER_CPUS];
void vcpu_kick(void *arg, int cpu);

void vcpu_init(struct vcpu *v, struct hs_gmem *g, int cpu);
void vcpu_enter(struct vcpu *v);
void vcpu_exit(struct vcpu *v);

/* 8 aligned bytes; 0, or what hs_gmem_fault() said. */
int vcpu_load(struct vcpu *v, u64 gpa, u64 *val);
int vcpu_store(struct vcpu *v, u64 gpa, u64 val);
int vcpu_add(struct vcpu *v, u64 gpa, u64 val);
/* As vcpu_load(), by the guest's page walk. */
int vcpu_walk(struct vcpu *v, u64 gpa, u64 *val);

/* The entry that translates @gpa now, present or not; level 1 to 4. */
u64 vcpu_entry(struct hs_gmem *g, u64 gpa, unsigned int *level);

#endif /* EPT_VCPU_H */
