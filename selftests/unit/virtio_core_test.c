// SPDX-License-Identifier: GPL-2.0
/* Registers of a virtio device: what a driver may do when, and what it reads back. */
#include <linux/virtio_pci.h>
#include "dev/virtio_core.h"
#include "kselftest_harness.h"

#define OFFER	(BIT_ULL(HS_VIRTIO_F_VERSION_1) | BIT_ULL(HS_VIRTIO_F_EVENT_IDX) | BIT_ULL(5))
#define S_ACK	HS_VIRTIO_S_ACKNOWLEDGE
#define S_DRV	HS_VIRTIO_S_DRIVER
#define S_FOK	HS_VIRTIO_S_FEATURES_OK
#define S_DOK	HS_VIRTIO_S_DRIVER_OK

FIXTURE(core) {
	struct hs_virtio_core c;
};

FIXTURE_SETUP(core)
{
	const u16 size[] = { 256, 64, 8 };

	hs_virtio_core_init(&self->c, OFFER, 3, size, 4);
}

FIXTURE_TEARDOWN(core)
{
}

static unsigned int wr(struct hs_virtio_core *c, u32 off, unsigned int size, u32 val)
{
	return hs_virtio_core_write(c, off, size, val);
}

static u32 rd(struct hs_virtio_core *c, u32 off, unsigned int size)
{
	return hs_virtio_core_read(c, off, size);
}

static void choose(struct hs_virtio_core *c, u64 features)
{
	wr(c, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	wr(c, VIRTIO_PCI_COMMON_GF, 4, features);
	wr(c, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	wr(c, VIRTIO_PCI_COMMON_GF, 4, features >> 32);
}

/* Up to FEATURES_OK, as a driver does it. */
static bool negotiate(struct hs_virtio_core *c, u64 features)
{
	wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK);
	wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK | S_DRV);
	choose(c, features);
	if (wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK | S_DRV | S_FOK) == HS_VIRTIO_DO_FEATURES)
		hs_virtio_core_features_done(c, true);
	return rd(c, VIRTIO_PCI_COMMON_STATUS, 1) & S_FOK;
}

TEST_F(core, offers_its_features_by_halves)
{
	struct hs_virtio_core *c = &self->c;

	wr(c, VIRTIO_PCI_COMMON_DFSELECT, 4, 0);
	EXPECT_EQ((u32)OFFER, rd(c, VIRTIO_PCI_COMMON_DF, 4));
	wr(c, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	EXPECT_EQ((u32)(OFFER >> 32), rd(c, VIRTIO_PCI_COMMON_DF, 4));
	wr(c, VIRTIO_PCI_COMMON_DFSELECT, 4, 2);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_DF, 4));
	wr(c, VIRTIO_PCI_COMMON_DFSELECT, 4, 0xffffffff);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_DF, 4));
}

TEST_F(core, takes_features_that_it_offered)
{
	EXPECT_TRUE(negotiate(&self->c, OFFER));
	EXPECT_EQ(OFFER, self->c.driver_features);
}

TEST_F(core, refuses_features_that_it_did_not_offer)
{
	EXPECT_FALSE(negotiate(&self->c, OFFER | BIT_ULL(7)));
	/* And the driver may think better of it. */
	EXPECT_TRUE(negotiate(&self->c, OFFER));
}

TEST_F(core, refuses_a_driver_from_before_version_1)
{
	EXPECT_FALSE(negotiate(&self->c, BIT_ULL(5)));
}

TEST_F(core, refuses_what_the_device_cannot_work_with)
{
	struct hs_virtio_core *c = &self->c;

	choose(c, OFFER);
	EXPECT_EQ(HS_VIRTIO_DO_FEATURES, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_FOK));
	hs_virtio_core_features_done(c, false);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_STATUS, 1) & S_FOK);
}

TEST_F(core, keeps_features_once_they_are_agreed)
{
	ASSERT_TRUE(negotiate(&self->c, OFFER));
	choose(&self->c, 0);
	EXPECT_EQ(OFFER, self->c.driver_features);
}

TEST_F(core, starts_only_after_features)
{
	struct hs_virtio_core *c = &self->c;

	EXPECT_EQ(0, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK | S_DRV | S_DOK));
	EXPECT_EQ(S_ACK | S_DRV, rd(c, VIRTIO_PCI_COMMON_STATUS, 1));
	ASSERT_TRUE(negotiate(c, OFFER));
	EXPECT_EQ(HS_VIRTIO_DO_START,
		  wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK | S_DRV | S_FOK | S_DOK));
	/* Once. */
	EXPECT_EQ(0, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK | S_DRV | S_FOK | S_DOK));
}

