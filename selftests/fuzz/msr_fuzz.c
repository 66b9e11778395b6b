// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer for the MSR table and the values of the paravirtual MSRs.
 *
 * Input: which features the VM has and how wide its addresses are, then what the
 * guest does: an operation, a number, a value.
 */
#include "vmx/msr.h"
#include "vmx/pv.h"

#define CHECK(cond)	do { if (!(cond)) __builtin_trap(); } while (0)

struct op {
	u8 what;
	u8 row, off;		/* what & 2: a number that the table has */
	u32 msr;
	u64 val;
} __packed;

static const struct hs_msr_row *row_of(u32 msr, u32 have)
{
	unsigned int i;

	for (i = 0; i < hs_msr_rows_nr; i++)
		if (msr >= hs_msr_rows[i].first && msr <= hs_msr_rows[i].last)
			return hs_msr_rows[i].cond & ~have ? NULL : &hs_msr_rows[i];
	return NULL;
}

static bool exits(const u8 *map, u32 msr, bool write)
{
	if (msr > 0x1fff && (msr < 0xc0000000 || msr > 0xc0001fff))
		return true;
	map += (write ? 2048 : 0) + (msr >= 0xc0000000 ? 1024 : 0);
	return map[(msr & 0x1fff) / 8] & 1U << msr % 8;
}

static void check_read(struct hs_msrs *m, const u8 *map, u32 msr)
{
	const struct hs_msr_row *r = row_of(msr, m->have);
	u64 unknown = m->unknown, val = 0, again = 1;
	int ret = hs_msr_read(m, msr, &val);

	CHECK(ret == 0 || ret == HS_MSR_IS_CALL || ret == -EINVAL);
	CHECK(m->unknown == unknown + !r);
	CHECK(exits(map, msr, false) == !(r && r->rd == HS_MSR_PASS));
	if (!r || r->rd == HS_MSR_GP)
		CHECK(ret == -EINVAL);
	if (!ret)
		CHECK(!hs_msr_read(m, msr, &again) && again == val);
}

static void check_write(struct hs_msrs *m, const u8 *map, u32 msr, u64 val)
{
	const struct hs_msr_row *r = row_of(msr, m->have);
	u64 unknown = m->unknown, before = 0, after = 0;
	bool readable = r && !hs_msr_read(m, msr, &before);
	int ret = hs_msr_write(m, msr, val);

	CHECK(ret == 0 || ret == HS_MSR_IS_CALL || ret == -EINVAL);
	CHECK(m->unknown == unknown + !r);
	CHECK(exits(map, msr, true) == !(r && r->wr == HS_MSR_PASS));
	if (!r || r->wr == HS_MSR_GP)
		CHECK(ret == -EINVAL);
	if (r && r->wr == HS_MSR_STORE)
		CHECK(ret == (val & ~r->mask ? -EINVAL : 0));
	if (!readable)
		return;
	/* Kept whole, or not at all. */
	CHECK(!hs_msr_read(m, msr, &after));
	CHECK(after == (r->wr == HS_MSR_STORE && !ret ? val : before));
}

/* The list of those that do not exist: distinct, the last first, no more than were. */
static void check_odd(const struct hs_msrs *m)
{
	struct hs_msr_odd o[HS_MSR_ODD + 1];
	unsigned int i, j;
	u64 sum = 0;

	for (i = 0; i <= HS_MSR_ODD && hs_msr_odd_get(m, i, &o[i]); i++) {
		CHECK(o[i].reads || o[i].writes);
		CHECK(!row_of(o[i].msr, m->have));
		CHECK(!i || o[i].last < o[i - 1].last);
		for (j = 0; j < i; j++)
			CHECK(o[j].msr != o[i].msr);
		sum += o[i].reads + o[i].writes;
	}
	CHECK(i <= HS_MSR_ODD);
	CHECK(sum <= m->unknown && !i == !m->unknown);
	CHECK(!i || o[0].last == m->unknown);
}

/* What may be written points to where the structure can be written in one go. */
static void check_pv(u32 msr, u64 val)
{
	unsigned int len = hs_pv_msr_len(msr);
	u64 gpa = hs_pv_msr_gpa(msr, val);
	struct hs_pv_wall w;

	hs_pv_wall_set(&w, val, msr);
	CHECK(w.nsec < 1000000000);
	hs_pv_msr_on(msr, val);
	if (!hs_pv_msr_ok(msr, val))
		return;
	CHECK(len);
	CHECK(gpa % 4 == 0 && (gpa | 1) >= (val & ~1ULL));
	if (msr == MSR_KVM_STEAL_TIME || msr == MSR_KVM_PV_EOI_EN)
		CHECK(gpa / 4096 == (gpa + len - 1) / 4096);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 map[4096];
	struct hs_pv_scale s;
	struct hs_msrs m;
	struct op op;
	u32 have, khz;

	if (size < 9)
		return 0;
	have = get_unaligned_le32(data);
	khz = get_unaligned_le32(data + 4) ?: 1;
	hs_msr_reset(&m, have, 36 + data[8] % 17);
	hs_msr_bitmap(map, have);
	hs_pv_scale_set(&s, khz);
	CHECK(s.mul >> 31);
	/* A second has a thousand million ns, but for what rounding takes. */
	CHECK(hs_pv_scale_ns(&s, (u64)khz * 1000) <= 1000000000);
	CHECK(hs_pv_scale_ns(&s, (u64)khz * 1000) >= 999999998);

	for (data += 9, size -= 9; size >= sizeof(op); data += sizeof(op), size -= sizeof(op)) {
		memcpy(&op, data, sizeof(op));
		if (op.what & 2) {
			const struct hs_msr_row *r = &hs_msr_rows[op.row % hs_msr_rows_nr];

			op.msr = r->first + op.off % (r->last - r->first + 1);
		}
		if (op.what & 1)
			check_write(&m, map, op.msr, op.val);
		else
			check_read(&m, map, op.msr);
		check_pv(op.what & 4 ? MSR_KVM_WALL_CLOCK_NEW + op.row % 8 : op.msr, op.val);
		check_odd(&m);
	}
	return 0;
}
