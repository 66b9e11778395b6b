/* SPDX-License-Identifier: GPL-2.0 */
/* What guest programs have instead of an operating system. */
#ifndef GUEST_LIB_H
#define GUEST_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

/* The program.  @args: its command line without the first word.  What it
 * returns is the code the VM ends with. */
int main(const char *args);

/* Console and end.  printf knows %s %c %d %u %x %lx %lu %ld and widths. */
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void puts_raw(const char *s);
void exit_vm(u8 code) __attribute__((noreturn));

/* Results: "PASS name" or "FAIL name: reason"; main returns result(). */
void pass(const char *name);
void fail(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Passes when @got equals @want. */
void check(const char *name, u64 got, u64 want);
int result(void);

/* Command line: value of "key=", or @dflt; presence of a word. */
u64 arg_u64(const char *args, const char *key, u64 dflt);
bool arg_word(const char *args, const char *word);

void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/*
 * A faulting instruction: "if (guard_begin() == 0) insn; f = guard_end();"
 * becomes GUARDED(insn): the vector of the exception that @insn raised, or -1.
 * guard_error and guard_cr2 hold its details.
 */
extern volatile u64 guard_rip;
extern volatile int guard_vector;
extern volatile u64 guard_error, guard_cr2, guard_fault_rip, guard_rflags;

#define GUARDED(code, ...)						\
({									\
	guard_vector = -1;						\
	asm volatile("leaq 9f(%%rip), %%r11\n\t"			\
		     "movq %%r11, guard_rip\n\t"			\
		     code "\n"						\
		     "9:\n\t"						\
		     "movq $0, guard_rip"				\
		     __VA_ARGS__);					\
	guard_vector;							\
})

/* Handler for an interrupt or exception; NULL takes it back.  Returns the one before. */
typedef void (*trap_fn)(struct regs *r);
trap_fn set_trap(unsigned int vector, trap_fn fn);

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline void cpuid(u32 leaf, u32 sub, u32 r[4])
{
	asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}

#define IO(bits, suffix, reg)						\
static inline u##bits in##bits(u16 port)				\
{									\
	u##bits v;							\
									\
	asm volatile("in" suffix " %w1, %" reg "0" : "=a"(v) : "Nd"(port)); \
	return v;							\
}									\
static inline void out##bits(u16 port, u##bits v)			\
{									\
	asm volatile("out" suffix " %" reg "0, %w1" : : "a"(v), "Nd"(port) : "memory"); \
}
IO(8, "b", "b")
IO(16, "w", "w")
IO(32, "l", "k")
#undef IO

#define READ_CR(n)							\
static inline u64 read_cr##n(void)					\
{									\
	u64 v;								\
									\
	asm volatile("movq %%cr" #n ", %0" : "=r"(v) : : "memory");	\
	return v;							\
}									\
static inline void write_cr##n(u64 v)					\
{									\
	asm volatile("movq %0, %%cr" #n : : "r"(v) : "memory");		\
}
READ_CR(0)
READ_CR(2)
READ_CR(3)
READ_CR(4)
READ_CR(8)
#undef READ_CR

static inline void invlpg(const void *p)
{
	asm volatile("invlpg (%0)" : : "r"(p) : "memory");
}

/* For make bench: the emulator notes its counters here. No effect otherwise. */
static inline void count_mark(u16 n)
{
	asm volatile("prefetchnta (%0)" : : "r"(0x48530000ULL + n));
}

/* The test device. */
#define TESTDEV_EXIT	0xf4
#define TESTDEV_LATCH32	0xe0
#define TESTDEV_UNMAP	0xe4
#define TESTDEV_LATCH8	0xe8
#define TESTDEV_BALLOON	0xec	/* target; what was chosen at the next */
#define TESTDEV_CHOICE	0xf0
#define TESTDEV_IRQ	0x2000
#define TESTDEV_MMIO	0xff000000ULL

/* Takes the page that holds @p away; the next touch faults at the host. */
static inline void take_away(const volatile void *p)
{
	out32(TESTDEV_UNMAP, (u32)(uintptr_t)p & ~0xfffU);
}

/* x2APIC on, spurious vector 255, accepted. */
void apic_on(void);
#define APIC_EOI	0x80b
#define APIC_ICR	0x830
#define APIC_SELF	0x83f

/* The same by register number (0x10 bytes each in memory), in x2APIC mode or not. */
bool apic_init(bool want_x2apic);	/* true: it is x2APIC mode */
u32 apic_read(unsigned int reg);
void apic_write(unsigned int reg, u32 val);
void apic_ipi(u32 dest, u32 icr);
u32 apic_id(void);
#define APIC_REG_ID	0x02
#define APIC_REG_TPR	0x08
#define APIC_REG_EOI	0x0b
#define APIC_REG_SPIV	0x0f
#define APIC_REG_ICR	0x30
#define APIC_REG_ICR2	0x31
#define APIC_REG_TIMER	0x32
#define APIC_REG_COUNT	0x38
#define APIC_REG_NOW	0x39
#define APIC_REG_DIVIDE	0x3e

/* Paging: the first 4 GiB are mapped one to one, writable, for ring 3 too. */
#define PTE_P		0x001UL
#define PTE_W		0x002UL
#define PTE_U		0x004UL
#define PTE_UC		0x018UL
#define PTE_A		0x020UL
#define PTE_D		0x040UL
#define PTE_PS		0x080UL
#define PTE_NX		(1UL << 63)

void *alloc_pages(unsigned int n);		/* zeroed, never freed */
u64 *pte_of(u64 va);				/* cuts large pages down to 4 KiB */
void map_page(u64 va, u64 pa, u64 flags);
void map_large(u64 va, u64 pa, u64 flags);	/* 2 MiB */

/*
 * Runs ring 3 code at r->rip with all registers of *r, until its first
 * exception or interrupt, whose frame is left in *r.  r->cs 0: 64-bit code; 8:
 * in ring 0, with the traps on a stack of their own.
 */
void user_run(struct regs *r);

/*
 * Code outside long mode: 32-bit and 16-bit protected, virtual-8086 and real
 * mode.  mode_call() loads everything, runs until the first exception or
 * interrupt (INT3 is one), and leaves registers and vector in *s.  The last
 * selectors of mode_gdt[] are free to use; in real mode selectors of data
 * segments load base and limit from there as well, and cs is a paragraph.
 */
struct mode_state {
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u32 eip, eflags, vector, error;
	u32 cr0, cr2, cr3, cr4;
	u32 cs, ds, es, ss, fs, gs;
};
void mode_call(struct mode_state *s);
extern u64 mode_gdt[];
#define MODE_CODE32	0x08
#define MODE_DATA32	0x10
#define MODE_CODE16	0x18	/* base 0, 64 KiB */
#define MODE_DATA16	0x20
#define MODE_FREE	0x40	/* to 0x78 */
#define MODE_EFLAGS_VM	0x20000
#define MODE_STACK	0x7000	/* fit for all modes */

extern u8 _end[];
extern u64 pml4[512], pdpt[512], pds[2048];
extern u8 tss[];

struct idt_entry {
	u16 lo, sel;
	u8 ist, type;
	u16 mid;
	u32 hi, zero;
};
extern struct idt_entry idt[256];

/* Multiboot information. */
struct mb_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	u32 syms[4], mmap_length, mmap_addr;
};
extern const struct mb_info *mb_info;
extern u64 mem_upper_kib;
extern const u8 *module_start;
extern u64 module_bytes;

#endif
