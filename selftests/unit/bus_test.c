// SPDX-License-Identifier: GPL-2.0
/* The bus: lookup against a linear search, overlaps, split accesses. */
#include "pure.h"
#include "dev/bus.h"
#include <stdlib.h>
#include "kselftest_harness.h"

/* A device that keeps what it was asked. */
struct dev {
	unsigned int reads, writes;
	u64 off, val;
	unsigned int size;
	u8 mem[64];
};

static u64 dev_read(void *arg, u64 off, unsigned int size)
{
	struct dev *d = arg;
	u64 v = 0;

	d->reads++;
	d->off = off;
	d->size = size;
	memcpy(&v, d->mem + off, size);
	return v;
}

static void dev_write(void *arg, u64 off, unsigned int size, u64 val)
{
	struct dev *d = arg;

	d->writes++;
	d->off = off;
	d->size = size;
	d->val = val;
	memcpy(d->mem + off, &val, size);
}

static const struct hs_region_ops fast = {
	.read = dev_read, .write = dev_write, .fast = true,
};
static const struct hs_region_ops slow = {
	.read = dev_read, .write = dev_write,
};

FIXTURE(bus) {
	struct hs_bus bus;
	struct dev a, b;
};

FIXTURE_SETUP(bus)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(bus)
{
}

TEST_F(bus, add_refuses_what_does_not_fit)
{
	EXPECT_EQ(-EINVAL, hs_bus_add(&self->bus, 0x10, 0, &fast, NULL));
	EXPECT_EQ(-EINVAL, hs_bus_add(&self->bus, U64_MAX, 2, &fast, NULL));
	EXPECT_EQ(0, hs_bus_add(&self->bus, 0x20, 2, &fast, NULL));
	EXPECT_EQ(-EBUSY, hs_bus_add(&self->bus, 0x20, 1, &fast, NULL));
	EXPECT_EQ(-EBUSY, hs_bus_add(&self->bus, 0x21, 8, &fast, NULL));
	EXPECT_EQ(-EBUSY, hs_bus_add(&self->bus, 0x1f, 2, &fast, NULL));
	EXPECT_EQ(-EBUSY, hs_bus_add(&self->bus, 0, 0x1000, &fast, NULL));
	EXPECT_EQ(0, hs_bus_add(&self->bus, 0x1f, 1, &fast, NULL));
	EXPECT_EQ(0, hs_bus_add(&self->bus, 0x22, 1, &fast, NULL));
	EXPECT_EQ(0, hs_bus_add(&self->bus, U64_MAX, 1, &fast, NULL));
	EXPECT_EQ(4, self->bus.nr);
	/* Sorted, and the refused ones left no trace. */
	EXPECT_EQ(0x1f, self->bus.region[0].base);
	EXPECT_EQ(0x20, self->bus.region[1].base);
	EXPECT_EQ(0x22, self->bus.region[2].base);
}

TEST_F(bus, add_stops_at_the_end_of_the_table)
{
	unsigned int i;

	for (i = 0; i < HS_BUS_REGIONS; i++)
		ASSERT_EQ(0, hs_bus_add(&self->bus, i * 16, 4, &fast, NULL));
	EXPECT_EQ(-ENOSPC, hs_bus_add(&self->bus, 0x10000, 4, &fast, NULL));
}

TEST_F(bus, find_agrees_with_a_linear_search)
{
	unsigned int round, i, tries;
	u64 addr;

	srand(1);
	for (round = 0; round < 200; round++) {
		/* Low addresses, and those about where these end. */
		const u64 from = round % 2 ? HS_BUS_LOW - 256 : 0;

		memset(&self->bus, 0, sizeof(self->bus));
		for (tries = 0; tries < 60; tries++)
			hs_bus_add(&self->bus, from + rand() % 512, 1 + rand() % 12, &fast,
				   NULL);
		for (addr = from; addr < from + 600; addr++) {
			const struct hs_region *want = NULL;

			for (i = 0; i < self->bus.nr; i++) {
				const struct hs_region *r = &self->bus.region[i];

				if (addr >= r->base && addr - r->base < r->len)
					want = r;
			}
			ASSERT_EQ(want, hs_bus_find(&self->bus, addr));
		}
	}
}

TEST_F(bus, nobody_reads_as_ones)
{
	u64 val = 0;

	EXPECT_EQ(NULL, hs_bus_find(&self->bus, 0));
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x3fd, 1, &val, true));
	EXPECT_EQ(0xff, val);
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x3fd, 2, &val, false));
	EXPECT_EQ(0xffff, val);
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x3fd, 4, &val, true));
	EXPECT_EQ(0xffffffff, val);
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0xf0000000, 8, &val, true));
	EXPECT_EQ(U64_MAX, val);
	EXPECT_EQ(0, hs_bus_write(&self->bus, 0x3fd, 4, 0, true));
}

