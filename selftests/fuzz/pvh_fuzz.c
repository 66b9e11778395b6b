// SPDX-License-Identifier: GPL-2.0
/* PVH and the ELF reader, see boot_fuzz.h. */
#include "elf_fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* The other formats have their own; this one is ELF. */
	if (size > sizeof(struct boot_fuzz) + 4 &&
	    !memcmp(data + sizeof(struct boot_fuzz), "\177ELF", 4) &&
	    boot_fuzz_load(data, size) && run.state.kind == HS_BOOT_PVH)
		elf_fuzz_check();
	boot_fuzz_end();
	return 0;
}
