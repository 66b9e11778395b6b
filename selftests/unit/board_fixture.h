/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole board: devices, their lines and the interrupt controllers, reached
 * by ports and memory as a guest reaches them.  The console is not there: what
 * it holds for the guest is a string.  Nor is any virtio device.
 */
#ifndef BOARD_FIXTURE_H
#define BOARD_FIXTURE_H

#include "kshim.h"
#include "boot/layout.h"
#include "dev/balloon.h"
#include "dev/board.h"
#include "dev/console.h"
#include "dev/devices.h"
#include "kselftest_harness.h"

#define CPUS	2
#define X(reg)	(0x800 + (reg))
#define SVR	0x0f
#define EOI	0x0b

FIXTURE(board) {
	struct hs_board b;
};

static const char *typed;

int hs_console_init(struct hs_board *b)
{
	return 0;
}

void hs_console_reset(struct hs_board *b)
{
}

void hs_console_exit(struct hs_board *b)
{
}

unsigned int hs_console_minor(const struct hs_board *b)
{
	return 0;
}

int hs_console_module_init(void)
{
	return 0;
}

void hs_console_module_exit(void)
{
}

void hs_console_attach(struct hs_console *c, const struct hs_console_ops *ops, void *dev)
{
}

void hs_console_detach(struct hs_console *c)
{
}

size_t hs_console_out(struct hs_console *c, const u8 *buf, size_t len)
{
	return len;
}

bool hs_console_has_input(const struct hs_console *c)
{
	return *typed;
}

size_t hs_console_in(struct hs_console *c, u8 *buf, size_t len)
{
	size_t n = strnlen(typed, len);

	memcpy(buf, typed, n);
	typed += n;
	return n;
}

int hs_virtio_init(struct hs_board *b)
{
	return 0;
}

void hs_virtio_reset(struct hs_board *b)
{
}

void hs_virtio_exit(struct hs_board *b)
{
}

void hs_batch_serve(struct hs_board *b)
{
}

int hs_balloon_set_target(struct hs_board *b, u64 bytes)
{
	return -ENOENT;
}

bool hs_balloon_info(struct hs_board *b, struct hs_balloon_info *i)
{
	return false;
}

u64 hs_gmem_charged(const struct hs_gmem *g)
{
	return 0;
}

static void nothing(void *vm, unsigned int cpu)
{
}

static unsigned int resets;

static void count_resets(void *vm, enum hs_board_event ev, u32 code)
{
	resets += ev == HS_BOARD_RESET;
}

static const struct hs_board_ops ops = { .kick = nothing, .event = count_resets };

static inline void outp(struct hs_board *b, u16 port, unsigned int size, u32 val)
{
	hs_bus_write(&b->pio, port, size, val, false);
}

static inline u8 inp(struct hs_board *b, u16 port)
{
	u64 val;

	hs_bus_read(&b->pio, port, 1, &val, false);
	return val;
}

/* All pins to CPU 0, edge triggered, vector 0x40 and up; 0x10000: masked. */
static inline void route(struct hs_board *b, unsigned int pin, u32 flags)
{
	hs_bus_write(&b->mmio, HS_GPA_IOAPIC, 4, 0x10 + 2 * pin, false);
	hs_bus_write(&b->mmio, HS_GPA_IOAPIC + 0x10, 4, (0x40 + pin) | flags, false);
}

static void set_up_cpu(struct hs_board *b)
{
	u64 base;

	hs_lapic_msr_read(b->lapic[0], MSR_IA32_APICBASE, &base);
	hs_lapic_msr_write(b->lapic[0], MSR_IA32_APICBASE, base | 0x400);
	hs_lapic_msr_write(b->lapic[0], X(SVR), 0x1ff);
}

/* The vector that CPU 0 takes now and ends; -1: none. */
static inline int took(struct hs_board *b)
{
	int v = hs_lapic_ack(b->lapic[0]);

	if (v >= 0)
		hs_lapic_msr_write(b->lapic[0], X(EOI), 0);
	return v;
}

FIXTURE_SETUP(board)
{
	const struct hs_board_cfg cfg = {
		.name = "test", .cpus = CPUS, .testdev = true,
		.tsc_khz = kshim_tsc_per_ns * 1000000,
	};

	typed = "";
	ASSERT_EQ(0, hs_board_init(&self->b, &cfg, &ops, NULL));
	set_up_cpu(&self->b);
}

FIXTURE_TEARDOWN(board)
{
	hs_board_exit(&self->b);
}

#define OUT(port, v)	outp(&self->b, port, 1, v)
#define IN(port)	inp(&self->b, port)
#define ROUTE(pin, f)	route(&self->b, pin, f)
#define TOOK()		took(&self->b)

#endif /* BOARD_FIXTURE_H */
