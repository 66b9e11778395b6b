// SPDX-License-Identifier: GPL-2.0
/*
 * Loading a guest: what all image formats share, and the choice of format.
 */
#include "boot/acpi.h"
#include "boot/image.h"
#include "boot/smbios.h"

/* Enough of the file to tell the formats apart: the bzImage's header. */
#define HEAD_BYTES	0x290

/* Records why the load fails; returns @error. */
int hs_boot_fail(struct hs_boot_ctx *c, int error, enum hs_boot_blame blame,
		 const char *why)
{
	c->err->why = why;
	c->err->blame = blame;
	return error;
}

/* The same for a kernel that is no valid image; returns -ENOEXEC. */
int hs_boot_bad(struct hs_boot_ctx *c, const char *why)
{
	return hs_boot_fail(c, -ENOEXEC, HS_BOOT_BLAME_KERNEL, why);
}

/*
 * Reads @len bytes of the kernel image at @off.  0; -ENOEXEC when the file
 * ends before; or what the file said.
 */
int hs_boot_read(struct hs_boot_ctx *c, u64 off, void *dst, size_t len)
{
	const struct hs_boot_src *src = c->in->kernel;
	int ret;

	if (off > src->size || len > src->size - off)
		return hs_boot_bad(c, "the kernel image is truncated");
	ret = src->read(src->arg, off, dst, len);
	if (ret)
		hs_boot_fail(c, ret, HS_BOOT_BLAME_KERNEL,
			     "the kernel image could not be read");
	return ret;
}

/* Writes to guest memory.  0, or what guest memory said. */
int hs_boot_put(struct hs_boot_ctx *c, u64 gpa, const void *src, size_t len)
{
	int ret = c->mem->write(c->mem->arg, gpa, src, len);

	if (ret)
		hs_boot_fail(c, ret, HS_BOOT_BLAME_NONE,
			     "guest memory could not be written");
	return ret;
}

/* Writes a string and its NUL; NULL is "". */
int hs_boot_put_string(struct hs_boot_ctx *c, u64 gpa, const char *s)
{
	if (!s)
		s = "";
	return hs_boot_put(c, gpa, s, strlen(s) + 1);
}

/* Clears guest memory.  0, or what guest memory said. */
int hs_boot_zero(struct hs_boot_ctx *c, u64 gpa, u64 len)
{
	int ret;

	if (!len)
		return 0;
	ret = c->mem->zero(c->mem->arg, gpa, len);
	if (ret)
		hs_boot_fail(c, ret, HS_BOOT_BLAME_NONE,
			     "guest memory could not be cleared");
	return ret;
}

/*
 * Copies a part of a file to guest memory.  Each piece ends at a page boundary
 * of the guest, so that the writer sees whole pages whenever it can.
 */
static int copy(struct hs_boot_ctx *c, const struct hs_boot_src *src, u64 gpa,
		u64 off, u64 len)
{
	void *buf = c->mem->scratch;

	while (len) {
		u64 room = HS_BOOT_SCRATCH - (gpa & (HS_BOOT_SCRATCH - 1));
		size_t n = min_t(u64, len, room);
		int ret;

		ret = src->read(src->arg, off, buf, n);
		if (ret)
			return src == c->in->kernel ?
				hs_boot_fail(c, ret, HS_BOOT_BLAME_KERNEL,
					     "the kernel image could not be read") :
				hs_boot_fail(c, ret, HS_BOOT_BLAME_INITRD,
					     "the initrd could not be read");
		ret = hs_boot_put(c, gpa, buf, n);
		if (ret)
			return ret;
		gpa += n;
		off += n;
		len -= n;
	}
	return 0;
}

/*
 * Copies @len bytes of the kernel image at @off to @gpa, which the caller has
 * taken.  0; -ENOEXEC when the file ends before; or a reader's or writer's error.
 */
int hs_boot_copy_kernel(struct hs_boot_ctx *c, u64 gpa, u64 off, u64 len)
{
	const struct hs_boot_src *src = c->in->kernel;

	if (off > src->size || len > src->size - off)
		return hs_boot_bad(c, "the kernel image is truncated: a part of it lies beyond the end of the file");
	return copy(c, src, gpa, off, len);
}

/* The taken range that overlaps [@start, @end), or NULL. */
static const struct hs_boot_range *overlap(const struct hs_boot_ctx *c,
					   u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < c->nr_taken; i++)
		if (start < c->taken[i].end && end > c->taken[i].start)
			return &c->taken[i];
	return NULL;
}

