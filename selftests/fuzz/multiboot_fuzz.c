// SPDX-License-Identifier: GPL-2.0
/* The multiboot loader, by ELF and by addresses, see boot_fuzz.h. */
#include "elf_fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The first header that is one, as the specification has it. */
static u32 find_header(void)
{
	u32 off, h[3];

	for (off = 0; off + 12 <= 8192; off += 4) {
		memset(h, 0, sizeof(h));
		if (off < run.len)
			memcpy(h, run.image + off, min_t(size_t, 12, run.len - off));
		if (h[0] == 0x1badb002 && !(h[0] + h[1] + h[2]))
			return off;
	}
	FAKE_CHECK(!"there is no header");
	return 0;
}

static void check(void)
{
	u32 off, flags, a[5] = {};
	u64 from, len;

	if (run.tampered)
		return;
	off = find_header();
	memcpy(&flags, run.image + off + 4, 4);
	FAKE_CHECK(!(flags & 0xfffc));
	if (!(flags & 0x10000)) {
		elf_fuzz_check();
		return;
	}
	memcpy(a, run.image + off + 12, min_t(size_t, sizeof(a), run.len - off - 12));
	FAKE_CHECK(a[1] <= a[0] && run.state.kernel_start == a[1] && run.state.rip == a[4]);
	from = off - (a[0] - a[1]);
	len = a[2] ? a[2] - a[1] : run.kernel.ops.size - from;
	FAKE_CHECK(boot_fuzz_same(a[1], from, len));
	FAKE_CHECK(run.state.kernel_end == (a[3] ?: a[1] + len));
	FAKE_CHECK(boot_fuzz_zero(a[1] + len, run.state.kernel_end - a[1] - len));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (boot_fuzz_load(data, size) && run.state.kind == HS_BOOT_MULTIBOOT)
		check();
	boot_fuzz_end();
	return 0;
}
