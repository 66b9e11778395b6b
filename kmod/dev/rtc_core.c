// SPDX-License-Identifier: GPL-2.0
/*
 * MC146818, as its data sheet tells it.
 *
 * The clock is the host's plus an offset, which a guest that sets the time
 * changes.  Flags in register C are brought up to date when somebody looks:
 * each of the three sources remembers up to when it has been looked at.
 */
#include "boot/layout.h"
#include "dev/rtc_core.h"

#define NS_PER_SEC	1000000000u
#define SEC_PER_DAY	86400
/* The time may change this long after UIP was read as 0. */
#define UIP_NS		244000
#define CRYSTAL_HZ	32768
/* Days from 0000-01-01 to 1970-01-01. */
#define EPOCH_DAYS	719528
#define DAYS_400_YEARS	146097

struct date {
	u32 year, month, day;		/* month and day from 1 */
	u32 hour, minute, second;
	u32 weekday;			/* 1 = Sunday */
};

/* ---- calendar -------------------------------------------------------------- */

static bool leap(u32 year)
{
	return !(year % 4) && (year % 100 || !(year % 400));
}

static u32 month_days(u32 year, u32 month)
{
	static const u8 days[12] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	return days[month - 1] + (month == 2 && leap(year));
}

/* Days from 0000-01-01 to the start of @year. */
static u32 year_days(u32 year)
{
	if (!year)
		return 0;
	/* Leap years before @year; year 0 is one. */
	return year * 365 + (year - 1) / 4 - (year - 1) / 100 +
	       (year - 1) / 400 + 1;
}

/* @s: seconds since year 0, not negative, below year 10000 (the caller wraps). */
static void to_date(u64 s, struct date *d)
{
	u32 days = div_u64(s, SEC_PER_DAY);
	u32 rest = s - (u64)days * SEC_PER_DAY;

	d->hour = rest / 3600;
	d->minute = rest / 60 % 60;
	d->second = rest % 60;
	/* 0000-01-01 was a Saturday. */
	d->weekday = (days + 6) % 7 + 1;
	/* Never too late, and at most a year too early. */
	d->year = days / 366;
	d->year += (days - year_days(d->year)) / 366;
	while (year_days(d->year + 1) <= days)
		d->year++;
	days -= year_days(d->year);
	for (d->month = 1; days >= month_days(d->year, d->month); d->month++)
		days -= month_days(d->year, d->month);
	d->day = days + 1;
}

