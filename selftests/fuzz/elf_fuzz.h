/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold after an ELF image was loaded, by the C library's view of ELF. */
#ifndef ELF_FUZZ_H
#define ELF_FUZZ_H

#include <elf.h>
#include "boot_fuzz.h"

#define ELF_FUZZ_SEGMENTS(bits)						\
static inline unsigned int elf_fuzz_segments##bits(void)		\
{									\
	Elf##bits##_Ehdr eh = {};					\
	Elf##bits##_Phdr ph;						\
	unsigned int i, n = 0;						\
									\
	memcpy(&eh, run.image, min_t(size_t, sizeof(eh), run.len));	\
	for (i = 0; i < eh.e_phnum; i++) {				\
		u64 at = eh.e_phoff + i * sizeof(ph);			\
									\
		memset(&ph, 0, sizeof(ph));				\
		if (at < run.len)					\
			memcpy(&ph, run.image + at,			\
			       min_t(size_t, sizeof(ph), run.len - at)); \
		if (ph.p_type != PT_LOAD || !ph.p_memsz)		\
			continue;					\
		n++;							\
		FAKE_CHECK(hs_layout_is_loadable(run.in.ram_bytes,	\
						 ph.p_paddr, ph.p_memsz)); \
		FAKE_CHECK(boot_fuzz_same(ph.p_paddr, ph.p_offset, ph.p_filesz)); \
		FAKE_CHECK(boot_fuzz_zero(ph.p_paddr + ph.p_filesz,	\
					  ph.p_memsz - ph.p_filesz));	\
		if (run.in.initrd)					\
			FAKE_CHECK(run.state.initrd_start >= ph.p_paddr + ph.p_memsz || \
				   run.state.initrd_start +		\
				   run.state.initrd_bytes <= ph.p_paddr); \
	}								\
	return n;							\
}
ELF_FUZZ_SEGMENTS(32)
ELF_FUZZ_SEGMENTS(64)

static inline void elf_fuzz_check(void)
{
	unsigned int n;

	if (run.tampered)
		return;
	n = run.image[EI_CLASS] == ELFCLASS64 ? elf_fuzz_segments64() :
	    elf_fuzz_segments32();
	FAKE_CHECK(n);
}

#endif /* ELF_FUZZ_H */
