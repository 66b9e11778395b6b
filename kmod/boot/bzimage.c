// SPDX-License-Identifier: GPL-2.0
/*
 * bzImage by the Linux 64-bit boot protocol, Documentation/x86/boot.rst and
 * zero-page.rst.  The real-mode part of the image is skipped: its work, which
 * is to ask a BIOS, is done here.
 */
#include "boot/image.h"

/* The setup header: offsets are the same in the file and in the zero page. */
#define HDR_START	0x1f1
#define HDR_SETUP_SECTS	0x1f1
#define HDR_SYSSIZE	0x1f4
#define HDR_VID_MODE	0x1fa
#define HDR_BOOT_FLAG	0x1fe
#define HDR_JUMP	0x200
#define HDR_MAGIC	0x202
#define HDR_VERSION	0x206
#define HDR_LOADER	0x210
#define HDR_LOADFLAGS	0x211
#define HDR_CODE32	0x214
#define HDR_RAMDISK	0x218
#define HDR_RAMDISK_LEN	0x21c
#define HDR_CMDLINE	0x228
#define HDR_INITRD_MAX	0x22c
#define HDR_ALIGNMENT	0x230
#define HDR_RELOCATABLE	0x234
#define HDR_XLOADFLAGS	0x236
#define HDR_CMDLINE_MAX	0x238
#define HDR_SETUP_DATA	0x250
#define HDR_PREF_ADDR	0x258
#define HDR_INIT_SIZE	0x260
#define HDR_END_MIN	0x268		/* of protocol 2.12 */
#define HDR_END_MAX	0x290		/* what the zero page has room for */

/* The rest of the zero page that is filled in. */
#define ZP_BYTES	4096
#define ZP_RSDP		0x070
#define ZP_RAMDISK_HIGH	0x0c0
#define ZP_RAMDISK_LEN_HIGH 0x0c4
#define ZP_E820_ENTRIES	0x1e8
#define ZP_E820		0x2d0

#define BOOT_FLAG	0xaa55
#define MAGIC		0x53726448	/* "HdrS" */
#define VERSION_MIN	0x020c		/* 2.12: xloadflags; Linux 3.8, 2013 */
#define LOADFLAG_HIGH	BIT(0)
#define XLF_KERNEL_64	BIT(0)
#define XLF_ABOVE_4G	BIT(1)
#define LOADER_UNKNOWN	0xff
#define VID_MODE_NORMAL	0xffff
#define ENTRY64		0x200
#define ALIGNMENT_MAX	(1U << 30)

/* The setup header, held from HDR_START; get and put by zero page offset. */
struct setup {
	u8 b[HDR_END_MAX - HDR_START];
	unsigned int end;		/* zero page offset of its end */
};

#define AT(s, off)	(&(s)->b[(off) - HDR_START])

/* Where the kernel goes. */
struct placement {
	u64 load;		/* the file's protected-mode part */
	u64 end;		/* of what it needs before it looks at the map */
};

/* Does a file that begins with @head look like a Linux kernel image? */
bool hs_bzimage_probe(const void *head, size_t len)
{
	const u8 *b = head;

	return len >= HDR_MAGIC + 4 &&
	       get_unaligned_le16(b + HDR_BOOT_FLAG) == BOOT_FLAG &&
	       get_unaligned_le32(b + HDR_MAGIC) == MAGIC;
}

/*
 * Reads the setup header.  Its length is in the second byte of the jump over
 * it; a longer one than the zero page can hold is cut, as its end is then of no
 * protocol version known.
 */
static int read_setup(struct hs_boot_ctx *c, struct setup *s)
{
	int ret;

	memset(s, 0, sizeof(*s));
	ret = hs_boot_read(c, HDR_START, s->b, HDR_END_MIN - HDR_START);
	if (ret)
		return ret;
	if (get_unaligned_le16(AT(s, HDR_BOOT_FLAG)) != BOOT_FLAG ||
	    get_unaligned_le32(AT(s, HDR_MAGIC)) != MAGIC)
		return hs_boot_bad(c, "the kernel image changed while it was read");
	if (get_unaligned_le16(AT(s, HDR_VERSION)) < VERSION_MIN)
		return hs_boot_bad(c, "the kernel is too old: it has no 64-bit boot protocol (2.12, Linux 3.8)");

	s->end = min_t(unsigned int, HDR_MAGIC + *AT(s, HDR_JUMP + 1), HDR_END_MAX);
	if (s->end < HDR_END_MIN)
		return hs_boot_bad(c, "the kernel image has a setup header that is too short for its version");
	return hs_boot_read(c, HDR_END_MIN, AT(s, HDR_END_MIN),
			    s->end - HDR_END_MIN);
}