TEST_F(core, status_bits_go_by_reset_only)
{
	struct hs_virtio_core *c = &self->c;

	ASSERT_TRUE(negotiate(c, OFFER));
	wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK);
	EXPECT_EQ(S_ACK | S_DRV | S_FOK, rd(c, VIRTIO_PCI_COMMON_STATUS, 1));
	/* NEEDS_RESET is the device's. */
	wr(c, VIRTIO_PCI_COMMON_STATUS, 1, 0xff);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_STATUS, 1) & HS_VIRTIO_S_NEEDS_RESET);
	EXPECT_EQ(HS_VIRTIO_DO_RESET, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, 0));
	EXPECT_NE(0, rd(c, VIRTIO_PCI_COMMON_STATUS, 1));
	/* Nothing can be written while it goes on. */
	EXPECT_EQ(0, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, S_ACK));
	wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 2, 2);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_SELECT, 2));
	hs_virtio_core_reset(c);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_STATUS, 1));
	EXPECT_EQ(0, c->driver_features);
}

/* A driver begins with a reset, and does not wait where status reads 0. */
TEST_F(core, reset_of_nothing_is_done_at_once)
{
	struct hs_virtio_core *c = &self->c;

	wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 2, 2);
	EXPECT_EQ(0, wr(c, VIRTIO_PCI_COMMON_STATUS, 1, 0));
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_SELECT, 2));
	EXPECT_TRUE(negotiate(c, OFFER));
}

TEST_F(core, queues_are_set_up_until_they_are_enabled)
{
	struct hs_virtio_core *c = &self->c;

	EXPECT_EQ(3, rd(c, VIRTIO_PCI_COMMON_NUMQ, 2));
	wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 2, 1);
	EXPECT_EQ(64, rd(c, VIRTIO_PCI_COMMON_Q_SIZE, 2));
	wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 128);	/* too many */
	wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 0);
	wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 24);		/* no power of two */
	EXPECT_EQ(64, rd(c, VIRTIO_PCI_COMMON_Q_SIZE, 2));
	wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 16);
	wr(c, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x11111110);
	wr(c, VIRTIO_PCI_COMMON_Q_DESCHI, 4, 0x2);
	wr(c, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, 0x33333332);
	wr(c, VIRTIO_PCI_COMMON_Q_AVAILHI, 4, 0x4);
	wr(c, VIRTIO_PCI_COMMON_Q_USEDLO, 4, 0x55555554);
	wr(c, VIRTIO_PCI_COMMON_Q_USEDHI, 4, 0x6);
	/* Not before the features. */
	wr(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	ASSERT_TRUE(negotiate(c, OFFER));
	wr(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	EXPECT_EQ(1, rd(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2));

	wr(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 0);
	wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 8);
	wr(c, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0);
	wr(c, VIRTIO_PCI_COMMON_Q_USEDHI, 4, 0);
	EXPECT_EQ(1, rd(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	EXPECT_EQ(16, rd(c, VIRTIO_PCI_COMMON_Q_SIZE, 2));
	EXPECT_EQ(0x11111110, rd(c, VIRTIO_PCI_COMMON_Q_DESCLO, 4));
	EXPECT_EQ(2, rd(c, VIRTIO_PCI_COMMON_Q_DESCHI, 4));
	EXPECT_EQ(0x33333332, rd(c, VIRTIO_PCI_COMMON_Q_AVAILLO, 4));
	EXPECT_EQ(4, rd(c, VIRTIO_PCI_COMMON_Q_AVAILHI, 4));
	EXPECT_EQ(0x55555554, rd(c, VIRTIO_PCI_COMMON_Q_USEDLO, 4));
	EXPECT_EQ(6, rd(c, VIRTIO_PCI_COMMON_Q_USEDHI, 4));
	EXPECT_EQ(0x211111110ULL, c->queue[1].desc);
	EXPECT_EQ(0x433333332ULL, c->queue[1].avail);
	EXPECT_EQ(0x655555554ULL, c->queue[1].used);
	/* The others are as they were. */
	wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 2, 0);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	EXPECT_EQ(256, rd(c, VIRTIO_PCI_COMMON_Q_SIZE, 2));
}

TEST_F(core, there_is_nothing_behind_a_queue_that_is_not)
{
	struct hs_virtio_core *c = &self->c, before;
	const u16 sel[] = { 3, 16, 0x8000, 0xffff };
	unsigned int i;

	ASSERT_TRUE(negotiate(c, OFFER));
	for (i = 0; i < ARRAY_SIZE(sel); i++) {
		wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 2, sel[i]);
		EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_SIZE, 2));
		EXPECT_EQ(HS_VIRTIO_NO_VECTOR, rd(c, VIRTIO_PCI_COMMON_Q_MSIX, 2));
		before = *c;
		wr(c, VIRTIO_PCI_COMMON_Q_SIZE, 2, 8);
		wr(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
		wr(c, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 4096);
		wr(c, VIRTIO_PCI_COMMON_Q_MSIX, 2, 1);
		EXPECT_EQ(0, memcmp(&before, c, sizeof(before)));
	}
}

