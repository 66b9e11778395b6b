// SPDX-License-Identifier: GPL-2.0
/* EPT entries, bit by bit against the SDM and against L1TF. */
#include "ept/entry.h"
#include "ept/access.h"
#include "kselftest_harness.h"

static u64 rnd(void)
{
	static u64 x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* All the CPU may look at in a non-present entry must stay clear. */
static bool inert(u64 e)
{
	return !(e & (HS_EPTE_RWX | BIT_ULL(10) | BIT_ULL(63)));
}

TEST(state_round_trip)
{
	const u64 top = (1ULL << HS_EPTE_SLOT_BITS) - 1;
	unsigned int type, i;

	for (type = 0; type < HS_LEAF_TYPES; type++) {
		for (i = 0; i < 100000; i++) {
			u64 slot = i == 0 ? 0 : i == 1 ? top : rnd() & top;
			u16 stamp = i == 0 ? 0 : i == 1 ? 0xffff : rnd();
			u64 e = hs_epte_state(type, slot, stamp);

			ASSERT_TRUE(inert(e));
			ASSERT_FALSE(hs_epte_present(e));
			ASSERT_EQ(hs_epte_type(e), type);
			ASSERT_TRUE(hs_epte_is(e, type));
			ASSERT_EQ(hs_epte_slot(e), slot);
			ASSERT_EQ(hs_epte_stamp(e), stamp);
		}
	}
}

/* Type in 6:3, stamp in 62:52, 9:7 and 12:11, slot in 51:13: no bit twice. */
TEST(state_fields)
{
	u64 ones = hs_epte_state(0xf, 0, 0xffff), zero;

	EXPECT_EQ(ones, GENMASK_ULL(62, 11) | GENMASK_ULL(9, 3));
	zero = hs_epte_state(0, (1ULL << HS_EPTE_SLOT_BITS) - 1, 0);
	EXPECT_EQ(zero, 0);
	EXPECT_EQ(hs_epte_state(HS_LEAF_POISON, 0, 0) ^ HS_EPTE_NONE, 8ULL << 3);
	EXPECT_EQ(hs_epte_state(0, 0, 0xffff) ^ HS_EPTE_NONE,
		  GENMASK_ULL(62, 52) | GENMASK_ULL(12, 11) | GENMASK_ULL(9, 7));
	EXPECT_LE(HS_LEAF_TYPES, 16);
}

/*
 * A CPU with L1TF looks up bits 51:12 of an entry that is not present, as far
 * as it has address bits.  Where it has @bits of them, the kernel keeps RAM
 * below half of that, so an address in the upper half is never in a cache.
 */
TEST(state_is_never_a_cacheable_address)
{
	unsigned int bits, type, i;

	for (bits = 36; bits <= 52; bits++) {
		u64 half = 1ULL << (bits - 1), max = hs_epte_slot_max(bits);

		ASSERT_LE(max, (1ULL << HS_EPTE_SLOT_BITS) - 1);
		for (type = 0; type < HS_LEAF_TYPES; type++) {
			u64 edge[] = { 0, 1, max / 2, max - 1, max };

			for (i = 0; i < 2000; i++) {
				u64 slot = i < ARRAY_SIZE(edge) ? edge[i] : rnd() % (max + 1);
				u64 e = hs_epte_state(type, slot, i & 1 ? 0xffff : rnd());

				ASSERT_GE(hs_epte_l1tf_addr(e, bits), half);
			}
		}
		/* The limit is needed: the next slot would be an address of RAM. */
		ASSERT_LT(hs_epte_l1tf_addr(hs_epte_state(0, max + 1, 0), bits), half);
	}
	for (bits = 36; bits <= 52; bits++)
		ASSERT_GE(hs_epte_l1tf_addr(HS_EPTE_NONE, bits), 1ULL << (bits - 1));
}

TEST(leaf_bits)
{
	u64 e = hs_epte_leaf(0x123456789000, true, false);

	/* SDM table 29-7: R W X, WB = 6 in 5:3, IPAT, no PS, A, D. */
	EXPECT_EQ(e, 0x123456789000ULL | 0x7 | 6 << 3 | 0x40 | 0x300);
	EXPECT_EQ(hs_epte_pa(e), 0x123456789000ULL);
	EXPECT_FALSE(hs_epte_leaf(0x1000, false, false) & HS_EPTE_W);
	/* Table 29-5: bit 7 makes a directory entry a leaf, 20:12 reserved. */
	e = hs_epte_leaf(0x123456600000, true, true);
	EXPECT_EQ(e, 0x123456600000ULL | 0x7 | 6 << 3 | 0x40 | 0x80 | 0x300);
	EXPECT_FALSE(hs_epte_is_table(e));
	EXPECT_FALSE(hs_epte_is_table(HS_EPTE_NONE));
	/* Table 29-3: in an entry that points to a table 7:3 are reserved. */
	EXPECT_TRUE(hs_epte_is_table(hs_epte_table(0x1000)));
	EXPECT_FALSE(hs_epte_table(0xabcdef000) & GENMASK_ULL(7, 3));
}

TEST(sub_leaf)
{
	u64 large = hs_epte_leaf(0x40000000, true, true) | HS_EPTE_WALK | HS_EPTE_FRESH;

	EXPECT_EQ(hs_epte_sub(large, 0), (large & ~HS_EPTE_PS));
	EXPECT_EQ(hs_epte_sub(large, 511), (large & ~HS_EPTE_PS) + 0x1ff000);
	large &= ~(HS_EPTE_A | HS_EPTE_D | HS_EPTE_W);
	EXPECT_EQ(hs_epte_sub(large, 7) & (HS_EPTE_A | HS_EPTE_D | HS_EPTE_W), 0);
}

TEST(allows)
{
	u64 rw = hs_epte_leaf(0x1000, true, false), ro = hs_epte_leaf(0x1000, false, false);

	EXPECT_TRUE(hs_epte_allows(rw, HS_ACC_READ | HS_ACC_WRITE | HS_ACC_EXEC));
	EXPECT_TRUE(hs_epte_allows(ro, HS_ACC_READ | HS_ACC_EXEC));
	EXPECT_FALSE(hs_epte_allows(ro, HS_ACC_WRITE));
	EXPECT_FALSE(hs_epte_allows(rw & ~HS_EPTE_X, HS_ACC_EXEC));
	EXPECT_FALSE(hs_epte_allows(rw & ~HS_EPTE_R, HS_ACC_READ));
}

/* SDM vol. 3, 25.6.11. */
TEST(eptp)
{
	EXPECT_EQ(hs_epte_eptp(0x1234000, false), 0x1234000ULL | 0x1e);
	EXPECT_EQ(hs_epte_eptp(0x1234000, true), 0x1234000ULL | 0x5e);
}

TEST_HARNESS_MAIN