/*
 * Takes memory for a part of the kernel.  0; -E2BIG when it is not RAM that an
 * image may use; -ENOEXEC when another part already has it, or there are too
 * many parts.
 */
int hs_boot_take(struct hs_boot_ctx *c, u64 start, u64 len)
{
	struct hs_boot_state *out = c->out;

	if (!hs_layout_is_loadable(c->in->ram_bytes, start, len))
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_KERNEL,
				    "the kernel asks for memory that the VM does not have or that is reserved");
	if (overlap(c, start, start + len))
		return hs_boot_bad(c, "two parts of the kernel image want the same memory");
	if (c->nr_taken == HS_BOOT_SEGMENTS_MAX)
		return hs_boot_bad(c, "the kernel image has too many loadable parts");
	c->taken[c->nr_taken++] = (struct hs_boot_range){ start, start + len };

	if (!out->kernel_end || start < out->kernel_start)
		out->kernel_start = start;
	out->kernel_end = max_t(u64, out->kernel_end, start + len);
	return 0;
}

/*
 * Finds the highest page-aligned room for @len bytes in [@from, @to) that
 * nobody has taken.  Returns its address, or 0.
 */
static u64 find_room(const struct hs_boot_ctx *c, u64 from, u64 to, u64 len)
{
	const struct hs_boot_range *r;
	u64 start;

	/* Each turn steps below one more of the taken ranges, so it ends. */
	while (to > from && len <= to - from) {
		start = ALIGN_DOWN(to - len, HS_RAM_ALIGN);
		if (start < from)
			break;
		r = overlap(c, start, start + len);
		if (!r)
			return start;
		to = r->start;
	}
	return 0;
}

/*
 * Loads the initrd, when there is one, after all of the kernel has been taken:
 * as high as possible in low RAM below @low_max, or, when @high_ok, in RAM
 * beyond 4 GiB if it does not fit there.  Fills out->initrd_*.  0; -EINVAL for
 * an empty file; -E2BIG; or a reader's or writer's error.
 */
int hs_boot_load_initrd(struct hs_boot_ctx *c, u64 low_max, bool high_ok)
{
	const struct hs_boot_src *src = c->in->initrd;
	const u64 ram = c->in->ram_bytes;
	u64 start;

	if (!src)
		return 0;
	if (!src->size)
		return hs_boot_fail(c, -EINVAL, HS_BOOT_BLAME_INITRD,
				    "the initrd is empty");
	start = find_room(c, HS_GPA_HIGH_MEMORY,
			  min_t(u64, low_max, hs_layout_low_end(ram)), src->size);
	if (!start && high_ok)
		start = find_room(c, HS_GPA_HIGH_RAM, hs_layout_high_end(ram),
				  src->size);
	if (!start)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_INITRD,
				    "the initrd does not fit into the VM's memory beside the kernel");

	c->taken[c->nr_taken++] = (struct hs_boot_range){ start, start + src->size };
	c->out->initrd_start = start;
	c->out->initrd_bytes = src->size;
	return copy(c, src, start, 0, src->size);
}

static int check_input(struct hs_boot_ctx *c)
{
	const struct hs_boot_in *in = c->in;

	if (!hs_layout_ram_ok(in->ram_bytes))
		return hs_boot_fail(c, -EINVAL, HS_BOOT_BLAME_RAM,
				    "RAM must be a multiple of 4 KiB, at least 4 MiB");
	if (!in->cpus || in->cpus > HS_BOOT_CPUS_MAX)
		return hs_boot_fail(c, -EINVAL, HS_BOOT_BLAME_CPUS,
				    "the number of CPUs is out of range");
	if (in->cmdline &&
	    strnlen(in->cmdline, HS_BOOT_CMDLINE_MAX + 1) > HS_BOOT_CMDLINE_MAX)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_CMDLINE,
				    "the command line is too long");
	/* Before a byte of anything is read. */
	if (in->initrd && in->initrd->size > in->ram_bytes)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_INITRD,
				    "the initrd is larger than the VM's memory");
	if (in->name &&
	    strnlen(in->name, HS_BOOT_NAME_MAX + 1) > HS_BOOT_NAME_MAX)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_CMDLINE,
				    "the program's name is too long");
	if (in->initrd_name &&
	    strnlen(in->initrd_name, HS_BOOT_NAME_MAX + 1) > HS_BOOT_NAME_MAX)
		return hs_boot_fail(c, -E2BIG, HS_BOOT_BLAME_INITRD,
				    "the initrd's name is too long");
	return 0;
}