/* Any field may be out of range: it then counts on, as from_date(31 April). */
static u64 from_date(const struct date *d)
{
	u64 days = year_days(d->year);
	u32 m;

	for (m = 1; m < d->month && m <= 12; m++)
		days += month_days(d->year, m);
	days += d->day ? d->day - 1 : 0;
	return days * SEC_PER_DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

/* ---- encoding ---------------------------------------------------------------- */

static u8 encode(const struct hs_rtc_core *c, u32 v)
{
	if (c->ram[HS_RTC_B] & HS_RTC_B_BINARY)
		return v;
	return v / 10 << 4 | v % 10;
}

static u32 decode(const struct hs_rtc_core *c, u8 v)
{
	if (c->ram[HS_RTC_B] & HS_RTC_B_BINARY)
		return v;
	return (v >> 4) * 10 + (v & 15);
}

static u8 encode_hour(const struct hs_rtc_core *c, u32 hour)
{
	if (c->ram[HS_RTC_B] & HS_RTC_B_24H)
		return encode(c, hour);
	return encode(c, (hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0);
}

static u32 decode_hour(const struct hs_rtc_core *c, u8 v)
{
	if (c->ram[HS_RTC_B] & HS_RTC_B_24H)
		return decode(c, v);
	return decode(c, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

static u8 encode_field(const struct hs_rtc_core *c, u8 reg, const struct date *d)
{
	switch (reg) {
	case HS_RTC_SECONDS:
		return encode(c, d->second);
	case HS_RTC_MINUTES:
		return encode(c, d->minute);
	case HS_RTC_HOURS:
		return encode_hour(c, d->hour);
	case HS_RTC_WEEKDAY:
		return encode(c, d->weekday);
	case HS_RTC_DAY:
		return encode(c, d->day);
	case HS_RTC_MONTH:
		return encode(c, d->month);
	case HS_RTC_YEAR:
		return encode(c, d->year % 100);
	default:	/* HS_RTC_CENTURY */
		return encode(c, d->year / 100);
	}
}

static const u8 time_regs[] = {
	HS_RTC_SECONDS, HS_RTC_MINUTES, HS_RTC_HOURS, HS_RTC_WEEKDAY,
	HS_RTC_DAY, HS_RTC_MONTH, HS_RTC_YEAR, HS_RTC_CENTURY,
};

static bool is_time(u8 reg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(time_regs); i++)
		if (time_regs[i] == reg)
			return true;
	return false;
}

/* ---- the running clock --------------------------------------------------------- */

/* The guest's time: seconds since year 0, ns of the second in *@ns. */
static s64 guest_time(const struct hs_rtc_core *c, u64 now, u32 *ns)
{
	u64 t = now + c->off_ns;
	u64 s = div_u64(t, NS_PER_SEC);
	s64 sec = (s64)s + c->off_s;

	*ns = t - s * NS_PER_SEC;
	/* Years have four digits: 9999 goes on with 0, as 1999 did with 1900. */
	while (sec < 0)
		sec += 25LL * DAYS_400_YEARS * SEC_PER_DAY;
	while (sec >= 25LL * DAYS_400_YEARS * SEC_PER_DAY)
		sec -= 25LL * DAYS_400_YEARS * SEC_PER_DAY;
	return sec;
}

static void date_to_ram(struct hs_rtc_core *c, u64 now)
{
	struct date d;
	unsigned int i;
	u32 ns;

	to_date(guest_time(c, now, &ns), &d);
	for (i = 0; i < ARRAY_SIZE(time_regs); i++)
		c->ram[time_regs[i]] = encode_field(c, time_regs[i], &d);
}

/* Takes the time from RAM, @ns into its second.  The day of week follows. */
static void date_from_ram(struct hs_rtc_core *c, u64 now, u32 ns)
{
	u64 s = div_u64(now, NS_PER_SEC);
	u32 host_ns = now - s * NS_PER_SEC;
	struct date d = {
		.second = decode(c, c->ram[HS_RTC_SECONDS]),
		.minute = decode(c, c->ram[HS_RTC_MINUTES]),
		.hour = decode_hour(c, c->ram[HS_RTC_HOURS]),
		.day = decode(c, c->ram[HS_RTC_DAY]),
		.month = decode(c, c->ram[HS_RTC_MONTH]),
		.year = decode(c, c->ram[HS_RTC_YEAR]) % 100 +
			decode(c, c->ram[HS_RTC_CENTURY]) % 100 * 100,
	};
	u32 dummy;

	c->off_ns = (ns + NS_PER_SEC - host_ns) % NS_PER_SEC;
	c->off_s = from_date(&d) - (s + (host_ns + c->off_ns) / NS_PER_SEC);
	c->last_s = guest_time(c, now, &dummy);
}

static bool divider_held(const struct hs_rtc_core *c)
{
	return (c->ram[HS_RTC_A] & HS_RTC_A_DIV_RESET) == HS_RTC_A_DIV_RESET;
}

static bool should_stop(const struct hs_rtc_core *c)
{
	return (c->ram[HS_RTC_B] & HS_RTC_B_SET) || divider_held(c);
}

/* Period of the periodic interrupt in crystal ticks, 0 = none. */
static u32 period(const struct hs_rtc_core *c)
{
	u32 rate = c->ram[HS_RTC_A] & HS_RTC_A_RATE;

	if (!rate || divider_held(c))
		return 0;
	/* The two fastest rates are not there with this crystal. */
	if (rate <= 2)
		rate += 7;
	return 1u << (rate - 1);
}

static u64 crystal(const struct hs_rtc_core *c, u64 now)
{
	return mul_u64_u32_div(now + c->off_ns, CRYSTAL_HZ, NS_PER_SEC);
}

static u64 period_number(const struct hs_rtc_core *c, u64 now)
{
	u32 p = period(c);

	return p ? div_u64(crystal(c, now), p) : 0;
}

#define EACH	-1	/* of an alarm's field: every value */

/* What a field of the alarm asks for, below @n; EACH; @n for what never comes. */
static int alarm_field(const struct hs_rtc_core *c, u8 reg, int n,
		       u8 (*enc)(const struct hs_rtc_core *c, u32 v))
{
	u8 a = c->ram[reg];
	int v;

	if ((a & 0xc0) == 0xc0)
		return EACH;
	for (v = 0; v < n; v++)
		if (enc(c, v) == a)
			break;
	return v;
}

/*
 * The first second in (@from, @to] that the alarm matches, or -1.  Fields are
 * looked up one by one: the host's interrupts are off, and what a guest asks
 * for may never come.
 */
static s64 next_alarm(const struct hs_rtc_core *c, s64 from, s64 to)
{
	const int h = alarm_field(c, HS_RTC_HOURS_ALARM, 24, encode_hour);
	const int m = alarm_field(c, HS_RTC_MINUTES_ALARM, 60, encode);
	const int s = alarm_field(c, HS_RTC_SECONDS_ALARM, 60, encode);
	const u64 first = from + 1, day = div_u64(first, SEC_PER_DAY) * SEC_PER_DAY;
	int at = first - day, hour = at / 3600, minute = at / 60 % 60;
	int second = at % 60;
	u64 t = 0;

	if (h == 24 || m == 60 || s == 60)
		return -1;
	/* From the seconds up: what has passed is carried into the next field. */
	if (s != EACH) {
		minute += second > s;
		second = s;
	}
	if (minute == 60 || (m != EACH && minute != m)) {
		hour += minute == 60 || minute > m;
		minute = m == EACH ? 0 : m;
		second = s == EACH ? 0 : s;
	}
	if (hour == 24 || (h != EACH && hour != h)) {
		if (hour == 24 || hour > h)
			t = SEC_PER_DAY;
		hour = h == EACH ? 0 : h;
		minute = m == EACH ? 0 : m;
		second = s == EACH ? 0 : s;
	}
	t += day + hour * 3600 + minute * 60 + second;
	return t <= (u64)to ? (s64)t : -1;
}

static void update_irqf(struct hs_rtc_core *c)
{
	u8 on = c->ram[HS_RTC_B] & c->ram[HS_RTC_C] &
		(HS_RTC_B_PIE | HS_RTC_B_AIE | HS_RTC_B_UIE);

	c->ram[HS_RTC_C] &= ~HS_RTC_C_IRQF;
	if (on)
		c->ram[HS_RTC_C] |= HS_RTC_C_IRQF;
}

static void settle(struct hs_rtc_core *c, u64 now)
{
	u64 p = period_number(c, now);
	u32 ns;
	s64 s;

	if (p != c->last_p)
		c->ram[HS_RTC_C] |= HS_RTC_B_PIE;
	c->last_p = p;
	if (!c->stopped) {
		s = guest_time(c, now, &ns);
		/* A host clock that was set back takes nothing with it. */
		if (s > c->last_s) {
			c->ram[HS_RTC_C] |= HS_RTC_B_UIE;
			if (next_alarm(c, c->last_s, s) >= 0)
				c->ram[HS_RTC_C] |= HS_RTC_B_AIE;
		}
		c->last_s = s;
	}
	update_irqf(c);
}

/* ---- what the guest sees --------------------------------------------------------- */

/**
 * hs_rtc_core_init - a new clock that shows the host's time
 * @c: the clock
 * @now: the time
 */
void hs_rtc_core_init(struct hs_rtc_core *c, u64 now)
{
	memset(c, 0, sizeof(*c));
	c->off_s = (s64)EPOCH_DAYS * SEC_PER_DAY;
	c->ram[HS_RTC_A] = 0x26;
	c->ram[HS_RTC_B] = HS_RTC_B_24H;
	hs_rtc_core_reset(c, now);
}

/**
 * hs_rtc_core_reset - the RESET pin: interrupts off, flags clear
 * @c: the clock
 * @now: the time
 *
 * Time, alarm and RAM have a battery.
 */
void hs_rtc_core_reset(struct hs_rtc_core *c, u64 now)
{
	c->ram[HS_RTC_B] &= HS_RTC_B_SET | HS_RTC_B_BINARY | HS_RTC_B_24H;
	c->index = 0;
	settle(c, now);
	if (!c->stopped) {
		u32 ns;

		c->last_s = guest_time(c, now, &ns);
	}
	c->ram[HS_RTC_C] = 0;
}

static u8 read_a(const struct hs_rtc_core *c, u64 now)
{
	u32 ns;

	guest_time(c, now, &ns);
	return c->ram[HS_RTC_A] |
	       (!c->stopped && ns >= NS_PER_SEC - UIP_NS ? HS_RTC_A_UIP : 0);
}

/**
 * hs_rtc_core_read - the guest reads port 0x71
 * @c: the clock
 * @now: the time
 *
 * Return: the register that was selected; reading C clears it.
 */
u8 hs_rtc_core_read(struct hs_rtc_core *c, u64 now)
{
	u8 reg = c->index & 0x7f, val;
	struct date d;
	u32 ns;

	settle(c, now);
	switch (reg) {
	case HS_RTC_A:
		return read_a(c, now);
	case HS_RTC_C:
		val = c->ram[HS_RTC_C];
		c->ram[HS_RTC_C] = 0;
		return val;
	case HS_RTC_D:
		return HS_RTC_D_VALID;
	}
	if (!is_time(reg) || c->stopped)
		return c->ram[reg];
	to_date(guest_time(c, now, &ns), &d);
	return encode_field(c, reg, &d);
}

/* After a write of A or B: does the clock stand now, and did it before? */
static void start_stop(struct hs_rtc_core *c, bool was_held, u64 now)
{
	bool stop = should_stop(c);
	u32 ns;

	if (stop && !c->stopped) {
		date_to_ram(c, now);
	} else if (!stop && c->stopped) {
		/*
		 * SET alone lets the divider run on, so the second goes on
		 * where it was; a divider let go begins in its middle.
		 */
		guest_time(c, now, &ns);
		date_from_ram(c, now, was_held ? NS_PER_SEC / 2 : ns);
	}
	c->stopped = stop;
}

/**
 * hs_rtc_core_write - the guest writes port 0x71
 * @c: the clock
 * @val: what it writes to the register that was selected
 * @now: the time
 */
void hs_rtc_core_write(struct hs_rtc_core *c, u8 val, u64 now)
{
	u8 reg = c->index & 0x7f;
	bool held = divider_held(c);
	u32 ns;

	settle(c, now);
	switch (reg) {
	case HS_RTC_C:
	case HS_RTC_D:
		return;
	case HS_RTC_A:
		c->ram[HS_RTC_A] = val & ~HS_RTC_A_UIP;
		start_stop(c, held, now);
		c->last_p = period_number(c, now);
		break;
	case HS_RTC_B:
		/* SET also clears UIE, or an update would be awaited in vain. */
		if (val & HS_RTC_B_SET)
			val &= ~HS_RTC_B_UIE;
		if (val & HS_RTC_B_SET && !c->stopped) {
			date_to_ram(c, now);
			c->stopped = true;
		}
		c->ram[HS_RTC_B] = val;
		start_stop(c, held, now);
		c->last_p = period_number(c, now);
		break;
	default:
		if (!is_time(reg) || c->stopped) {
			c->ram[reg] = val;
			break;
		}
		date_to_ram(c, now);
		c->ram[reg] = val;
		guest_time(c, now, &ns);
		date_from_ram(c, now, ns);
		c->last_p = period_number(c, now);
	}
	update_irqf(c);
}

/**
 * hs_rtc_core_update - bring the flags up to date
 * @c: the clock
 * @now: the time
 *
 * Return: level of the interrupt line.
 */
bool hs_rtc_core_update(struct hs_rtc_core *c, u64 now)
{
	settle(c, now);
	return c->ram[HS_RTC_C] & HS_RTC_C_IRQF;
}

/**
 * hs_rtc_core_next - when an interrupt may be due
 * @c: the clock, brought up to date for @now
 * @now: the time
 *
 * A source whose flag is set already makes no further interrupt until the
 * guest reads register C.
 *
 * Return: ns from @now; HS_RTC_NEVER.
 */
u64 hs_rtc_core_next(const struct hs_rtc_core *c, u64 now)
{
	u8 want = c->ram[HS_RTC_B] & ~c->ram[HS_RTC_C];
	u64 next = HS_RTC_NEVER, ticks, at;
	s64 s, alarm;
	u32 ns;

	s = guest_time(c, now, &ns);
	if ((want & HS_RTC_B_PIE) && period(c)) {
		ticks = (period_number(c, now) + 1) * period(c);
		at = mul_u64_u32_div(ticks, NS_PER_SEC, CRYSTAL_HZ) + 1;
		next = at - (now + c->off_ns);
	}
	if (c->stopped)
		return next;
	if (want & HS_RTC_B_UIE)
		next = min_t(u64, next, NS_PER_SEC - ns);
	if (want & HS_RTC_B_AIE) {
		alarm = next_alarm(c, s, s + SEC_PER_DAY);
		if (alarm >= 0)
			next = min_t(u64, next,
				     (u64)(alarm - s) * NS_PER_SEC - ns);
	}
	return next;
}
