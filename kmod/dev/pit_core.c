// SPDX-License-Identifier: GPL-2.0
/*
 * 8254, as the data sheet of the 82C54 tells it.
 *
 * Nothing counts down here.  A counter knows when it began and what it was
 * loaded with; what a read returns, and when OUT rises, follow from the time.
 */
#include "dev/pit_core.h"

#define NS_PER_SEC	1000000000u
#define CONTROL_WORD	3		/* register of port 0x43 */

#define CONTROL_B_GATE2		0x01
#define CONTROL_B_REFRESH	0x10
#define CONTROL_B_OUT2		0x20
/* The refresh bit toggles with the DRAM refresh of the PC/AT: every 15 us. */
#define REFRESH_NS		15085

static u64 to_ticks(u64 ns)
{
	return mul_u64_u32_div(ns, HS_PIT_HZ, NS_PER_SEC);
}

/* The first ns at which to_ticks() says @ticks. */
static u64 to_ns(u64 ticks)
{
	u64 ns = mul_u64_u32_div(ticks, NS_PER_SEC, HS_PIT_HZ);

	while (to_ticks(ns) < ticks)
		ns++;
	return ns;
}

static u32 range(const struct hs_pit_counter *c)
{
	return c->bcd ? 10000 : 65536;
}

static u64 elapsed(const struct hs_pit_counter *c, u64 now)
{
	if (!c->running || now < c->start)
		return c->held;
	return c->held + to_ticks(now - c->start);
}

static bool periodic(const struct hs_pit_counter *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* Modes 1 and 5 begin with a rising edge of GATE, not with the count. */
static bool triggered(const struct hs_pit_counter *c)
{
	return c->mode == 1 || c->mode == 5;
}

/* Rising edges of OUT in the first @d ticks. */
static u64 edges(const struct hs_pit_counter *c, u64 d)
{
	if (!c->loaded || !c->running)
		return c->fired;
	if (periodic(c))
		return div_u64(d, c->n);
	return d >= c->n + (c->mode >= 4 ? 1 : 0);
}

static void begin(struct hs_pit_counter *c, u32 n, u64 now)
{
	c->n = n;
	c->next_n = 0;
	c->start = now;
	c->held = 0;
	c->fired = 0;
	c->running = true;
}

/* Brings @c up to @now: edges that happened, a new count at a period's end. */
static void settle(struct hs_pit_counter *c, u64 now)
{
	u64 d = elapsed(c, now), e = edges(c, d);

	if (e > c->fired) {
		c->fired = e;
		c->edge = true;
	}
	if (c->running && periodic(c) && c->next_n && d >= c->switch_at) {
		begin(c, c->next_n, c->start + to_ns(c->switch_at - c->held));
		e = edges(c, elapsed(c, now));
		c->fired = e;
	}
}

static u16 to_bcd(u32 v)
{
	return v % 10 | (v / 10 % 10) << 4 | (v / 100 % 10) << 8 |
	       (v / 1000 % 10) << 12;
}

/* Digits above 9 count as what they are worth. */
static u32 from_bcd(u16 v)
{
	return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 +
	       (v >> 12) * 1000;
}

static u32 modulo(u64 a, u32 b)
{
	return a - div_u64(a, b) * b;
}

/* The counting element, as a read sees it. */
static u16 value(const struct hs_pit_counter *c, u64 now)
{
	u64 d = elapsed(c, now);
	u32 v, x;

	if (!c->n)
		return 0;
	if (c->mode == 2) {
		v = c->n - modulo(d, c->n);
	} else if (c->mode == 3) {
		/* Down by two, through the count twice; odd counts less one. */
		x = modulo(d, c->n);
		if (x >= (c->n + 1) / 2)
			x -= (c->n + 1) / 2;
		v = c->n & ~1u;
		v = v > 2 * x ? v - 2 * x : 0;
	} else {
		x = modulo(d, range(c));
		v = c->n >= x ? c->n - x : c->n + range(c) - x;
	}
	v = v == range(c) ? 0 : v;
	return c->bcd ? to_bcd(v) : v;
}

/* Level of OUT. */
static bool out(const struct hs_pit_counter *c, u64 now)
{
	u64 d = elapsed(c, now);

	if (!c->loaded)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
		return d >= c->n;
	case 1:
		return !c->running || d >= c->n;
	case 2:
		return !c->running || c->n == 1 ||
		       modulo(d, c->n) != c->n - 1;
	case 3:
		return !c->running || modulo(d, c->n) < (c->n + 1) / 2;
	default:
		return !c->running || d != c->n;
	}
}