static int check_setup(struct hs_boot_ctx *c, const struct setup *s)
{
	const u32 align = get_unaligned_le32(AT(s, HDR_ALIGNMENT));
	u32 cmdline_max = get_unaligned_le32(AT(s, HDR_CMDLINE_MAX));

	if (!(get_unaligned_le16(AT(s, HDR_XLOADFLAGS)) & XLF_KERNEL_64))
		return hs_boot_bad(c, "the kernel has no 64-bit entry point: it is a 32-bit kernel");
	if (!(*AT(s, HDR_LOADFLAGS) & LOADFLAG_HIGH))
		return hs_boot_bad(c, "the kernel is a zImage, which loads low; a bzImage is needed");
	if (!get_unaligned_le32(AT(s, HDR_INIT_SIZE)))
		return hs_boot_bad(c, "the kernel image does not say how much memory it needs");
	if (*AT(s, HDR_RELOCATABLE) &&
	    (!align || align & (align - 1) || align > ALIGNMENT_MAX))
		return hs_boot_bad(c, "the kernel image asks for an alignment that is not a power of two up to 1 GiB");
	/* Before 2.06 the limit was 255; a kernel that says 0 means no better. */
	if (!cmdline_max)
		cmdline_max = 255;
	if (c->in->cmdline && strlen(c->in->cmdline) > cmdline_max)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_CMDLINE,
				    "the command line is longer than this kernel accepts");
	return 0;
}

/*
 * Would the kernel fit with its protected-mode part of @bytes at @load?  It
 * runs from the next aligned address, and needs init_size bytes from there.
 */
static bool fits(const struct hs_boot_ctx *c, const struct setup *s, u64 load,
		 u64 bytes, struct placement *p)
{
	const u64 init_size = get_unaligned_le32(AT(s, HDR_INIT_SIZE));
	u64 start = load;

	/* Also keeps the arithmetic below from wrapping. */
	if (load < HS_GPA_HIGH_MEMORY || load > 2 * HS_RAM_MAX)
		return false;
	if (load + init_size > HS_GPA_HIGH_RAM &&
	    !(get_unaligned_le16(AT(s, HDR_XLOADFLAGS)) & XLF_ABOVE_4G))
		return false;
	if (*AT(s, HDR_RELOCATABLE))
		start = ALIGN(load, (u64)get_unaligned_le32(AT(s, HDR_ALIGNMENT)));
	p->load = load;
	p->end = max_t(u64, start + init_size, load + bytes);
	return hs_layout_is_loadable(c->in->ram_bytes, load, p->end - load);
}

/*
 * Chooses where to load: where the kernel prefers; else, for a relocatable one,
 * the next aligned address above that, low or beyond 4 GiB.  Not below it:
 * x86-64 Linux moves itself up to its preferred address when it finds itself
 * lower (startup_64 in arch/x86/boot/compressed/head_64.S), so memory there is
 * needed in any case.
 */
static int place(struct hs_boot_ctx *c, const struct setup *s, u64 bytes,
		 struct placement *p)
{
	u64 pref = get_unaligned_le64(AT(s, HDR_PREF_ADDR));
	u64 align = get_unaligned_le32(AT(s, HDR_ALIGNMENT));

	if (!pref)
		pref = HS_GPA_HIGH_MEMORY;
	if (fits(c, s, pref, bytes, p))
		return 0;
	if (*AT(s, HDR_RELOCATABLE) && pref <= HS_RAM_MAX) {
		if (fits(c, s, ALIGN(max_t(u64, pref, HS_GPA_HIGH_MEMORY), align),
			 bytes, p))
			return 0;
		if (fits(c, s, ALIGN(max_t(u64, pref, HS_GPA_HIGH_RAM), align),
			 bytes, p))
			return 0;
	}
	return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_RAM,
			    "the VM has too little RAM for this kernel to start");
}

