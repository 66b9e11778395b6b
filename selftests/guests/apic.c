// SPDX-License-Identifier: GPL-2.0
/* The local APIC: x2APIC where CPUID has it, else through memory. */
#include "lib.h"

#define MSR_APIC_BASE	0x1b
#define APIC_PAGE	0xfee00000UL

static bool x2apic;

u32 apic_read(unsigned int reg)
{
	if (x2apic)
		return rdmsr(0x800 + reg);
	return *(volatile u32 *)(APIC_PAGE + reg * 16);
}

void apic_write(unsigned int reg, u32 val)
{
	if (x2apic)
		wrmsr(0x800 + reg, val);
	else
		*(volatile u32 *)(APIC_PAGE + reg * 16) = val;
}

bool apic_init(bool want_x2apic)
{
	u32 r[4];

	cpuid(1, 0, r);
	x2apic = want_x2apic && (r[2] & 1U << 21);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 0xc00);
	apic_write(APIC_REG_SPIV, 0x1ff);
	return x2apic;
}

void apic_ipi(u32 dest, u32 icr)
{
	if (x2apic) {
		wrmsr(APIC_ICR, (u64)dest << 32 | icr);
		return;
	}
	apic_write(APIC_REG_ICR2, dest << 24);
	apic_write(APIC_REG_ICR, icr);
	while (apic_read(APIC_REG_ICR) & 0x1000)
		;
}

u32 apic_id(void)
{
	u32 id = apic_read(APIC_REG_ID);

	return x2apic ? id : id >> 24;
}
