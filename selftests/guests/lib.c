// SPDX-License-Identifier: GPL-2.0
/* Console, results, traps and start-up of the guest programs. */
#include <stdarg.h>
#include "lib.h"

#define COM1		0x3f8
#define MB_BOOT_MAGIC	0x2badb002

struct mb_module {
	u32 start, end, string, pad;
};

extern const u8 trap_stubs[256][16];

struct idt_entry idt[256] __attribute__((aligned(4096)));
const struct mb_info *mb_info;
u64 mem_upper_kib;
const u8 *module_start;
u64 module_bytes;

volatile u64 guard_rip;
volatile int guard_vector;
volatile u64 guard_error, guard_cr2, guard_fault_rip, guard_rflags;

static trap_fn trap_table[256];
static unsigned int passed, failed;

void *memset(void *d, int c, size_t n)
{
	void *r = d;

	asm volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return r;
}

void *memcpy(void *d, const void *s, size_t n)
{
	void *r = d;

	asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	return r;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void put_char(char c)
{
	while (!(in8(COM1 + 5) & 0x20))
		;
	out8(COM1, c);
}

void puts_raw(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put_char('\r');
		put_char(*s);
	}
}

static void put_number(u64 v, unsigned int base, int width, char pad, bool negative)
{
	char buf[24];
	int n = 0;

	do {
		buf[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative)
		buf[n++] = '-';
	while (n < width && n < 23)
		buf[n++] = pad;
	while (n)
		put_char(buf[--n]);
}

static void vprintf_(const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		bool wide = false;
		char pad = ' ';
		int width = 0;
		u64 v;

		if (*fmt != '%') {
			if (*fmt == '\n')
				put_char('\r');
			put_char(*fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0') {
			pad = '0';
			fmt++;
		}
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + *fmt++ - '0';
		for (; *fmt == 'l'; fmt++)
			wide = true;
		switch (*fmt) {
		case 's':
			puts_raw(va_arg(ap, const char *));
			break;
		case 'c':
			put_char(va_arg(ap, int));
			break;
		case 'd':
			v = wide ? va_arg(ap, u64) : (u64)(int64_t)va_arg(ap, int);
			put_number((int64_t)v < 0 ? -v : v, 10, width, pad, (int64_t)v < 0);
			break;
		case 'u':
		case 'x':
			v = wide ? va_arg(ap, u64) : va_arg(ap, u32);
			put_number(v, *fmt == 'x' ? 16 : 10, width, pad, false);
			break;
		default:
			put_char(*fmt);
		}
	}
}

void printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf_(fmt, ap);
	va_end(ap);
}

void pass(const char *name)
{
	passed++;
	printf("PASS %s\n", name);
}

void fail(const char *name, const char *fmt, ...)
{
	va_list ap;

	failed++;
	printf("FAIL %s: ", name);
	va_start(ap, fmt);
	vprintf_(fmt, ap);
	va_end(ap);
	printf("\n");
}

void check(const char *name, u64 got, u64 want)
{
	if (got == want)
		pass(name);
	else
		fail(name, "got 0x%lx, not 0x%lx", got, want);
}

int result(void)
{
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}

void exit_vm(u8 code)
{
	out8(TESTDEV_EXIT, code);
	for (;;)
		asm volatile("cli; hlt");
}

static const char *find_word(const char *args, const char *word)
{
	size_t n = strlen(word);

	while (*args) {
		while (*args == ' ')
			args++;
		if (strlen(args) >= n && !memcmp(args, word, n))
			return args + n;
		while (*args && *args != ' ')
			args++;
	}
	return NULL;
}

bool arg_word(const char *args, const char *word)
{
	const char *p = find_word(args, word);

	return p && (!*p || *p == ' ');
}

u64 arg_u64(const char *args, const char *key, u64 dflt)
{
	const char *p = find_word(args, key);
	unsigned int base = 10;
	u64 v = 0;

	if (!p)
		return dflt;
	if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	}
	for (;; p++) {
		unsigned int d;

		if (*p >= '0' && *p <= '9')
			d = *p - '0';
		else if (base == 16 && *p >= 'a' && *p <= 'f')
			d = *p - 'a' + 10;
		else
			return v;
		v = v * base + d;
	}
}

trap_fn set_trap(unsigned int vector, trap_fn fn)
{
	trap_fn old = trap_table[vector & 255];

	trap_table[vector & 255] = fn;
	return old;
}

void trap(struct regs *r)
{
	if (trap_table[r->vector]) {
		trap_table[r->vector](r);
		return;
	}
	if (guard_rip && r->vector < 32) {
		guard_vector = r->vector;
		guard_error = r->error;
		guard_cr2 = read_cr2();
		guard_fault_rip = r->rip;
		guard_rflags = r->rflags;
		r->rip = guard_rip;
		guard_rip = 0;
		return;
	}
	printf("FAIL trap: vector %lu error 0x%lx rip 0x%lx cr2 0x%lx rsp 0x%lx rflags 0x%lx\n",
	       r->vector, r->error, r->rip, read_cr2(), r->rsp, r->rflags);
	exit_vm(255);
}

void apic_on(void)
{
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
}

static void set_idt(void)
{
	struct __attribute__((packed)) {
		u16 limit;
		u64 base;
	} p = { sizeof(idt) - 1, (u64)idt };

	for (unsigned int i = 0; i < 256; i++) {
		u64 a = (u64)trap_stubs[i];

		idt[i] = (struct idt_entry) {
			.lo = a, .sel = 8, .type = 0x8e, .mid = a >> 16, .hi = a >> 32,
		};
	}
	asm volatile("lidt %0" : : "m"(p));
}

/* Called by start.S. */
void lib_main(u32 magic, const struct mb_info *mb)
{
	const char *args = "";

	set_idt();
	out8(COM1 + 3, 3);	/* 8 bits a byte */
	/* What firmware may have left: no interrupt from the PICs unless asked for. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	if (magic != MB_BOOT_MAGIC) {
		printf("FAIL start: multiboot magic 0x%x\n", magic);
		exit_vm(254);
	}
	mb_info = mb;
	if (mb->flags & 1)
		mem_upper_kib = mb->mem_upper;
	if (mb->flags & 8 && mb->mods_count) {
		const struct mb_module *m = (const void *)(u64)mb->mods_addr;

		module_start = (const u8 *)(u64)m->start;
		module_bytes = m->end - m->start;
	}
	if (mb->flags & 4 && mb->cmdline) {
		args = (const char *)(u64)mb->cmdline;
		while (*args && *args != ' ')
			args++;
		while (*args == ' ')
			args++;
	}
	exit_vm(main(args));
}
