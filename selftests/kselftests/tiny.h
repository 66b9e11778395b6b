/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests of a few bytes, made on the spot: a multiboot ELF in a memory file,
 * so that tests of the control plane need nothing but themselves.
 */
#ifndef HS_TEST_TINY_H
#define HS_TEST_TINY_H

#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "nl.h"

#define TINY_BASE	0x100000u

/* cli; 1: hlt; jmp 1b */
#define TINY_SLEEP	"\xfa\xf4\xeb\xfd"
/* sti; 1: jmp 1b.  STI, as Bochs to 3.0 holds host interrupts back otherwise. */
#define TINY_SPIN	"\xfb\xeb\xfe"
/* mov $code,%al; out %al,$0xf4; 1: hlt; jmp 1b */
#define TINY_EXIT(code)	"\xb0" code "\xe6\xf4\xf4\xeb\xfd"
/* push $0; push $0; lidt (%esp); int3: no IDT, no way to handle that */
#define TINY_TRIPLE	"\x6a\x00\x6a\x00\x0f\x01\x1c\x24\xcc"
/* mov $6,%al; mov $0xcf9,%dx; out %al,%dx; 1: hlt; jmp 1b */
#define TINY_REBOOT	"\xb0\x06\x66\xba\xf9\x0c\xee\xf4\xeb\xfd"
/* mov $1,%al; mov $0x505,%dx; out %al,%dx; 1: hlt; jmp 1b */
#define TINY_PANIC	"\xb0\x01\x66\xba\x05\x05\xee\xf4\xeb\xfd"
/* mov $0x3400,%ax; mov $0x604,%dx; out %ax,%dx; 1: hlt; jmp 1b: S5 */
#define TINY_POWEROFF	"\x66\xb8\x00\x34\x66\xba\x04\x06\x66\xef\xf4\xeb\xfd"

/* A file with a guest whose code is @len bytes at @code; its descriptor. */
static inline int tiny_image(const void *code, size_t len)
{
	static const uint32_t multiboot[3] = {
		0x1badb002, 0, -0x1badb002u
	};
	struct {
		Elf32_Ehdr e;
		Elf32_Phdr p;
	} head = {
		.e = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_entry = TINY_BASE + sizeof(multiboot),
		},
		.p = {
			.p_type = PT_LOAD,
			.p_offset = sizeof(head),
			.p_vaddr = TINY_BASE,
			.p_paddr = TINY_BASE,
			.p_filesz = sizeof(multiboot) + len,
			.p_memsz = sizeof(multiboot) + len,
			.p_flags = PF_R | PF_W | PF_X,
			.p_align = 4,
		},
	};
	int fd = memfd_create("guest", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, &head, sizeof(head)) != sizeof(head) ||
	    write(fd, multiboot, sizeof(multiboot)) != sizeof(multiboot) ||
	    write(fd, code, len) != (ssize_t)len) {
		close(fd);
		return -1;
	}
	return fd;
}

#define TINY(code)	tiny_image(code, sizeof(code) - 1)

/* ---- VMs, one request each ---- */

static inline struct nl_end vm_new(struct nl *nl, const char *name, int fd)
{
	struct nl_msg m;

	nl_begin(&m, nl, HS_CMD_VM_NEW, 0);
	nl_put_str(&m, HS_A_VM_NAME, name);
	nl_put_u32(&m, HS_A_VM_KERNEL_FD, fd);
	nl_put_u64(&m, HS_A_VM_MEM_BYTES, 4 << 20);
	nl_put_u32(&m, HS_A_VM_FLAGS, HS_VM_F_TESTDEV);
	return nl_call(nl, &m, NULL, NULL);
}

static inline struct nl_end vm_do(struct nl *nl, int cmd, const char *name)
{
	struct nl_msg m;

	nl_begin(&m, nl, cmd, 0);
	nl_put_str(&m, HS_A_VM_NAME, name);
	return nl_call(nl, &m, NULL, NULL);
}

static inline struct nl_end vm_kill(struct nl *nl, const char *name)
{
	struct nl_msg m;

	nl_begin(&m, nl, HS_CMD_VM_STOP, 0);
	nl_put_str(&m, HS_A_VM_NAME, name);
	nl_put(&m, HS_A_VM_FORCE, NULL, 0);
	return nl_call(nl, &m, NULL, NULL);
}

