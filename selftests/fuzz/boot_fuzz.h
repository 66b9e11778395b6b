/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzers of the loaders share.  An input is a struct boot_fuzz and
 * then the image file.  Guest memory and file abort on what no loader may do
 * (boot_fake.h), and a successful load is looked at from the guest's side
 * (boot_check.h).
 */
#ifndef BOOT_FUZZ_H
#define BOOT_FUZZ_H

#include "boot_check.h"

struct boot_fuzz {
	u8 ram;			/* which size of RAM */
	u8 cpus;
	u16 initrd;		/* 0: none; size in units of 77 bytes */
	u16 cmdline;		/* its length */
	u16 zeros;		/* that follow the image, in units of 16 bytes */
	u8 fail_read;		/* 0: none; the read of the image that fails */
	u8 fail_write;
	u8 tamper_read;		/* 0: none; after it the file changes */
	u8 tamper_value;
	u16 tamper_at;
	u16 name;		/* length of the program's name; 0: none */
} __packed;

struct boot_fuzz_run {
	struct fake_src kernel, initrd;
	struct fake_mem mem;
	struct hs_boot_in in;
	struct hs_boot_state state;
	struct hs_boot_error err;
	u8 *image;		/* a copy of exactly its size */
	size_t len;
	bool tampered;
	struct boot_fuzz f;
};

static struct boot_fuzz_run run;
static u8 boot_fuzz_initrd[65536 * 77];
static char boot_fuzz_cmdline[65536], boot_fuzz_name[65536];

static inline void boot_fuzz_tamper(struct fake_src *src)
{
	if (run.f.tamper_read && src->reads > run.f.tamper_read && !run.tampered) {
		run.tampered = true;
		if (run.f.tamper_at < run.len)
			run.image[run.f.tamper_at] ^= run.f.tamper_value;
	}
}

/*
 * Loads what the input says.  Returns true when there is something to look at;
 * boot_fuzz_end() follows in any case.
 */
static inline bool boot_fuzz_load(const u8 *data, size_t size)
{
	static const u64 rams[] = {
		4ULL << 20, 4ULL << 30, 8ULL << 20, 48ULL << 20, 128ULL << 20,
		3ULL << 30, (3ULL << 30) + 4096, 5ULL << 30, 600ULL << 30, HS_RAM_MAX,
		0, 4096, HS_RAM_MAX + 4096, (16ULL << 20) + 1,
	};
	size_t n;
	int ret;

	if (size < sizeof(run.f))
		return false;
	memset(&run, 0, sizeof(run));
	memcpy(&run.f, data, sizeof(run.f));
	run.len = size - sizeof(run.f);
	run.image = malloc(run.len ?: 1);
	memcpy(run.image, data + sizeof(run.f), run.len);

	if (!boot_fuzz_initrd[1])
		for (n = 0; n < sizeof(boot_fuzz_initrd); n++)
			boot_fuzz_initrd[n] = n * 7 + (n >> 8) + 1;
	memset(boot_fuzz_cmdline, 'c', sizeof(boot_fuzz_cmdline));
	boot_fuzz_cmdline[run.f.cmdline] = 0;
	memset(boot_fuzz_name, 'n', sizeof(boot_fuzz_name));
	boot_fuzz_name[run.f.name] = 0;

	run.in = (struct hs_boot_in){
		.kernel = &run.kernel.ops,
		.initrd = run.f.initrd ? &run.initrd.ops : NULL,
		.cmdline = run.f.cmdline ? boot_fuzz_cmdline : NULL,
		.name = run.f.name ? boot_fuzz_name : NULL,
		.initrd_name = run.f.initrd & 1 ? boot_fuzz_name : NULL,
		.ram_bytes = rams[run.f.ram % ARRAY_SIZE(rams)],
		.cpus = run.f.cpus,
	};
	fake_mem_init(&run.mem, run.in.ram_bytes);
	run.mem.fail_at = run.f.fail_write;
	fake_src_init(&run.kernel, run.image, run.len);
	run.kernel.ops.size += run.f.zeros * 16;
	run.kernel.fail_at = run.f.fail_read;
	run.kernel.tamper = boot_fuzz_tamper;
	/* One value of the size stands for an empty file, one for a huge one. */
	fake_src_init(&run.initrd, boot_fuzz_initrd, run.f.initrd * 77);
	if (run.f.initrd == 0xffff)
		run.initrd.ops.size = 0;
	if (run.f.initrd == 0xfffe)
		run.initrd.ops.size = 1ULL << 63;

	ret = hs_boot_load(&run.in, &run.mem.ops, &run.state, &run.err);
	FAKE_CHECK(ret <= 0 && !!ret == !!run.err.why);
	/* A file has a bounded number of headers, and its bytes are read once. */
	FAKE_CHECK(run.kernel.reads <= 1024 + 20 * (run.kernel.ops.size / 4096 + 1));
	if (ret)
		return false;
	FAKE_CHECK(strcmp(hs_boot_kind_name(run.state.kind), "unknown"));
	check_load(&run.mem, &run.in, &run.state, boot_fuzz_initrd, run.initrd.len);
	return true;
}

static inline void boot_fuzz_end(void)
{
	fake_mem_free(&run.mem);
	free(run.image);
	run.image = NULL;
}

/* The guest has at @gpa the @len bytes of the file at @off. */
static inline bool boot_fuzz_same(u64 gpa, u64 off, u64 len)
{
	u64 n = off < run.len ? min_t(u64, len, run.len - off) : 0;
	u64 i;

	if (!fake_equal(&run.mem, gpa, run.image + off, n))
		return false;
	for (i = n; i < len; i++)
		if (fake_get_u8(&run.mem, gpa + i))
			return false;
	return true;
}

/* Reads zero at both ends: all of it would take too long. */
static inline bool boot_fuzz_zero(u64 gpa, u64 len)
{
	u64 n;

	for (n = 0; n < min_t(u64, len, 300); n++)
		if (fake_get_u8(&run.mem, gpa + n) || fake_get_u8(&run.mem, gpa + len - 1 - n))
			return false;
	return true;
}

#endif /* BOOT_FUZZ_H */
