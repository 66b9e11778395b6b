// SPDX-License-Identifier: GPL-2.0
/* TR limit, descriptor tables, faults, CR4 and CR3. */
#include <asm/ldt.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "use.h"

/* ---- TR limit: the I/O bitmap --------------------------------------------------------- */

bool item_ioperm(void)
{
	struct beside b = beside_begin();

	if (ioperm(0x80, 1, 1))
		return errno == ENOSYS ? skip("no ioperm") :
		       wrong("ioperm: %s", strerror(errno));
	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		if (FAULTS(outb(0, 0x80)))
			return wrong("a permitted port faults");
		if (!FAULTS(outb(0, 0x81)))
			return wrong("a forbidden port does not fault");
	}
	ioperm(0x80, 1, 0);
	return done(&b);
}

/* ---- descriptor tables -------------------------------------------------------------------------------------- */

#define LDT_SLOT	3
#define LDT_SEL		(LDT_SLOT << 3 | 7)

bool item_ldt(void)
{
	struct user_desc d = { .entry_number = LDT_SLOT, .limit = 0xfff, .seg_32bit = 1, .useable = 1 };
	struct beside b = beside_begin();
	uint32_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t word, limit, turn = 0;
	uint16_t es;
	bool good = true;

	if (page == MAP_FAILED)
		return wrong("mmap: %s", strerror(errno));
	d.base_addr = (uintptr_t)page;
	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)))
		return errno == ENOSYS ? skip("no modify_ldt") :
		       wrong("modify_ldt: %s", strerror(errno));
	catch_faults();
	while (good && beside(&b)) {
		*page = ++turn;
		if (FAULTS(asm volatile("movw %w0, %%es; movw %w0, %%gs" : : "r"(LDT_SEL))))
			return wrong("loading a selector of the LDT faults at turn %u", turn);
		raw_sleep(SLEEP_NS);
		limit = 0;
		asm volatile("movw %%es, %0" : "=r"(es));
		asm volatile("lsll %1, %0" : "+r"(limit) : "r"(LDT_SEL) : "cc");
		if (limit != 0xfff)
			good = wrong("LSL of an LDT selector gives %#x at turn %u", limit, turn);
		else if (es != LDT_SEL)
			good = wrong("ES became %#x at turn %u", es, turn);
		else if (FAULTS(asm volatile("movl %%gs:0, %0" : "=r"(word)); *(volatile uint32_t *)&word = word) ||
			 word != turn)
			good = wrong("GS points elsewhere at turn %u", turn);
	}
	asm volatile("movw %w0, %%es; movw %w0, %%gs" : : "r"(0));
	memset(&d, 0, sizeof(d));
	d.entry_number = LDT_SLOT;
	d.read_exec_only = d.seg_not_present = 1;
	syscall(SYS_modify_ldt, 1, &d, sizeof(d));
	return good && done(&b);
}

/* Beyond the kernel's GDT there is no descriptor, whatever lies in memory there. */
bool item_gdt_limit(void)
{
	struct beside b = beside_begin();
	volatile uint32_t sel;
	uint32_t ar;
	bool found;

	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		for (sel = 0x80; sel < 0x10000; sel += 8) {
			if (FAULTS(asm volatile("lar %2, %1" : "=@ccz"(found), "=r"(ar) : "r"(sel))))
				return wrong("LAR of %#x reads memory beyond the GDT", sel);
			asm volatile("lar %2, %1" : "=@ccz"(found), "=r"(ar) : "r"(sel));
			if (found)
				return wrong("selector %#x is within the GDT limit", sel);
		}
	}
	return done(&b);
}

/* ---- faults, CR4 --------------------------------------------------------------------------------------------------- */

bool item_cr2(void)
{
	struct beside b = beside_begin();
	volatile char *none = mmap(NULL, 64 << 12, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i = 0;

	catch_faults();
	while (beside(&b)) {
		volatile char *p = none + (i % 64 << 12) + i * 7 % 4096;

		i++;
		raw_sleep(SLEEP_NS);
		if (!FAULTS(*p) || fault_addr != (uintptr_t)p)
			return wrong("fault address %#lx, not %p", fault_addr, p);
	}
	return done(&b);
}

bool item_nx(void)
{
	struct beside b = beside_begin();
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0] = 0xc3;
	catch_faults();
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		if (!FAULTS(((void (*)(void))page)()) || fault_addr != (uintptr_t)page)
			return wrong("data can be executed");
	}
	return done(&b);
}

bool item_cr4(void)
{
	struct beside b = beside_begin();
	uint32_t lo, hi;

	catch_faults();
	while (beside(&b)) {
		prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
		raw_sleep(SLEEP_NS);
		if (!FAULTS(asm volatile("rdtsc" : "=a"(lo), "=d"(hi)))) {
			prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
			return wrong("RDTSC does not fault");
		}
		prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
		if (FAULTS(asm volatile("rdtsc" : "=a"(lo), "=d"(hi))))
			return wrong("RDTSC faults");
	}
	return done(&b);
}

/* ---- CR3: an address space that ends while the guest's thread has borrowed it ----------------------------------------- */

/* Touches memory in many page tables on the guest's CPU, then ends on the other. */
static void short_life(int other, unsigned int seed)
{
	size_t bytes = 32UL << 21, i;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || run_on(cpu))
		_exit(1);
	for (i = 0; i < bytes; i += 1 << 21)
		p[i] = seed;
	/* The guest's thread takes over with our page tables. */
	raw_sleep(SLEEP_NS);
	if (run_on(other) || (seed & 1 && munmap(p, bytes / 2)))
		_exit(1);
	for (i = bytes / 2; i < bytes; i += 1 << 21)
		if (p[i] != (char)seed)
			_exit(2);
	_exit(0);
}

bool item_cr3(void)
{
	int other = cpu ? 0 : 1, st, round = 0;
	struct beside b;
	pid_t pid;

	if (run_on(other))
		return skip("one CPU only");
	b = beside_begin();
	while (beside(&b) || round < 60) {
		pid = fork();
		if (!pid)
			short_life(other, round);
		if (pid < 0 || waitpid(pid, &st, 0) != pid || st) {
			run_on(cpu);
			return wrong("process %d ended with %#x", round, st);
		}
		round++;
	}
	run_on(cpu);
	return done(&b);
}