/* Loads a multiboot program.  -ENOENT when it is none, and no error recorded. */
static int try_multiboot(struct hs_boot_ctx *c)
{
	struct hs_multiboot mb;
	int ret = hs_multiboot_find(c, &mb);

	return ret ?: hs_multiboot_load(c, &mb);
}

/*
 * An ELF file can be a PVH kernel, a multiboot image, or both.  The 32-bit
 * ones that are both are programs for multiboot loaders that learned PVH later,
 * and expect what multiboot gives; of 64-bit ones multiboot can load only those
 * whose header says where.
 */
static int load_elf(struct hs_boot_ctx *c)
{
	struct hs_elf elf;
	u64 entry;
	int ret;

	ret = hs_elf_open(c, &elf);
	if (ret)
		return ret;

	if (!elf.is64) {
		ret = try_multiboot(c);
		if (ret != -ENOENT)
			return ret;
	}

	ret = hs_pvh_find(c, &elf, &entry);
	if (!ret)
		return hs_pvh_load(c, &elf, entry);
	if (ret != -ENOENT)
		return ret;

	if (elf.is64) {
		ret = try_multiboot(c);
		if (ret != -ENOENT)
			return ret;
	}
	return hs_boot_bad(c, "the kernel is an ELF file with neither a PVH entry note nor a multiboot header");
}

static int load_any(struct hs_boot_ctx *c)
{
	const size_t len = min_t(u64, c->in->kernel->size, HEAD_BYTES);
	u8 *head = c->mem->scratch;
	int ret;

	ret = hs_boot_read(c, 0, head, len);
	if (ret)
		return ret;
	if (hs_bzimage_probe(head, len))
		return hs_bzimage_load(c);
	if (hs_elf_probe(head, len))
		return load_elf(c);

	ret = try_multiboot(c);
	if (ret != -ENOENT)
		return ret;
	return hs_boot_bad(c, "the kernel is not a bzImage, a PVH ELF file or a multiboot image");
}

/**
 * hs_boot_load() - load a guest
 * @in: what to load, into what machine
 * @mem: guest memory
 * @out: gets the state of the first vCPU
 * @err: gets the reason on failure
 *
 * Recognises the image, places kernel, initrd and command line in guest
 * memory, adds what the image's boot protocol wants to be told, page tables and
 * a GDT, and the ACPI and SMBIOS tables.  Guest memory that is not part of this keeps its
 * content.  After a failure, guest memory is in an undefined state.
 *
 * Context: that of the callbacks; holds nothing and allocates nothing itself.
 * Return: 0; -EINVAL for bad parameters; -ENOEXEC for a file that is damaged or
 * not an image; -EOPNOTSUPP for an image that asks for what this machine does
 * not have; -E2BIG for what does not fit; otherwise the error of a callback.
 */
int hs_boot_load(const struct hs_boot_in *in, const struct hs_boot_mem *mem,
		 struct hs_boot_state *out, struct hs_boot_error *err)
{
	struct hs_boot_ctx c = { .in = in, .mem = mem, .out = out, .err = err };
	int ret;

	*out = (struct hs_boot_state){};
	*err = (struct hs_boot_error){};

	ret = check_input(&c);
	if (ret)
		return ret;
	/* First the tables: their address goes into the boot information. */
	ret = hs_acpi_build(in->cpus, mem, &out->rsdp);
	if (ret)
		return hs_boot_fail(&c, ret, HS_BOOT_BLAME_NONE,
				    "the ACPI tables could not be written to guest memory");
	ret = hs_smbios_build(in->ram_bytes, in->cpus, mem);
	if (ret)
		return hs_boot_fail(&c, ret, HS_BOOT_BLAME_NONE,
				    "the SMBIOS tables could not be written to guest memory");
	return load_any(&c);
}

/**
 * hs_boot_kind_name() - what an image is called
 * @kind: as in struct hs_boot_state
 *
 * Return: a word in static storage.
 */
const char *hs_boot_kind_name(enum hs_boot_kind kind)
{
	switch (kind) {
	case HS_BOOT_BZIMAGE:
		return "bzimage";
	case HS_BOOT_PVH:
		return "pvh";
	case HS_BOOT_MULTIBOOT:
		return "multiboot";
	}
	return "unknown";
}
