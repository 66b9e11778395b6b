/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The control interface of Hyperspace: generic netlink family "hyperspace".
 *
 * Documentation/netlink/hyperspace.yaml is the specification; this header
 * says the same for C, and a test holds the two and the kernel's policies
 * against each other.  Attribute 0 is never used.  64-bit values are padded
 * with HS_A_*_PAD.  Every error carries an extack sentence and, where one is
 * to blame, the offending attribute.
 *
 * Commands, with [optional] attributes; "->" is the reply:
 *
 * HS_CMD_CHECK (dump)	-> HS_A_CHECK: one requirement of the host per message
 * HS_CMD_VM_NEW	HS_A_VM_NAME, HS_A_VM_KERNEL_FD, HS_A_VM_MEM_BYTES,
 *			[HS_A_VM_INITRD_FD, HS_A_VM_CMDLINE, HS_A_VM_CPUS,
 *			HS_A_VM_FLAGS, HS_A_VM_ON_PANIC, HS_A_VM_PAGE_BYTES,
 *			HS_A_VM_DISK..., HS_A_VM_NET..., HS_A_VM_CPU_HIDE...]
 *			-> HS_A_VM_ID, HS_A_VM_NAME, HS_A_VM_TTY
 *			"..." may be there several times; disks and nets get
 *			their slots in the order of the message
 * HS_CMD_VM_GET	(do: HS_A_VM_NAME or HS_A_VM_ID; dump: all VMs)
 *			-> the attributes marked "out" below, and what the VM
 *			was made from except for the descriptors
 * HS_CMD_VM_START, _PAUSE, _RESUME, _RESET, _DEL
 *			HS_A_VM_NAME or HS_A_VM_ID, or both, of the same VM
 * HS_CMD_VM_STOP	HS_A_VM_NAME or HS_A_VM_ID, [HS_A_VM_FORCE]
 *			presses the power button; with FORCE ends the VM
 *			before the reply
 * HS_CMD_VM_DIAG (dump) HS_A_VM_NAME or HS_A_VM_ID
 *			-> HS_A_DIAG: one vCPU per message
 * HS_CMD_EVENT		notification on group "events": HS_A_VM_ID,
 *			HS_A_VM_NAME, HS_A_VM_STATE, HS_A_VM_OLD_STATE,
 *			[HS_A_VM_REASON], HS_A_VM_TIME_NS.  The states are the
 *			same for a new VM (defined) and for a reset (running or
 *			paused, with a reason).
 * HS_CMD_DEV_ADD	HS_A_VM_NAME or HS_A_VM_ID, and one of HS_A_VM_DISK and
 *			HS_A_VM_NET; not while the VM runs or is paused
 *			-> HS_A_DEV_ID
 * HS_CMD_DEV_DEL	HS_A_VM_NAME or HS_A_VM_ID, HS_A_DEV_ID: a disk or net;
 *			not while the VM runs or is paused
 * HS_CMD_DEV_SET	HS_A_VM_NAME or HS_A_VM_ID, HS_A_DEV_ID, HS_A_DEV_UP: takes the
 *			link of a net down or up, in any state of the VM
 * HS_CMD_DEV_GET (dump) [HS_A_VM_NAME or HS_A_VM_ID]: all devices of the VM, or of
 *			all VMs
 *			-> HS_A_VM_ID, HS_A_VM_NAME, HS_A_DEV: one device per
 *			message, in the order in which they came
 *
 * What changes anything needs CAP_SYS_ADMIN of both the socket's opener and the
 * sender; CHECK, VM_GET and DEV_GET are open, DIAG shows registers and needs it as well.
 */
#ifndef _UAPI_LINUX_HYPERSPACE_H
#define _UAPI_LINUX_HYPERSPACE_H

#include <linux/types.h>

#define HS_GENL_NAME		"hyperspace"
#define HS_GENL_VERSION		1
#define HS_GENL_GROUP_EVENTS	"events"

#define HS_NAME_MAX		63	/* bytes of a VM's name, without NUL */
#define HS_CMDLINE_MAX		2047	/* bytes of a command line, without NUL */
#define HS_REASON_MAX		255	/* bytes of a reason, without NUL */
#define HS_DEV_ID_MAX		20	/* bytes of a device's id, without NUL */
#define HS_DEVS_MAX		31	/* disks and nets of a VM; fewer with other devices */
#define HS_MAC_LEN		6	/* bytes of an address */
#define HS_FEATURE_MAX		31	/* bytes of a CPU feature's name, without NUL */
#define HS_CPU_HIDE_MAX		64	/* features that can be hidden by name */
#define HS_CPUS_MAX		255
#define HS_MEM_MIN		(4ULL << 20)
#define HS_PAGE_4K		4096
#define HS_PAGE_2M		2097152	/* where the host has 2 MiB in a row, else 4 KiB */

