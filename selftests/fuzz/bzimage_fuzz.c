// SPDX-License-Identifier: GPL-2.0
/* The bzImage loader, see boot_fuzz.h. */
#include "boot_fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check(void)
{
	u64 pref, bytes, start, off;
	u32 init_size, align;
	u8 head[0x264] = { };

	if (run.tampered)
		return;
	/* The file may be longer than its bytes: the rest is zeros. */
	memcpy(head, run.image, min(run.len, sizeof(head)));
	/* Where it runs from, and what it needs there: boot.rst, init_size. */
	memcpy(&align, head + 0x230, 4);
	memcpy(&pref, head + 0x258, 8);
	memcpy(&init_size, head + 0x260, 4);
	start = head[0x234] ? ALIGN(run.state.kernel_start, (u64)align) : pref ?: 0x100000;
	FAKE_CHECK(start + init_size <= run.state.kernel_end);
	FAKE_CHECK(run.state.kernel_start >= pref);
	if (!head[0x234])
		FAKE_CHECK(run.state.kernel_start == start);

	off = ((head[0x1f1] ?: 4) + 1) * 512;
	bytes = 16ULL * get_unaligned_le32(head + 0x1f4);
	bytes = min_t(u64, bytes, run.kernel.ops.size - off);
	FAKE_CHECK(boot_fuzz_same(run.state.kernel_start, off, bytes));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (boot_fuzz_load(data, size) && run.state.kind == HS_BOOT_BZIMAGE)
		check();
	boot_fuzz_end();
	return 0;
}