static int put_zero_page(struct hs_boot_ctx *c, struct setup *s,
			 const struct placement *p)
{
	const struct hs_boot_state *out = c->out;
	struct hs_e820 e820[HS_E820_MAX];
	u8 n = hs_layout_e820(c->in->ram_bytes, e820);
	const u32 ramdisk_high[2] = { out->initrd_start >> 32,
				      out->initrd_bytes >> 32 };
	int ret;

	BUILD_BUG_ON(sizeof(struct hs_e820) != 20);
	BUILD_BUG_ON(ZP_RAMDISK_LEN_HIGH != ZP_RAMDISK_HIGH + 4);

	put_unaligned_le16(VID_MODE_NORMAL, AT(s, HDR_VID_MODE));
	*AT(s, HDR_LOADER) = LOADER_UNKNOWN;
	put_unaligned_le32(p->load, AT(s, HDR_CODE32));
	put_unaligned_le32(out->initrd_start, AT(s, HDR_RAMDISK));
	put_unaligned_le32(out->initrd_bytes, AT(s, HDR_RAMDISK_LEN));
	put_unaligned_le32(HS_GPA_CMDLINE, AT(s, HDR_CMDLINE));
	/* The file's own value would be a pointer into nowhere. */
	put_unaligned_le64(0, AT(s, HDR_SETUP_DATA));

	ret = hs_boot_zero(c, HS_GPA_BOOT_INFO, ZP_BYTES);
	if (ret)
		return ret;
	ret = hs_boot_put(c, HS_GPA_BOOT_INFO + HDR_START, s->b,
			  s->end - HDR_START);
	if (ret)
		return ret;
	ret = hs_boot_put(c, HS_GPA_BOOT_INFO + ZP_RSDP, &out->rsdp,
			  sizeof(out->rsdp));
	if (ret)
		return ret;
	ret = hs_boot_put(c, HS_GPA_BOOT_INFO + ZP_RAMDISK_HIGH, ramdisk_high,
			  sizeof(ramdisk_high));
	if (ret)
		return ret;
	ret = hs_boot_put(c, HS_GPA_BOOT_INFO + ZP_E820_ENTRIES, &n, 1);
	if (ret)
		return ret;
	return hs_boot_put(c, HS_GPA_BOOT_INFO + ZP_E820, e820,
			   n * sizeof(e820[0]));
}

/* Bytes of the protected-mode part, at *@off in the file. */
static int payload(struct hs_boot_ctx *c, const struct setup *s, u64 *off,
		   u64 *bytes)
{
	const u64 size = c->in->kernel->size;
	u8 sects = *AT(s, HDR_SETUP_SECTS);

	/* Zero stands for four, and the boot sector is not counted. */
	*off = ((sects ?: 4) + 1) * 512;
	*bytes = (u64)get_unaligned_le32(AT(s, HDR_SYSSIZE)) * 16;
	if (*bytes <= ENTRY64)
		return hs_boot_bad(c, "the kernel image has no protected-mode part");
	if (*bytes > get_unaligned_le32(AT(s, HDR_INIT_SIZE)))
		return hs_boot_bad(c, "the kernel image is larger than the memory it asks for");
	/* Counted in units of 16 bytes: the last may be incomplete. */
	if (*off >= size || *bytes - 15 > size - *off)
		return hs_boot_bad(c, "the kernel image is truncated: it is shorter than its header says");
	*bytes = min_t(u64, *bytes, size - *off);
	return 0;
}

/*
 * Loads a bzImage.  0; -ENOEXEC; -E2BIG; or a reader's or writer's error.
 */
int hs_bzimage_load(struct hs_boot_ctx *c)
{
	struct placement p;
	u64 off, bytes, initrd_max;
	struct setup s;
	bool above_4g;
	int ret;

	c->out->kind = HS_BOOT_BZIMAGE;
	ret = read_setup(c, &s);
	if (ret)
		return ret;
	ret = check_setup(c, &s);
	if (ret)
		return ret;
	ret = payload(c, &s, &off, &bytes);
	if (ret)
		return ret;
	ret = place(c, &s, bytes, &p);
	if (ret)
		return ret;
	ret = hs_boot_take(c, p.load, p.end - p.load);
	if (ret)
		return ret;
	ret = hs_boot_copy_kernel(c, p.load, off, bytes);
	if (ret)
		return ret;

	/* With that flag the limit in the header is void, as kexec has it. */
	above_4g = get_unaligned_le16(AT(&s, HDR_XLOADFLAGS)) & XLF_ABOVE_4G;
	initrd_max = above_4g ? HS_GPA_HOLE_START :
		     get_unaligned_le32(AT(&s, HDR_INITRD_MAX)) + 1ULL;
	ret = hs_boot_load_initrd(c, initrd_max, above_4g);
	if (ret)
		return ret;
	ret = hs_boot_put_string(c, HS_GPA_CMDLINE, c->in->cmdline);
	if (ret)
		return ret;
	ret = put_zero_page(c, &s, &p);
	if (ret)
		return ret;
	c->out->rsi = HS_GPA_BOOT_INFO;
	return hs_boot_enter64(c, p.load + ENTRY64);
}