enum hs_cmd {
	HS_CMD_CHECK = 1,
	HS_CMD_VM_NEW,
	HS_CMD_VM_GET,
	HS_CMD_VM_DEL,
	HS_CMD_VM_START,
	HS_CMD_VM_STOP,
	HS_CMD_VM_PAUSE,
	HS_CMD_VM_RESUME,
	HS_CMD_VM_RESET,
	HS_CMD_VM_DIAG,
	HS_CMD_EVENT,
	HS_CMD_DEV_ADD,
	HS_CMD_DEV_DEL,
	HS_CMD_DEV_GET,
	HS_CMD_DEV_SET,

	__HS_CMD_MAX,
	HS_CMD_MAX = __HS_CMD_MAX - 1
};

/* Top-level attributes: one name space for all commands. */
enum hs_attr {
	HS_A_PAD = 1,
	HS_A_VM_ID,		/* u32 */
	HS_A_VM_NAME,		/* string: letter first, then [A-Za-z0-9._-] */
	HS_A_VM_STATE,		/* u32, enum hs_vm_state; out */
	HS_A_VM_OLD_STATE,	/* u32, enum hs_vm_state; event */
	HS_A_VM_REASON,		/* string: why stopped or failed; out */
	HS_A_VM_KERNEL_FD,	/* s32: open file, bzImage, PVH ELF or multiboot */
	HS_A_VM_INITRD_FD,	/* s32: open file */
	HS_A_VM_CMDLINE,	/* string */
	HS_A_VM_MEM_BYTES,	/* u64: RAM the guest sees, a multiple of 4096 */
	HS_A_VM_CPUS,		/* u32: 1..HS_CPUS_MAX, default 1 */
	HS_A_VM_FLAGS,		/* u32: HS_VM_F_* */
	HS_A_VM_ON_PANIC,	/* u32, enum hs_on_panic */
	HS_A_VM_FORCE,		/* flag */
	HS_A_VM_TTY,		/* u32: minor of /dev/ttyHS<n>; out */
	HS_A_VM_CHARGED_BYTES,	/* u64: frames held now; out */
	HS_A_VM_OVERHEAD_BYTES,	/* u64: EPT pages, VMCS, tables; out */
	HS_A_VM_TIME_NS,	/* u64: CLOCK_MONOTONIC; event */
	HS_A_VM_UPTIME_NS,	/* u64: since start, running or paused; out */
	HS_A_VM_CPU_TIME_NS,	/* u64: spent by all vCPU threads; out */
	HS_A_VM_RESETS,		/* u32: reboots since start; out */
	HS_A_VM_EXIT_CODE,	/* u32: written to the test device; out */
	HS_A_VM_STATS,		/* nested, HS_A_STAT_*; out */
	HS_A_CHECK,		/* nested, HS_A_CHECK_* */
	HS_A_DIAG,		/* nested, HS_A_DIAG_* */
	HS_A_VM_PAGE_BYTES,	/* u32: HS_PAGE_4K (default) or HS_PAGE_2M */
	HS_A_VM_LARGE_BYTES,	/* u64: of the frames held, mapped by 2 MiB; out */
	HS_A_VM_TIDS,		/* u32 each: thread ids by vCPU, as the reader
				 * sees them, 0: not in its PID namespace; out */
	HS_A_VM_DISK,		/* nested, HS_A_DISK_*; repeated */
	HS_A_VM_NET,		/* nested, HS_A_NET_*; repeated */
	HS_A_VM_CPU_HIDE,	/* string: a CPU feature that the guest is not to
				 * see, as /proc/cpuinfo calls it; repeated */
	HS_A_DEV_ID,		/* string: a device of a VM: letter first, then
				 * [A-Za-z0-9._-] */
	HS_A_DEV,		/* nested, HS_A_DEV_*; out */
	HS_A_DEV_UP,		/* u32, 0 or 1: link of a net; 1 at first */

	__HS_A_MAX,
	HS_A_MAX = __HS_A_MAX - 1
};