TEST_F(core, vectors_beyond_the_table_read_back_as_none)
{
	struct hs_virtio_core *c = &self->c;

	wr(c, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	EXPECT_EQ(3, rd(c, VIRTIO_PCI_COMMON_MSIX, 2));
	wr(c, VIRTIO_PCI_COMMON_MSIX, 2, 4);
	EXPECT_EQ(HS_VIRTIO_NO_VECTOR, rd(c, VIRTIO_PCI_COMMON_MSIX, 2));
	wr(c, VIRTIO_PCI_COMMON_Q_MSIX, 2, 0);
	EXPECT_EQ(0, rd(c, VIRTIO_PCI_COMMON_Q_MSIX, 2));
	wr(c, VIRTIO_PCI_COMMON_Q_MSIX, 2, HS_VIRTIO_NO_VECTOR);
	EXPECT_EQ(HS_VIRTIO_NO_VECTOR, rd(c, VIRTIO_PCI_COMMON_Q_MSIX, 2));
	/* A vector may change while the queue works. */
	ASSERT_TRUE(negotiate(c, OFFER));
	wr(c, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	wr(c, VIRTIO_PCI_COMMON_Q_MSIX, 2, 2);
	EXPECT_EQ(2, rd(c, VIRTIO_PCI_COMMON_Q_MSIX, 2));
}

TEST_F(core, reads_of_another_width_are_the_same_bytes)
{
	struct hs_virtio_core *c = &self->c;
	u8 bytes[HS_VIRTIO_COMMON_LEN];
	u32 off, want, i;
	unsigned int size;

	negotiate(c, OFFER);
	wr(c, VIRTIO_PCI_COMMON_MSIX, 2, 2);
	wr(c, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x12345670);
	for (off = 0; off < sizeof(bytes); off++)
		bytes[off] = rd(c, off, 1);
	EXPECT_EQ(0x34, bytes[VIRTIO_PCI_COMMON_Q_DESCLO + 2]);
	for (size = 2; size <= 4; size *= 2)
		for (off = 0; off + size <= sizeof(bytes); off++) {
			for (want = 0, i = 0; i < size; i++)
				want |= (u32)bytes[off + i] << 8 * i;
			EXPECT_EQ(want, rd(c, off, size)) TH_LOG("at %u, %u bytes", off, size);
		}
	EXPECT_EQ(0, rd(c, HS_VIRTIO_COMMON_LEN - 1, 4));
}

TEST_F(core, writes_of_another_width_are_dropped)
{
	struct hs_virtio_core *c = &self->c, before;
	u32 off;

	negotiate(c, OFFER);
	before = *c;
	wr(c, VIRTIO_PCI_COMMON_STATUS, 2, 0);
	wr(c, VIRTIO_PCI_COMMON_STATUS, 4, 0);
	wr(c, VIRTIO_PCI_COMMON_GFSELECT, 1, 1);
	wr(c, VIRTIO_PCI_COMMON_Q_DESCLO, 2, 0x1000);
	wr(c, VIRTIO_PCI_COMMON_Q_SELECT, 1, 1);
	for (off = 1; off < HS_VIRTIO_COMMON_LEN; off += 2)
		if (off != VIRTIO_PCI_COMMON_CFGGENERATION)
			wr(c, off, 4, 0);
	EXPECT_EQ(0, memcmp(&before, c, sizeof(before)));
}

TEST_HARNESS_MAIN
