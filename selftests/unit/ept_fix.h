/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of kmod/ept share: a VM, a CPU, and "everything is back". */
#ifndef EPT_FIX_H
#define EPT_FIX_H

#include "ept_vcpu.h"
#include "ept/core.h"
#include "ept/out.h"
#include "balloon/stage.h"
#undef unlikely
#undef likely
#include "kselftest_harness.h"

#define PAGE		HS_PAGE_SIZE
#define MB		(1ULL << 20)
#define GB		(1ULL << 30)
#define ARENA		(256 * MB / PAGE)

static inline struct hs_gmem *make_gmem(u64 ram, bool huge)
{
	struct hs_gmem_cfg cfg = {
		.ram_bytes = ram, .ad = true, .huge_2m = huge, .touch_2m = huge,
		.kick = vcpu_kick,
	};

	return hs_gmem_create(&cfg);
}

static inline u64 leaf_of(struct hs_gmem *g, u64 gpa)
{
	unsigned int level;

	return vcpu_entry(g, gpa, &level);
}

static inline unsigned int level_of(struct hs_gmem *g, u64 gpa)
{
	unsigned int level;

	vcpu_entry(g, gpa, &level);
	return level;
}

/* Whether what the chunk of @gpa says of its 4 KiB leaves is what they are. */
static inline bool chunk_counts(struct hs_gmem *g, u64 gpa)
{
	unsigned int i, used = 0, present = 0, ballooned = 0;
	struct hs_cur c;
	bool good;

	if (hs_ept_lock(g, gpa / HS_PAGE_SIZE, &c))
		return true;
	if (!c.pte)
		ballooned = hs_epte_is(c.val, HS_LEAF_BALLOON);
	for (i = 0; c.pte && i < HS_CHUNK_PAGES; i++) {
		hs_cur_move(&c, i);
		used += c.val != HS_EPTE_NONE;
		present += !!hs_epte_present(c.val);
		ballooned += hs_epte_is(c.val, HS_LEAF_BALLOON);
	}
	good = c.chunk->used == used && c.chunk->present == present &&
	       (!ballooned || c.chunk->ballooned);
	hs_ept_unlock(&c);
	return good;
}

FIXTURE(ept) {
	struct hs_gmem *g;
	struct vcpu v;
};

FIXTURE_VARIANT(ept) {
	bool huge, zeroed;
};

FIXTURE_VARIANT_ADD(ept, small_leaves) {
	.huge = false,
};

FIXTURE_VARIANT_ADD(ept, large_leaves) {
	.huge = true,
};

FIXTURE_VARIANT_ADD(ept, zeroed_frames) {
	.zeroed = true,
};

FIXTURE_VARIANT_ADD(ept, large_zeroed_frames) {
	.huge = true,
	.zeroed = true,
};

FIXTURE_SETUP(ept)
{
	hs_user_host_init(ARENA);
	hs_user_zeroes(variant->zeroed);
	ASSERT_EQ(hs_gmem_module_init(), 0);
	self->g = make_gmem(64 * MB, variant->huge);
	ASSERT_FALSE(IS_ERR(self->g));
	vcpu_init(&self->v, self->g, 0);
}

FIXTURE_TEARDOWN(ept)
{
	hs_user_fail(0);
	hs_user_no_large(false);
	hs_user_resched = NULL;
	vcpu_exit(&self->v);
	EXPECT_EQ(self->v.mixed, 0);
	for (u64 gpa = 0; gpa < 64 * MB; gpa += 2 * MB)
		EXPECT_TRUE(chunk_counts(self->g, gpa));
	hs_gmem_destroy(self->g);
	EXPECT_EQ(hs_gmem_frames(), 0);
	EXPECT_EQ(hs_user_pages_used(), 0);
	hs_gmem_module_exit();
	EXPECT_EQ(hs_user_heap_used(), 0);
#ifdef HS_DEBUG
	EXPECT_EQ(hs_ept_dbg_reports(), 0);
#endif
	hs_user_host_exit();
}

#endif /* EPT_FIX_H */
