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
extern volatile u64 guard_error, guard_cr2, guard_fault_rip;

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

/* Handler for an interrupt or exception; NULL takes it back. */
typedef void (*trap_fn)(struct regs *r);
void set_trap(unsigned int vector, trap_fn fn);

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
extern u64 mem_upper_kib;
extern const u8 *module_start;
extern u64 module_bytes;

#endif
