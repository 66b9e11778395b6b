// SPDX-License-Identifier: GPL-2.0
/*
 * The real-time clock on the board: 0x70-0x71, line 8 through a host timer
 * that runs only while the guest waits for an interrupt.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include "boot/layout.h"
#include "compat/hrtimer.h"
#include "dev/board.h"
#include "dev/bytes.h"
#include "dev/devices.h"
#include "dev/rtc_core.h"

/*
 * Between two host timer interrupts for one VM's clock.  The fastest periodic
 * rate is 122 us; each interrupt also waits for the guest to read register C.
 */
#define FLOOR_NS	(100 * NSEC_PER_USEC)

struct hs_rtc {
	raw_spinlock_t lock;
	struct hs_rtc_core core;
	struct hrtimer timer;
	bool line;
	bool dead;		/* never arm the timer again */
	struct hs_board *b;
};

/*
 * Line and timer follow the state.  @now is the time for which the access
 * before was done: the line is edge-triggered, and a flag that rises between
 * the reading of register C and this would leave the guest without its edge.
 */
static void update(struct hs_rtc *r, u64 now)
{
	bool level = hs_rtc_core_update(&r->core, now);
	u64 delta;

	lockdep_assert_held(&r->lock);
	if (level != r->line) {
		r->line = level;
		hs_irq_set(r->b, HS_IRQ_RTC, level);
	}
	delta = hs_rtc_core_next(&r->core, now);
	if (delta == HS_RTC_NEVER || r->dead) {
		/* A callback that runs now finds nothing to do. */
		hrtimer_try_to_cancel(&r->timer);
		return;
	}
	delta = max_t(u64, delta, FLOOR_NS);
	hrtimer_start(&r->timer, ktime_add_ns(ktime_get(), delta),
		      HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct hs_rtc *r = container_of(timer, struct hs_rtc, timer);
	unsigned long flags;

	raw_spin_lock_irqsave(&r->lock, flags);
	if (!r->dead)
		update(r, ktime_get_real_ns());
	raw_spin_unlock_irqrestore(&r->lock, flags);
	return HRTIMER_NORESTART;
}

/* Port 0x70 is write-only; its bit 7 masks NMI on a PC, which has none here. */
static u8 read_reg(void *dev, unsigned int reg)
{
	struct hs_rtc *r = dev;
	unsigned long flags;
	u64 now;
	u8 val;

	if (reg == 0)
		return 0xff;
	raw_spin_lock_irqsave(&r->lock, flags);
	now = ktime_get_real_ns();
	val = hs_rtc_core_read(&r->core, now);
	/* Only reading C changes what is awaited. */
	if ((r->core.index & 0x7f) == HS_RTC_C)
		update(r, now);
	raw_spin_unlock_irqrestore(&r->lock, flags);
	return val;
}

static void write_reg(void *dev, unsigned int reg, u8 val)
{
	struct hs_rtc *r = dev;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&r->lock, flags);
	now = ktime_get_real_ns();
	if (reg == 0) {
		r->core.index = val & 0x7f;
	} else {
		hs_rtc_core_write(&r->core, val, now);
		update(r, now);
	}
	raw_spin_unlock_irqrestore(&r->lock, flags);
}

static u64 rtc_read(void *dev, u64 off, unsigned int size)
{
	return hs_read_bytes(read_reg, dev, off, size);
}

static void rtc_write(void *dev, u64 off, unsigned int size, u64 val)
{
	hs_write_bytes(write_reg, dev, off, size, val);
}

static const struct hs_region_ops rtc_ops = {
	.read = rtc_read,
	.write = rtc_write,
	.fast = true,
};

/**
 * hs_rtc_init - put an MC146818 on the board
 * @b: the board
 *
 * Process context.  The clock shows the host's time, UTC.
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_rtc_init(struct hs_board *b)
{
	struct hs_rtc *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!r)
		return -ENOMEM;
	raw_spin_lock_init(&r->lock);
	r->b = b;
	hs_hrtimer_setup(&r->timer, expired);
	hs_rtc_core_init(&r->core, ktime_get_real_ns());
	ret = hs_bus_add(&b->pio, HS_PORT_RTC, 2, &rtc_ops, r);
	if (ret) {
		kfree(r);
		return ret;
	}
	b->rtc = r;
	return 0;
}

/**
 * hs_rtc_reset - the RESET pin: time, alarm and RAM stay
 * @b: the board; no vCPU runs
 */
void hs_rtc_reset(struct hs_board *b)
{
	struct hs_rtc *r = b->rtc;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&r->lock, flags);
	now = ktime_get_real_ns();
	hs_rtc_core_reset(&r->core, now);
	update(r, now);
	raw_spin_unlock_irqrestore(&r->lock, flags);
}

/**
 * hs_rtc_exit - stop the timer and take the clock off the board
 * @b: the board
 *
 * Process context; waits for the timer's callback.
 */
void hs_rtc_exit(struct hs_board *b)
{
	struct hs_rtc *r = b->rtc;
	unsigned long flags;

	if (!r)
		return;
	raw_spin_lock_irqsave(&r->lock, flags);
	r->dead = true;
	raw_spin_unlock_irqrestore(&r->lock, flags);
	hrtimer_cancel(&r->timer);
	kfree(r);
	b->rtc = NULL;
}
