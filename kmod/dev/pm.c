// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI fixed hardware on the board: PM1a event block, control block and PM
 * timer, with the SCI on line 9.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "compat/hrtimer.h"
#include "dev/board.h"
#include "dev/devices.h"
#include "dev/pm_core.h"

struct hs_pm {
	raw_spinlock_t lock;
	struct hs_pm_core core;
	struct hrtimer timer;	/* for TMR_EN: once in ten minutes */
	bool line;
	bool dead;		/* never arm the timer again */
	struct hs_board *b;
};

/* Line and timer follow the state. */
static void update(struct hs_pm *p, u64 now)
{
	bool level = hs_pm_core_sci(&p->core, now);
	u64 next = hs_pm_core_next(&p->core, now);

	lockdep_assert_held(&p->lock);
	if (level != p->line) {
		p->line = level;
		hs_irq_set(p->b, HS_IRQ_SCI, level);
	}
	if (next == HS_PM_NEVER || p->dead)
		hrtimer_try_to_cancel(&p->timer);
	else
		hrtimer_start(&p->timer, ns_to_ktime(next),
			      HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct hs_pm *p = container_of(timer, struct hs_pm, timer);
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (!p->dead)
		update(p, ktime_get_ns());
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return HRTIMER_NORESTART;
}

static u64 pm_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pm *p = dev;
	unsigned long flags;
	unsigned int i;
	u64 val = 0, now;

	raw_spin_lock_irqsave(&p->lock, flags);
	now = ktime_get_ns();
	for (i = 0; i < size; i++)
		val |= (u64)hs_pm_core_read(&p->core, off + i, now) << (8 * i);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return val;
}

static void pm_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pm *p = dev;
	bool soft_off = false;
	unsigned long flags;
	unsigned int i;
	u64 now;

	raw_spin_lock_irqsave(&p->lock, flags);
	now = ktime_get_ns();
	for (i = 0; i < size; i++)
		soft_off |= hs_pm_core_write(&p->core, off + i, val >> (8 * i),
					     now);
	update(p, now);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	if (soft_off)
		p->b->ops->event(p->b->vm, HS_BOARD_POWEROFF, 0);
}

/* No lock: the epoch changes only while no vCPU runs. */
static u64 timer_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pm *p = dev;
	u64 val = hs_pm_core_timer(&p->core, ktime_get_ns());

	return val >> (8 * off) & (~0ULL >> (64 - 8 * size));
}

/* The timer is read-only. */
static void timer_write(void *dev, u64 off, unsigned int size, u64 val)
{
}

static const struct hs_region_ops pm_ops = {
	.read = pm_read,
	.write = pm_write,
	.fast = true,
};

static const struct hs_region_ops timer_ops = {
	.read = timer_read,
	.write = timer_write,
	.fast = true,
};

/**
 * hs_pm_init - put the ACPI fixed hardware on the board
 * @b: the board
 *
 * Process context.
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_pm_init(struct hs_board *b)
{
	struct hs_pm *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!p)
		return -ENOMEM;
	BUILD_BUG_ON(HS_PORT_PM1A_CNT != HS_PORT_PM1A_EVT + HS_PM1_EVT_LEN);
	raw_spin_lock_init(&p->lock);
	p->b = b;
	hs_hrtimer_setup(&p->timer, expired);
	hs_pm_core_reset(&p->core, ktime_get_ns());
	ret = hs_bus_add(&b->pio, HS_PORT_PM1A_EVT,
			 HS_PM1_EVT_LEN + HS_PM1_CNT_LEN, &pm_ops, p);
	if (!ret)
		ret = hs_bus_add(&b->pio, HS_PORT_PM_TMR, HS_PM_TMR_LEN,
				 &timer_ops, p);
	if (ret) {
		kfree(p);
		return ret;
	}
	b->pm = p;
	return 0;
}

/**
 * hs_pm_reset - power-on state
 * @b: the board; no vCPU runs
 */
void hs_pm_reset(struct hs_board *b)
{
	struct hs_pm *p = b->pm;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&p->lock, flags);
	now = ktime_get_ns();
	hs_pm_core_reset(&p->core, now);
	update(p, now);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pm_exit - stop the timer and take the hardware off the board
 * @b: the board
 *
 * Process context; waits for the timer's callback.
 */
void hs_pm_exit(struct hs_board *b)
{
	struct hs_pm *p = b->pm;
	unsigned long flags;

	if (!p)
		return;
	raw_spin_lock_irqsave(&p->lock, flags);
	p->dead = true;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	hrtimer_cancel(&p->timer);
	kfree(p);
	b->pm = NULL;
}

/**
 * hs_pm_power_button - press the power button
 * @b: the board
 *
 * Any context.  A guest that has not enabled the event yet finds it latched.
 */
void hs_pm_power_button(struct hs_board *b)
{
	struct hs_pm *p = b->pm;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	hs_pm_core_power_button(&p->core);
	update(p, ktime_get_ns());
	raw_spin_unlock_irqrestore(&p->lock, flags);
}