static void load(struct hs_pit_counter *c, u16 written, u64 now)
{
	u32 n = c->bcd ? from_bcd(written) : written;
	u64 d;

	if (!n || n > range(c))
		n = range(c);
	if (triggered(c)) {
		c->next_n = n;
		if (!c->loaded)
			c->n = n;
	} else if (periodic(c) && c->loaded && c->running) {
		d = elapsed(c, now);
		c->next_n = n;
		c->switch_at = (div_u64(d, c->n) + 1) * c->n;
	} else {
		begin(c, n, now);
		c->running = c->gate;
	}
	c->loaded = true;
}

static void write_count(struct hs_pit_counter *c, u8 val, u64 now)
{
	switch (c->access) {
	case 1:
		load(c, val, now);
		break;
	case 2:
		load(c, val << 8, now);
		break;
	default:
		if (!c->write_high) {
			c->write_low = val;
			c->write_high = true;
			/* Half a count stops mode 0 and lowers OUT. */
			if (c->mode == 0) {
				c->held = elapsed(c, now);
				c->running = false;
				c->loaded = false;
			}
			break;
		}
		c->write_high = false;
		load(c, val << 8 | c->write_low, now);
	}
}

static void latch_count(struct hs_pit_counter *c, u64 now)
{
	if (c->latch_bytes)
		return;
	c->latch = value(c, now);
	c->latch_bytes = c->access == 3 ? 2 : 1;
}

static void latch_status(struct hs_pit_counter *c, u64 now)
{
	bool null = !c->loaded || c->next_n;

	if (c->status_latched)
		return;
	c->status = out(c, now) << 7 | null << 6 | c->access << 4 |
		    c->mode << 1 | c->bcd;
	c->status_latched = true;
}

static void read_back(struct hs_pit_core *p, u8 cmd, u64 now)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!(cmd & 2 << i))
			continue;
		if (!(cmd & 0x20))
			latch_count(&p->c[i], now);
		if (!(cmd & 0x10))
			latch_status(&p->c[i], now);
	}
}

static void set_mode(struct hs_pit_counter *c, u8 val)
{
	bool gate = c->gate;

	memset(c, 0, sizeof(*c));
	c->gate = gate;
	c->access = val >> 4 & 3;
	c->mode = val >> 1 & 7;
	if (c->mode > 5)
		c->mode &= 3;
	c->bcd = val & 1;
}

/**
 * hs_pit_core_reset - power-on state
 * @p: the timer
 *
 * The chip's modes are undefined until programmed; here nothing counts.
 */
void hs_pit_core_reset(struct hs_pit_core *p)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < 3; i++) {
		p->c[i].access = 3;
		p->c[i].gate = i != 2;
	}
}

static u8 read_count(struct hs_pit_counter *c, u64 now)
{
	bool high = c->access == 2;
	u16 v;

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (c->latch_bytes) {
		if (c->access == 3)
			high = c->latch_bytes == 1;
		c->latch_bytes--;
		return high ? c->latch >> 8 : c->latch;
	}
	v = value(c, now);
	if (c->access == 3) {
		high = c->read_high;
		c->read_high = !c->read_high;
	}
	return high ? v >> 8 : v;
}

/**
 * hs_pit_core_read - the guest reads a port
 * @p: the timer
 * @reg: port - 0x40
 * @now: the time
 *
 * Return: what a latch holds, else the count; all ones for the control word,
 * which is write-only.
 */
u8 hs_pit_core_read(struct hs_pit_core *p, unsigned int reg, u64 now)
{
	if (reg >= 3)
		return 0xff;
	settle(&p->c[reg], now);
	return read_count(&p->c[reg], now);
}

