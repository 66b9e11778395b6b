// SPDX-License-Identifier: GPL-2.0
/* The ACPI tables for any number of CPUs, written to memory that may fail. */
#include "boot_check.h"
#include "boot/acpi.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct fake_mem mem;
	u64 rsdp = 0;
	u16 in[2];
	int ret;

	if (size < sizeof(in))
		return 0;
	memcpy(in, data, sizeof(in));
	fake_mem_init(&mem, HS_RAM_MIN);
	mem.fail_at = in[1];
	ret = hs_acpi_build(in[0], &mem.ops, &rsdp);
	if (!in[0] || in[0] > HS_BOOT_CPUS_MAX) {
		FAKE_CHECK(ret == -EINVAL && !mem.writes);
	} else if (ret) {
		FAKE_CHECK(ret == -ENOMEM && mem.writes == mem.fail_at);
	} else {
		FAKE_CHECK(!mem.fail_at || mem.writes < mem.fail_at);
		check_acpi(&mem, rsdp, in[0]);
	}
	fake_mem_free(&mem);
	return 0;
}
