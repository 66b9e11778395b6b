/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking VMX from the kernel and giving it back, mode "held": all CPUs are in
 * VMX operation from the first running VM to the last.
 *
 * Works where a module may set CR4.VMXE and the kernel keeps it (6.1 to 6.18).
 */
#ifndef HS_COMPAT_VMXHOLD_H
#define HS_COMPAT_VMXHOLD_H

#include <linux/types.h>

/**
 * struct hs_hold_ops - what the holder needs from above
 * @check_cpu: this CPU can do what the first one could; 0 or -EOPNOTSUPP with a
 *	sentence in *why.  Called on that CPU, interrupts off.
 * @prepare: get what @on needs on a CPU; 0 or -ENOMEM.  Process context.
 * @on: enter VMX operation on this CPU, if it is not: 0; -EBUSY when CR4.VMXE is
 *	set, so somebody else has VMX; -EIO.  Interrupts off.
 * @off: leave it, if it was entered by @on.  Interrupts off.
 * @emergency: leave it, whatever was going on.  NMI context, locks nothing.
 * @held: this CPU is in it by @on
 */
struct hs_hold_ops {
	int (*check_cpu)(const char **why);
	int (*prepare)(unsigned int cpu);
	int (*on)(void);
	void (*off)(void);
	void (*emergency)(void);
	bool (*held)(void);
};

int hs_hold_init(const struct hs_hold_ops *ops);
void hs_hold_exit(void);

int hs_hold_get(const char **why);
void hs_hold_put(void);

void hs_hold_set_stop_all(void (*fn)(void));

/* CR4.VMXE is set on some CPU, but not by us: its number, else -1. */
int hs_hold_foreign_cpu(void);
/* kvm_intel is loaded or built in. */
bool hs_hold_kvm_present(void);

#endif /* HS_COMPAT_VMXHOLD_H */
