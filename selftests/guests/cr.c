// SPDX-License-Identifier: GPL-2.0
/*
 * Control registers: which writes are allowed, what reads back, and that the
 * bits do what they are for.
 */
#include "lib.h"

#define CLOBBERS	"r11", "memory", "cc"

#define CR0_MP		(1UL << 1)
#define CR0_EM		(1UL << 2)
#define CR0_TS		(1UL << 3)
#define CR0_ET		(1UL << 4)
#define CR0_NE		(1UL << 5)
#define CR0_WP		(1UL << 16)
#define CR0_AM		(1UL << 18)
#define CR0_NW		(1UL << 29)
#define CR0_CD		(1UL << 30)
#define CR0_PG		(1UL << 31)
#define CR4_TSD		(1UL << 2)
#define CR4_DE		(1UL << 3)
#define CR4_PAE		(1UL << 5)
#define CR4_PGE		(1UL << 7)
#define CR4_PCE		(1UL << 8)
#define CR4_UMIP	(1UL << 11)
#define CR4_LA57	(1UL << 12)
#define CR4_VMXE	(1UL << 13)
#define CR4_SMXE	(1UL << 14)
#define CR4_FSGSBASE	(1UL << 16)
#define CR4_PCIDE	(1UL << 17)
#define CR4_OSXSAVE	(1UL << 18)
#define CR4_SMEP	(1UL << 20)
#define CR4_SMAP	(1UL << 21)
#define EFER		0xc0000080
#define EFER_NXE	(1UL << 11)

static u32 leaf1[4], leaf7[4];

#define TRY_CR(n, val)	GUARDED("movq %0, %%cr" #n, : : "r"((u64)(val)) : CLOBBERS)
#define ALLOWED		(~0UL)
#define GP		13

static u8 *page;		/* a page that tests map as they like */

#define TRY_READ(p)	GUARDED("movb (%0), %%al", : : "S"(p) : "rax", CLOBBERS)
#define TRY_WRITE(p)	GUARDED("movb $1, (%0)", : : "S"(p) : CLOBBERS)
/* The page comes back by a jump to RDX: nothing is left on the stack by a fault. */
#define TRY_CALL(p)	GUARDED("leaq 7f(%%rip), %%rdx; jmpq *%0; 7:", : : "S"(p) : "rdx", CLOBBERS)

static void cr0_values(void)
{
	u64 old = read_cr0();

	check("cr0-pg-off-in-long-mode", TRY_CR(0, old & ~CR0_PG), GP);
	check("cr0-pe-off-with-pg", TRY_CR(0, old & ~1UL), GP);
	check("cr0-nw-without-cd", TRY_CR(0, old | CR0_NW), GP);
	check("cr0-upper-half", TRY_CR(0, old | 1UL << 32), GP);
	check("cr0-unchanged", read_cr0(), old);
	check("cr0-cd", TRY_CR(0, old | CR0_CD), ALLOWED);
	check("cr0-cd-reads-back", read_cr0(), old | CR0_CD);
	check("cr0-cd-nw", TRY_CR(0, old | CR0_CD | CR0_NW), ALLOWED);
	write_cr0(old);
	/* NE is fixed in VMX operation; the guest must not notice. */
	check("cr0-ne-off", TRY_CR(0, old & ~CR0_NE), ALLOWED);
	check("cr0-ne-off-reads-back", read_cr0(), old & ~CR0_NE);
	write_cr0(old | CR0_AM);
	check("cr0-am-reads-back", read_cr0(), old | CR0_AM);
	write_cr0(old & ~CR0_ET);
	check("cr0-et-stays", read_cr0(), old);
	write_cr0(old);
}

