// SPDX-License-Identifier: GPL-2.0
/*
 * The interval timer on the board: 0x40-0x43, line 0 through a host timer on
 * counter 0, and port 0x61.
 *
 * OUT of counter 0 is wired to an edge-triggered line.  Only its rising edges
 * matter, so the line is pulsed at them and follows no falling edge but that of
 * programming.  A guest that asks for more than FLOOR_NS allows gets fewer
 * interrupts, and ticks that could not be delivered in time are not made up
 * for: guests keep time by other clocks.
 *
 * The host timer sleeps while nobody would notice: from an edge that finds the
 * line masked in the I/O APIC, and one latched in the PIC already, until either
 * has changed; and while the VM is paused.  Counts follow from the time, so they
 * do not depend on it.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "boot/layout.h"
#include "compat/hrtimer.h"
#include "dev/board.h"
#include "dev/bytes.h"
#include "dev/devices.h"
#include "dev/ioapic.h"
#include "dev/pic.h"
#include "dev/pit_core.h"

#define PORT_CONTROL_B	0x61
/* Between two host timer interrupts for one VM's PIT. */
#define FLOOR_NS	(200 * NSEC_PER_USEC)

struct hs_pit {
	raw_spinlock_t lock;
	struct hs_pit_core core;
	struct hrtimer timer;
	u64 last;		/* when the timer last fired */
	bool dead;		/* never arm the timer again */
	bool paused;		/* not now */
	struct hs_board *b;
};

static void arm(struct hs_pit *p)
{
	u64 next = hs_pit_core_next_edge(&p->core);

	lockdep_assert_held(&p->lock);
	if (next == HS_PIT_NEVER || p->dead || p->paused || p->b->pit_asleep) {
		/* A callback that runs now sees under the lock that it is idle. */
		hrtimer_try_to_cancel(&p->timer);
		return;
	}
	next = max(next, p->last + FLOOR_NS);
	hrtimer_start(&p->timer, ns_to_ktime(next), HRTIMER_MODE_ABS_HARD);
}

/*
 * Sleeps if an edge would change nothing.  It says so before it looks: see
 * hs_pit_look().
 */
static void sleep_unless_wanted(struct hs_pit *p)
{
	WRITE_ONCE(p->b->pit_asleep, true);
	if (hs_pic_wants_edge(p->b, HS_IRQ_PIT) ||
	    hs_ioapic_wants_edge(p->b, HS_GSI_PIT))
		WRITE_ONCE(p->b->pit_asleep, false);
}

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct hs_pit *p = container_of(timer, struct hs_pit, timer);
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&p->lock, flags);
	now = ktime_get_ns();
	p->last = now;
	if (!p->dead && !p->paused && hs_pit_core_take_edge(&p->core, now)) {
		sleep_unless_wanted(p);
		hs_irq_set(p->b, HS_IRQ_PIT, false);
		hs_irq_set(p->b, HS_IRQ_PIT, true);
	}
	arm(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return HRTIMER_NORESTART;
}

static u8 read_reg(void *dev, unsigned int reg)
{
	struct hs_pit *p = dev;
	unsigned long flags;
	u8 val;

	raw_spin_lock_irqsave(&p->lock, flags);
	val = hs_pit_core_read(&p->core, reg, ktime_get_ns());
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return val;
}

static void write_reg(void *dev, unsigned int reg, u8 val)
{
	struct hs_pit *p = dev;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (hs_pit_core_write(&p->core, reg, val, ktime_get_ns())) {
		hs_irq_set(p->b, HS_IRQ_PIT, false);
		WRITE_ONCE(p->b->pit_asleep, false);
		arm(p);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

static u64 pit_read(void *dev, u64 off, unsigned int size)
{
	return hs_read_bytes(read_reg, dev, off, size);
}

static void pit_write(void *dev, u64 off, unsigned int size, u64 val)
{
	hs_write_bytes(write_reg, dev, off, size, val);
}

static u64 control_b_read(void *dev, u64 off, unsigned int size)
{
	struct hs_pit *p = dev;
	unsigned long flags;
	u8 val;

	raw_spin_lock_irqsave(&p->lock, flags);
	val = hs_pit_core_read61(&p->core, ktime_get_ns());
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return val;
}

static void control_b_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct hs_pit *p = dev;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	hs_pit_core_write61(&p->core, val, ktime_get_ns());
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

static const struct hs_region_ops pit_ops = {
	.read = pit_read,
	.write = pit_write,
	.fast = true,
};

static const struct hs_region_ops control_b_ops = {
	.read = control_b_read,
	.write = control_b_write,
	.fast = true,
};

/**
 * hs_pit_init - put an 8254 on the board
 * @b: the board
 *
 * Process context.
 *
 * Return: 0, -ENOMEM, or what hs_bus_add() said.
 */
int hs_pit_init(struct hs_board *b)
{
	struct hs_pit *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!p)
		return -ENOMEM;
	raw_spin_lock_init(&p->lock);
	p->b = b;
	hs_hrtimer_setup(&p->timer, expired);
	hs_pit_core_reset(&p->core);
	ret = hs_bus_add(&b->pio, HS_PORT_PIT, 4, &pit_ops, p);
	if (!ret)
		ret = hs_bus_add(&b->pio, PORT_CONTROL_B, 1, &control_b_ops, p);
	if (ret) {
		kfree(p);
		return ret;
	}
	b->pit = p;
	return 0;
}

/**
 * hs_pit_reset - power-on state
 * @b: the board; no vCPU runs
 */
void hs_pit_reset(struct hs_board *b)
{
	struct hs_pit *p = b->pit;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	hs_pit_core_reset(&p->core);
	hs_irq_set(p->b, HS_IRQ_PIT, false);
	WRITE_ONCE(b->pit_asleep, false);
	arm(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pit_wake - an interrupt controller may want an edge now
 * @b: the board
 *
 * Edges that passed while the timer slept are lost, as they would have been.
 * Context: any, without a lock of the board.
 */
void hs_pit_wake(struct hs_board *b)
{
	struct hs_pit *p = b->pit;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (b->pit_asleep) {
		hs_pit_core_take_edge(&p->core, ktime_get_ns());
		WRITE_ONCE(b->pit_asleep, false);
		arm(p);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pit_pause - no vCPU runs for a while, or they run again
 * @b: the board
 * @pause: whether the host timer is to be quiet
 *
 * Counting goes on.  Of the edges that pass meanwhile one arrives afterwards.
 */
void hs_pit_pause(struct hs_board *b, bool pause)
{
	struct hs_pit *p = b->pit;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	p->paused = pause;
	arm(p);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * hs_pit_exit - stop the timer and take the 8254 off the board
 * @b: the board
 *
 * Process context; waits for the timer's callback.
 */
void hs_pit_exit(struct hs_board *b)
{
	struct hs_pit *p = b->pit;
	unsigned long flags;

	if (!p)
		return;
	raw_spin_lock_irqsave(&p->lock, flags);
	p->dead = true;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	hrtimer_cancel(&p->timer);
	kfree(p);
	b->pit = NULL;
}