#define HS_VM_F_TESTDEV		(1U << 0)
#define HS_VM_F_RNG		(1U << 1)	/* with an entropy device */
#define __HS_VM_F_ALL		(HS_VM_F_TESTDEV | HS_VM_F_RNG)

enum hs_vm_state {
	HS_VM_DEFINED = 1,
	HS_VM_RUNNING,
	HS_VM_PAUSED,
	HS_VM_STOPPED,
	HS_VM_FAILED,
	HS_VM_DESTROYED,	/* seen in events only */
};

enum hs_on_panic {
	HS_ON_PANIC_FAIL = 1,	/* the VM ends as failed (default) */
	HS_ON_PANIC_RESET,	/* the VM is reset in place */
};

/* What a disk is made from. */
enum hs_disk_attr {
	HS_A_DISK_FD = 1,	/* s32: open file or block device; needed */
	HS_A_DISK_FLAGS,	/* u32: HS_DISK_F_* */
	HS_A_DISK_ID,		/* string as HS_A_DEV_ID; the guest sees it as the
				 * serial number; "disk0", "disk1", ... by default */

	__HS_A_DISK_MAX,
	HS_A_DISK_MAX = __HS_A_DISK_MAX - 1
};

#define HS_DISK_F_RO		(1U << 0)	/* the guest may only read */
#define __HS_DISK_F_ALL		HS_DISK_F_RO

/* What a network interface is made from. */
enum hs_net_attr {
	HS_A_NET_FD = 1,	/* s32: /dev/net/tun after TUNSETIFF with IFF_TAP,
				 * IFF_NO_PI and IFF_VNET_HDR; needed */
	HS_A_NET_MAC,		/* 6 bytes: address, not of a group and not all 0;
				 * by default a local one made from the names of
				 * the VM and the interface */
	HS_A_NET_ID,		/* string as HS_A_DEV_ID; "net0", ... by default */

	__HS_A_NET_MAX,
	HS_A_NET_MAX = __HS_A_NET_MAX - 1
};

enum hs_dev_kind {
	HS_DEV_DISK = 1,
	HS_DEV_NET,
	HS_DEV_CONSOLE,
	HS_DEV_RNG,
	HS_DEV_BALLOON,
};

/* A device: what it is, and what it has done since the VM's start. */
enum hs_dev_attr {
	HS_A_DEV_PAD = 1,
	HS_A_DEV_KIND,		/* u32, enum hs_dev_kind */
	HS_A_DEV_NAME,		/* string: its id */
	HS_A_DEV_SLOT,		/* u32: on PCI bus 0 */
	HS_A_DEV_FLAGS,		/* u32: HS_DISK_F_*; disk */
	HS_A_DEV_BYTES,		/* u64: size; disk */
	HS_A_DEV_MAC,		/* 6 bytes; net */
	HS_A_DEV_TTYS,		/* u32 each: minors of /dev/ttyHS<n> by port; console */
	HS_A_DEV_DRIVER,	/* u32, 0 or 1: a driver is at work */
	HS_A_DEV_BROKEN,	/* string: what the driver did wrong; optional */
	HS_A_DEV_REQUESTS,	/* u64: buffers served */
	HS_A_DEV_READ_BYTES,	/* u64: from the host to the guest */
	HS_A_DEV_WRITE_BYTES,	/* u64: from the guest to the host */
	HS_A_DEV_ERRORS,	/* u64: requests that failed */
	HS_A_DEV_KICKS,		/* u64: notifications by the driver */
	HS_A_DEV_SIGNALS,	/* u64: interrupts sent to the driver */

	__HS_A_DEV_MAX,
	HS_A_DEV_MAX = __HS_A_DEV_MAX - 1
};