static void cr0_switches(void)
{
	u64 old = read_cr0(), sw;

	write_cr0(old | CR0_TS);
	check("cr0-ts-fpu", GUARDED("fnop", : : : CLOBBERS), 7);
	check("cr0-ts-sse", GUARDED("movaps %%xmm0, %%xmm1", : : : CLOBBERS), 7);
	asm volatile("clts");
	check("clts", read_cr0(), old & ~CR0_TS);
	check("clts-fpu", GUARDED("fnop", : : : CLOBBERS), ALLOWED);
	write_cr0(old | CR0_EM);
	check("cr0-em-fpu", GUARDED("fnop", : : : CLOBBERS), 7);
	check("cr0-em-sse", GUARDED("movaps %%xmm0, %%xmm1", : : : CLOBBERS), 6);
	write_cr0(old);

	asm volatile("lmsw %w0" : : "r"((u32)(old | CR0_TS)));
	check("lmsw-ts", read_cr0(), old | CR0_TS);
	asm volatile("lmsw %w0" : : "r"((u32)(old & ~(CR0_TS | 1))));
	check("lmsw-keeps-pe", read_cr0(), old & ~CR0_TS);
	sw = (old | CR0_TS) & 0xffff;
	asm volatile("lmsw %0" : : "m"(sw));
	check("lmsw-memory", read_cr0(), old | CR0_TS);
	write_cr0(old);
	asm volatile("smsw %w0" : "=r"(sw) : "0"(~0UL));
	check("smsw-16-bits", sw, (~0UL & ~0xffffUL) | (old & 0xffff));

	map_page((u64)page, (u64)page, PTE_P);
	write_cr0(old | CR0_WP);
	check("cr0-wp-on", TRY_WRITE(page), 14);
	check("cr0-wp-on-error", guard_error, 3);
	write_cr0(old & ~CR0_WP);
	check("cr0-wp-off", TRY_WRITE(page), ALLOWED);
	write_cr0(old);
}

static void cr3(void)
{
	u64 old = read_cr3(), bits;
	u32 r[4];

	cpuid(0x80000008, 0, r);
	bits = r[0] & 0xff;
	check("cr3-beyond-maxphyaddr", TRY_CR(3, old | 1UL << bits), GP);
	check("cr3-bit-63-without-pcide", TRY_CR(3, old | 1UL << 63), GP);
	check("cr3-pcd-pwt", TRY_CR(3, old | 0x18), ALLOWED);
	check("cr3-reads-back", read_cr3(), old | 0x18);
	write_cr3(old);
	if (!(leaf1[2] & 1U << 17)) {
		check("cr4-pcide-not-there", TRY_CR(4, read_cr4() | CR4_PCIDE), GP);
		return;
	}
	write_cr3(old | 0x8);
	check("cr4-pcide-with-cr3-bits", TRY_CR(4, read_cr4() | CR4_PCIDE), GP);
	write_cr3(old);
	check("cr4-pcide", TRY_CR(4, read_cr4() | CR4_PCIDE), ALLOWED);
	check("cr3-pcid", TRY_CR(3, old | 0x123), ALLOWED);
	check("cr3-pcid-reads-back", read_cr3(), old | 0x123);
	check("cr3-no-flush", TRY_CR(3, old | 1UL << 63), ALLOWED);
	check("cr3-no-flush-reads-back", read_cr3(), old);
	write_cr4(read_cr4() & ~CR4_PCIDE);
}