TEST_F(bus, whole_access_is_one_call)
{
	u64 val;

	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x100, 16, &fast, &self->a));
	EXPECT_EQ(0, hs_bus_write(&self->bus, 0x10c, 4, 0x123456789abcdef0, true));
	EXPECT_EQ(1, self->a.writes);
	EXPECT_EQ(4, self->a.size);
	EXPECT_EQ(0xc, self->a.off);
	EXPECT_EQ(0x9abcdef0, self->a.val);	/* truncated to the size */
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x10c, 4, &val, true));
	EXPECT_EQ(1, self->a.reads);
	EXPECT_EQ(0x9abcdef0, val);
}

TEST_F(bus, access_over_the_end_is_split)
{
	u64 val;

	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x100, 2, &fast, &self->a));
	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x103, 2, &fast, &self->b));
	self->a.mem[1] = 0x11;
	self->b.mem[0] = 0x22;
	/* 0x101 a, 0x102 nobody, 0x103 b, 0x104 b. */
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x101, 4, &val, true));
	EXPECT_EQ(0x0022ff11, val);
	EXPECT_EQ(1, self->a.reads);
	EXPECT_EQ(2, self->b.reads);
	EXPECT_EQ(1, self->a.size);
	EXPECT_EQ(0, hs_bus_write(&self->bus, 0x101, 4, 0xddccbbaa, true));
	EXPECT_EQ(0xaa, self->a.mem[1]);
	EXPECT_EQ(0xcc, self->b.mem[0]);
	EXPECT_EQ(0xdd, self->b.mem[1]);
	EXPECT_EQ(0, self->a.mem[2]);

	/* Begins where nobody is, ends in a device. */
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0xff, 2, &val, true));
	EXPECT_EQ(0x00ff, val);
}

TEST_F(bus, fast_only_does_all_or_nothing)
{
	u64 val = 0x77;

	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x100, 2, &fast, &self->a));
	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x102, 2, &slow, &self->b));
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->bus, 0x102, 1, &val, true));
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->bus, 0x102, 2, 0, true));
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->bus, 0x101, 2, &val, true));
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->bus, 0x101, 2, 0, true));
	EXPECT_EQ(0, self->a.reads + self->a.writes);
	EXPECT_EQ(0, self->b.reads + self->b.writes);
	EXPECT_EQ(0x77, val);
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x101, 2, &val, false));
	EXPECT_EQ(1, self->a.reads);
	EXPECT_EQ(1, self->b.reads);
}

/* Some of its accesses are fast: even offsets. */
static int dev_try_read(void *dev, u64 off, unsigned int size, u64 *val)
{
	if (off & 1)
		return -EAGAIN;
	*val = dev_read(dev, off, size) | 0xff00000000000000;
	return 0;
}

static int dev_try_write(void *dev, u64 off, unsigned int size, u64 val)
{
	if (off & 1)
		return -EAGAIN;
	dev_write(dev, off, size, val);
	return 0;
}

TEST_F(bus, some_accesses_are_fast)
{
	static const struct hs_region_ops some = {
		.read = dev_read, .write = dev_write,
		.try_read = dev_try_read, .try_write = dev_try_write,
	};
	u64 val = 0x77;

	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x100, 4, &some, &self->a));
	ASSERT_EQ(0, hs_bus_add(&self->bus, 0x104, 2, &fast, &self->b));
	EXPECT_EQ(0, hs_bus_write(&self->bus, 0x102, 2, 0x12345678, true));
	EXPECT_EQ(1, self->a.writes);
	EXPECT_EQ(0x5678, self->a.val);
	EXPECT_EQ(0, hs_bus_read(&self->bus, 0x102, 2, &val, true));
	EXPECT_EQ(0x5678, val);
	val = 0x77;
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->bus, 0x101, 1, 0x12, true));
	EXPECT_EQ(-EAGAIN, hs_bus_read(&self->bus, 0x101, 1, &val, true));
	EXPECT_EQ(0x77, val);
	/* One that is split is not tried. */
	EXPECT_EQ(-EAGAIN, hs_bus_write(&self->bus, 0x102, 4, 0x12345678, true));
	EXPECT_EQ(1, self->a.writes);
	EXPECT_EQ(0, self->b.writes);
	EXPECT_EQ(0, hs_bus_write(&self->bus, 0x101, 1, 0x12, false));
	EXPECT_EQ(2, self->a.writes);
}

TEST_HARNESS_MAIN