/* Counters since start, u64 each, summed over vCPUs (sums are not atomic). */
enum hs_stat_attr {
	HS_A_STAT_PAD = 1,
	HS_A_STAT_EXITS,
	HS_A_STAT_EXITS_FAST,	/* served without leaving the slice */
	HS_A_STAT_EXITS_IRQ,	/* host interrupts */
	HS_A_STAT_EXITS_IO,
	HS_A_STAT_EXITS_MMIO,
	HS_A_STAT_EXITS_MSR,
	HS_A_STAT_EXITS_CPUID,
	HS_A_STAT_EXITS_CR,
	HS_A_STAT_EXITS_HLT,
	HS_A_STAT_EXITS_EPT,	/* EPT violations */
	HS_A_STAT_EXITS_OTHER,
	HS_A_STAT_SLICES,
	HS_A_STAT_INJECTED,	/* interrupts and exceptions injected */
	HS_A_STAT_KICKS,
	HS_A_STAT_FAULTS,	/* frames given at first touch */
	HS_A_STAT_REFAULTS,	/* frames that came back */
	HS_A_STAT_INVEPT,
	HS_A_STAT_INVVPID,
	HS_A_STAT_VMX_ACCESS,	/* VMREAD + VMWRITE */
	HS_A_STAT_VMX_MANAGE,	/* VMXON, VMPTRLD, VMCLEAR */
	HS_A_STAT_WRMSR,
	HS_A_STAT_XSTATE,	/* XSAVE + XRSTOR of guest state */
	HS_A_STAT_SPLITS,	/* 2 MiB leaves turned into 4 KiB leaves */
	HS_A_STAT_COLLAPSES,	/* and back */
	HS_A_STAT_ACKS,		/* waits for CPUs to leave the guest */

	__HS_A_STAT_MAX,
	HS_A_STAT_MAX = __HS_A_STAT_MAX - 1
};

enum hs_check_attr {
	HS_A_CHECK_NAME = 1,	/* string, e.g. "EPT" */
	HS_A_CHECK_SOURCE,	/* string, the MSR or CPUID leaf it is read from */
	HS_A_CHECK_LEVEL,	/* u32, enum hs_check_level */
	HS_A_CHECK_OK,		/* u32, 0 or 1 */
	HS_A_CHECK_DETAIL,	/* string, what was found; optional */
	HS_A_CHECK_REMEDY,	/* string, when not ok */

	__HS_A_CHECK_MAX,
	HS_A_CHECK_MAX = __HS_A_CHECK_MAX - 1
};

enum hs_check_level {
	HS_CHECK_REQUIRED = 1,
	HS_CHECK_OPTIONAL,
	HS_CHECK_INFO,		/* what runs here, e.g. mitigations */
};

enum hs_diag_attr {
	HS_A_DIAG_PAD = 1,
	HS_A_DIAG_VCPU,		/* u32 */
	HS_A_DIAG_REGS,		/* binary, struct hs_uregs */
	HS_A_DIAG_EXIT,		/* nested HS_A_EXIT_*, oldest first; repeated */
	HS_A_DIAG_REASON,	/* string: why this vCPU failed; optional */
	HS_A_DIAG_REMEDY,	/* string; optional */
	HS_A_DIAG_INSN,		/* binary: bytes at RIP, up to 15; optional */
	HS_A_DIAG_ACTIVITY,	/* string: running, halted, wait-for-sipi */
	HS_A_DIAG_MSR,		/* nested HS_A_MSR_*: tried by the guest, and not
				 * there; the last one first; repeated */

	__HS_A_DIAG_MAX,
	HS_A_DIAG_MAX = __HS_A_DIAG_MAX - 1
};

enum hs_exit_attr {
	HS_A_EXIT_PAD = 1,
	HS_A_EXIT_REASON,	/* u32, basic exit reason, SDM vol. 3, app. C */
	HS_A_EXIT_NAME,		/* string */
	HS_A_EXIT_QUAL,		/* u64, exit qualification */
	HS_A_EXIT_RIP,		/* u64 */

	__HS_A_EXIT_MAX,
	HS_A_EXIT_MAX = __HS_A_EXIT_MAX - 1
};

enum hs_msr_attr {
	HS_A_MSR_PAD = 1,
	HS_A_MSR_NUMBER,	/* u32 */
	HS_A_MSR_READS,		/* u64, refused with #GP, as all of these */
	HS_A_MSR_WRITES,	/* u64 */

	__HS_A_MSR_MAX,
	HS_A_MSR_MAX = __HS_A_MSR_MAX - 1
};

/* Registers of a vCPU as HS_A_DIAG_REGS carries them; only ever extended. */
struct hs_uregs {
	__u64 gpr[16];		/* RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 */
	__u64 rip, rflags;
	__u64 cr0, cr2, cr3, cr4, cr8;
	__u64 efer;
	struct {
		__u64 base;
		__u32 limit;
		__u32 access;	/* access rights, SDM vol. 3, 25.4.1 */
		__u32 selector;
		__u32 pad;
	} seg[8];		/* ES CS SS DS FS GS LDTR TR */
	__u64 gdt_base, gdt_limit, idt_base, idt_limit;
};

#endif /* _UAPI_LINUX_HYPERSPACE_H */