static void cr4_values(void)
{
	static const struct {
		const char *name;
		u64 bit;
		int leaf, reg, nr;
	} bits[] = {
		{ "cr4-umip", CR4_UMIP, 7, 2, 2 },
		{ "cr4-la57-in-long-mode", CR4_LA57, 0, 0, 0 },
		{ "cr4-vmxe", CR4_VMXE, 1, 2, 5 },
		{ "cr4-smxe", CR4_SMXE, 1, 2, 6 },
		{ "cr4-fsgsbase", CR4_FSGSBASE, 7, 1, 0 },
		{ "cr4-osxsave", CR4_OSXSAVE, 1, 2, 26 },
		{ "cr4-pke", 1UL << 22, 7, 2, 3 },
		{ "cr4-reserved-15", 1UL << 15, 0, 0, 0 },
		{ "cr4-reserved-26", 1UL << 26, 0, 0, 0 },
		{ "cr4-reserved-31", 1UL << 31, 0, 0, 0 },
		{ "cr4-reserved-32", 1UL << 32, 0, 0, 0 },
		{ "cr4-reserved-63", 1UL << 63, 0, 0, 0 },
		{ "cr4-tsd", CR4_TSD, 1, 3, 4 },
		{ "cr4-de", CR4_DE, 1, 3, 2 },
		{ "cr4-pge", CR4_PGE, 1, 3, 13 },
		{ "cr4-mce", 1UL << 6, 1, 3, 7 },
		{ "cr4-pce", CR4_PCE, 1, 3, 5 },
	};
	u64 old = read_cr4();
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		const u32 *r = bits[i].leaf == 7 ? leaf7 : leaf1;
		bool there = bits[i].leaf && (r[bits[i].reg] >> bits[i].nr & 1);

		check(bits[i].name, TRY_CR(4, old | bits[i].bit), there ? ALLOWED : GP);
		check("cr4-reads-back", read_cr4(), there ? old | bits[i].bit : old);
		write_cr4(old);
	}
	check("cr4-pae-off-in-long-mode", TRY_CR(4, old & ~CR4_PAE), GP);
}

static void no_execute(void)
{
	u64 efer = rdmsr(EFER);

	page[0] = 0xff;		/* jmp *%rdx */
	page[1] = 0xe2;
	map_page((u64)page, (u64)page, PTE_P | PTE_W);
	check("call", TRY_CALL(page), ALLOWED);
	wrmsr(EFER, efer | EFER_NXE);
	map_page((u64)page, (u64)page, PTE_P | PTE_W | PTE_NX);
	check("nx-call", TRY_CALL(page), 14);
	check("nx-error", guard_error, 0x11);
	check("nx-read", TRY_READ(page), ALLOWED);
	wrmsr(EFER, efer & ~EFER_NXE);
	write_cr3(read_cr3());
	check("nxe-off-reserved-bit", TRY_READ(page), 14);
	check("nxe-off-error", guard_error, 9);
	wrmsr(EFER, efer);
}

/* All pages but @page for the supervisor, or for all again. */
static void close_to_user(bool closed)
{
	u64 *pte = pte_of((u64)page) - ((u64)page >> 12 & 511);
	unsigned int i;

	for (i = 0; i < 2048; i++)
		if (pds[i] & PTE_PS)
			pds[i] = closed ? pds[i] & ~PTE_U : pds[i] | PTE_U;
	for (i = 0; i < 512; i++)
		pte[i] = closed ? pte[i] & ~PTE_U : pte[i] | PTE_U;
	map_page((u64)page, (u64)page, PTE_P | PTE_W | PTE_U);
	write_cr3(read_cr3());
}

static void smep_smap(void)
{
	u64 old = read_cr4();

	page[0] = 0xff;
	page[1] = 0xe2;
	close_to_user(true);
	check("call-user-page", TRY_CALL(page), ALLOWED);
	if (leaf7[1] & 1U << 7) {
		check("cr4-smep", TRY_CR(4, old | CR4_SMEP), ALLOWED);
		check("smep-call", TRY_CALL(page), 14);
		check("smep-error", guard_error, 0x11);
		check("smep-read", TRY_READ(page), ALLOWED);
		write_cr4(old);
	} else {
		check("cr4-smep-not-there", TRY_CR(4, old | CR4_SMEP), GP);
	}
	if (leaf7[1] & 1U << 20) {
		check("cr4-smap", TRY_CR(4, old | CR4_SMAP), ALLOWED);
		check("smap-read", TRY_READ(page), 14);
		check("smap-error", guard_error, 1);
		check("smap-stac", GUARDED("stac; movb (%0), %%al; clac", : : "S"(page)
					   : "rax", CLOBBERS), ALLOWED);
		check("smap-call", TRY_CALL(page), ALLOWED);
		write_cr4(old);
	} else {
		check("cr4-smap-not-there", TRY_CR(4, old | CR4_SMAP), GP);
	}
	close_to_user(false);
}