struct vm_info {
	uint32_t id, state, tty, resets, exit_code, cpus;
	uint64_t mem, charged, overhead, uptime, cpu_time;
	uint64_t stat[HS_A_STAT_MAX + 1];
	bool has_exit_code;
	char name[HS_NAME_MAX + 1];
	char reason[HS_REASON_MAX + 1];
};

static inline void vm_take_info(const struct nlmsghdr *h, void *arg)
{
	struct vm_info *v = arg;
	struct nlattr *stats = nl_find(h, HS_A_VM_STATS);
	int i;

	memset(v, 0, sizeof(*v));
	v->id = nl_u32(nl_find(h, HS_A_VM_ID));
	v->state = nl_u32(nl_find(h, HS_A_VM_STATE));
	v->tty = nl_u32(nl_find(h, HS_A_VM_TTY));
	v->resets = nl_u32(nl_find(h, HS_A_VM_RESETS));
	v->cpus = nl_u32(nl_find(h, HS_A_VM_CPUS));
	v->has_exit_code = nl_find(h, HS_A_VM_EXIT_CODE);
	v->exit_code = nl_u32(nl_find(h, HS_A_VM_EXIT_CODE));
	v->mem = nl_u64(nl_find(h, HS_A_VM_MEM_BYTES));
	v->charged = nl_u64(nl_find(h, HS_A_VM_CHARGED_BYTES));
	v->overhead = nl_u64(nl_find(h, HS_A_VM_OVERHEAD_BYTES));
	v->uptime = nl_u64(nl_find(h, HS_A_VM_UPTIME_NS));
	v->cpu_time = nl_u64(nl_find(h, HS_A_VM_CPU_TIME_NS));
	snprintf(v->name, sizeof(v->name), "%s", nl_str(nl_find(h, HS_A_VM_NAME)));
	snprintf(v->reason, sizeof(v->reason), "%s", nl_str(nl_find(h, HS_A_VM_REASON)));
	for (i = 1; stats && i <= HS_A_STAT_MAX; i++)
		v->stat[i] = nl_u64(nl_find_nested(stats, i));
}

static inline struct nl_end vm_get(struct nl *nl, const char *name, struct vm_info *v)
{
	struct nl_msg m;

	memset(v, 0, sizeof(*v));
	nl_begin(&m, nl, HS_CMD_VM_GET, 0);
	nl_put_str(&m, HS_A_VM_NAME, name);
	return nl_call(nl, &m, vm_take_info, v);
}

static inline uint32_t vm_state(struct nl *nl, const char *name)
{
	struct vm_info v;

	vm_get(nl, name, &v);
	return v.state;
}

/* Waits until a VM is in @state, for as long as that may take; its state then. */
static inline uint32_t vm_wait(struct nl *nl, const char *name, uint32_t state)
{
	uint32_t now = 0;
	int i;

	for (i = 0; i < 2000; i++) {
		now = vm_state(nl, name);
		if (now == state)
			break;
		usleep(1000);
	}
	return now;
}

struct vm_names {
	unsigned int n;
	char name[512][HS_NAME_MAX + 1];
};

static inline void vm_take_name(const struct nlmsghdr *h, void *arg)
{
	struct vm_names *v = arg;

	if (v->n < 512)
		snprintf(v->name[v->n++], sizeof(v->name[0]), "%s",
			 nl_str(nl_find(h, HS_A_VM_NAME)));
}

/* Ends and destroys every VM there is. */
static inline void vm_wipe(struct nl *nl)
{
	static struct vm_names v;
	struct nl_msg m;
	unsigned int i;

	v.n = 0;
	nl_begin(&m, nl, HS_CMD_VM_GET, NLM_F_DUMP);
	nl_call(nl, &m, vm_take_name, &v);
	for (i = 0; i < v.n; i++) {
		vm_kill(nl, v.name[i]);
		vm_do(nl, HS_CMD_VM_DEL, v.name[i]);
	}
}

#endif /* HS_TEST_TINY_H */