/**
 * hs_pit_core_write - the guest writes a port
 * @p: the timer
 * @reg: port - 0x40
 * @val: the byte
 * @now: the time
 *
 * Return: true when counter 0 was programmed: its OUT counts as low, and the
 * time of its next edge has changed.
 */
bool hs_pit_core_write(struct hs_pit_core *p, unsigned int reg, u8 val, u64 now)
{
	unsigned int i = reg;

	if (reg > CONTROL_WORD)
		return false;
	if (reg == CONTROL_WORD) {
		i = val >> 6;
		if (i == 3) {
			for (i = 0; i < 3; i++)
				settle(&p->c[i], now);
			read_back(p, val, now);
			return false;
		}
		settle(&p->c[i], now);
		if (!(val & 0x30)) {
			latch_count(&p->c[i], now);
			return false;
		}
		set_mode(&p->c[i], val);
		return i == 0;
	}
	settle(&p->c[i], now);
	write_count(&p->c[i], val, now);
	return i == 0;
}

static void set_gate(struct hs_pit_counter *c, bool gate, u64 now)
{
	settle(c, now);
	if (gate == c->gate)
		return;
	c->gate = gate;
	if (!c->loaded)
		return;
	if (triggered(c)) {
		if (gate)
			begin(c, c->next_n ? c->next_n : c->n, now);
		return;
	}
	if (periodic(c)) {
		/* Low holds OUT high; the rising edge loads the count again. */
		if (gate)
			begin(c, c->next_n ? c->next_n : c->n, now);
		c->held = 0;
		c->running = gate;
		return;
	}
	c->held = elapsed(c, now);
	c->start = now;
	c->running = gate;
}

/**
 * hs_pit_core_read61 - the guest reads port 0x61, system control port B
 * @p: the timer
 * @now: the time
 *
 * Return: bits 0-3 as written, the refresh toggle in bit 4, OUT of counter 2 in
 * bit 5.
 */
u8 hs_pit_core_read61(struct hs_pit_core *p, u64 now)
{
	u8 val = p->control_b;

	settle(&p->c[2], now);
	if (div_u64(now, REFRESH_NS) & 1)
		val |= CONTROL_B_REFRESH;
	if (out(&p->c[2], now))
		val |= CONTROL_B_OUT2;
	return val;
}

/**
 * hs_pit_core_write61 - the guest writes port 0x61
 * @p: the timer
 * @val: bit 0 is the gate of counter 2
 * @now: the time
 */
void hs_pit_core_write61(struct hs_pit_core *p, u8 val, u64 now)
{
	p->control_b = val & 0x0f;
	set_gate(&p->c[2], val & CONTROL_B_GATE2, now);
}

/**
 * hs_pit_core_take_edge - whether OUT of counter 0 rose since this was asked
 * @p: the timer
 * @now: the time
 *
 * Several edges in between count as one.
 *
 * Return: true when it did.
 */
bool hs_pit_core_take_edge(struct hs_pit_core *p, u64 now)
{
	struct hs_pit_counter *c = &p->c[0];
	bool edge;

	settle(c, now);
	edge = c->edge;
	c->edge = false;
	return edge;
}

/**
 * hs_pit_core_next_edge - when OUT of counter 0 rises next
 * @p: the timer, as hs_pit_core_take_edge() or a write left it
 *
 * Return: ns, in the past when the caller is late; HS_PIT_NEVER.
 */
u64 hs_pit_core_next_edge(const struct hs_pit_core *p)
{
	const struct hs_pit_counter *c = &p->c[0];
	u64 tick;

	if (c->edge)
		return 0;
	if (!c->loaded || !c->running)
		return HS_PIT_NEVER;
	if (periodic(c))
		tick = (c->fired + 1) * c->n;
	else if (c->fired)
		return HS_PIT_NEVER;
	else
		tick = c->n + (c->mode >= 4 ? 1 : 0);
	return c->start + (tick > c->held ? to_ns(tick - c->held) : 0);
}