static void cr8(void)
{
	check("cr8-reset", read_cr8(), 0);
	write_cr8(9);
	check("cr8-reads-back", read_cr8(), 9);
	check("cr8-is-tpr", apic_read(APIC_REG_TPR), 0x90);
	apic_write(APIC_REG_TPR, 0x45);
	check("tpr-is-cr8", read_cr8(), 4);
	check("cr8-too-big", TRY_CR(8, 16), GP);
	check("cr8-unchanged", read_cr8(), 4);
	write_cr8(0);
	check("tpr-cleared", apic_read(APIC_REG_TPR), 0);
}

static void others(void)
{
	asm volatile("movq %0, %%cr2" : : "r"(0x123456789abcUL));
	check("cr2-reads-back", read_cr2(), 0x123456789abc);
	check("cr1", GUARDED(".byte 0x0f, 0x20, 0xc8", : : : "rax", CLOBBERS), 6);
	check("cr5", GUARDED(".byte 0x0f, 0x20, 0xe8", : : : "rax", CLOBBERS), 6);
	check("cr15", GUARDED(".byte 0x44, 0x0f, 0x20, 0xf8", : : : "rax", CLOBBERS), 6);
}

/* Ring 3: privileged registers are #GP, TSD and UMIP do their work. */
static void from_user(void)
{
	static const struct {
		const char *name;
		u8 code[4];
		u64 vector;
		u64 cr4;
	} rows[] = {
		{ "user-read-cr0", { 0x0f, 0x20, 0xc0 }, 13, 0 },
		{ "user-clts", { 0x0f, 0x06 }, 13, 0 },
		{ "user-hlt", { 0xf4 }, 13, 0 },
		{ "user-rdmsr", { 0x0f, 0x32 }, 13, 0 },
		{ "user-invlpg", { 0x0f, 0x01, 0x3b }, 13, 0 },
		{ "user-in", { 0xe4, 0x80 }, 13, 0 },
		{ "user-cli", { 0xfa }, 13, 0 },
		{ "user-vmlaunch", { 0x0f, 0x01, 0xc2 }, 6, 0 },
		{ "user-cpuid", { 0x0f, 0xa2 }, 3, 0 },
		{ "user-rdtsc", { 0x0f, 0x31 }, 3, 0 },
		{ "user-rdtsc-tsd", { 0x0f, 0x31 }, 13, CR4_TSD },
		{ "user-smsw", { 0x0f, 0x01, 0xe0 }, 3, 0 },
		{ "user-smsw-umip", { 0x0f, 0x01, 0xe0 }, 13, CR4_UMIP },
	};
	u64 old = read_cr4();
	unsigned int i;

	map_page((u64)page, (u64)page, PTE_P | PTE_W | PTE_U);
	idt[3].type = 0xee;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct regs r = { .rip = (u64)page, .rbx = (u64)page, .rflags = 2,
				  .rsp = (u64)page + 4096 };

		if (rows[i].cr4 == CR4_UMIP && !(leaf7[2] & 4))
			continue;
		memset(page, 0xcc, 16);
		memcpy(page, rows[i].code, rows[i].code[1] || rows[i].code[2] ? 3 : 1);
		if (rows[i].code[0] == 0xe4 || (rows[i].code[0] == 0x0f && !rows[i].code[2]))
			page[2] = 0xcc;
		write_cr4(old | rows[i].cr4);
		user_run(&r);
		write_cr4(old);
		check(rows[i].name, r.vector, rows[i].vector);
	}
}

int main(const char *args)
{
	page = alloc_pages(1);
	cpuid(1, 0, leaf1);
	cpuid(7, 0, leaf7);
	apic_init(!arg_word(args, "xapic"));
	cr0_values();
	cr0_switches();
	cr3();
	cr4_values();
	no_execute();
	smep_smap();
	cr8();
	others();
	from_user();
	return result();
}
