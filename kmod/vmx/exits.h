/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every basic exit reason (SDM vol. 3, appendix C) and what becomes of it.
 *
 * This list is the documentation: a guest that takes an exit of kind FAIL ends
 * its VM with a reason; no exit that a stock Linux guest takes is one.
 *
 *	HOST	concerns the host; the guest goes on
 *	EMUL	emulated
 *	UD	the guest gets #UD, as on a CPU without the instruction
 *	GP	the guest gets #GP(0)
 *	END	ends the VM as a crash of the guest (shutdown)
 *	FAIL	fails the VM: not emulated, or cannot happen as we set controls
 *
 * The kselftest exits.sh holds, for each row, the check of a guest program that
 * takes the exit, or why none can.
 *
 *	X(number, constant, name, kind)
 */
#ifndef HS_VMX_EXITS_H
#define HS_VMX_EXITS_H

#define HS_EXIT_LIST(X)								\
	X(0, EXCEPTION_NMI, "exception or NMI", EMUL)				\
	X(1, EXT_INT, "external interrupt", HOST)				\
	X(2, TRIPLE_FAULT, "triple fault", END)					\
	X(3, INIT, "INIT signal", FAIL)						\
	X(4, SIPI, "start-up IPI", FAIL)					\
	X(5, IO_SMI, "I/O SMI", FAIL)						\
	X(6, OTHER_SMI, "other SMI", FAIL)					\
	X(7, INT_WINDOW, "interrupt window", EMUL)				\
	X(8, NMI_WINDOW, "NMI window", EMUL)					\
	X(9, TASK_SWITCH, "task switch", FAIL)					\
	X(10, CPUID, "CPUID", EMUL)						\
	X(11, GETSEC, "GETSEC", UD)						\
	X(12, HLT, "HLT", EMUL)							\
	X(13, INVD, "INVD", EMUL)						\
	X(14, INVLPG, "INVLPG", FAIL)						\
	X(15, RDPMC, "RDPMC", GP)						\
	X(16, RDTSC, "RDTSC", FAIL)						\
	X(17, RSM, "RSM", UD)							\
	X(18, VMCALL, "VMCALL", EMUL)						\
	X(19, VMCLEAR, "VMCLEAR", UD)						\
	X(20, VMLAUNCH, "VMLAUNCH", UD)						\
	X(21, VMPTRLD, "VMPTRLD", UD)						\
	X(22, VMPTRST, "VMPTRST", UD)						\
	X(23, VMREAD, "VMREAD", UD)						\
	X(24, VMRESUME, "VMRESUME", UD)						\
	X(25, VMWRITE, "VMWRITE", UD)						\
	X(26, VMXOFF, "VMXOFF", UD)						\
	X(27, VMXON, "VMXON", UD)						\
	X(28, CR, "control-register access", EMUL)				\
	X(29, DR, "MOV DR", EMUL)						\
	X(30, IO, "I/O instruction", EMUL)					\
	X(31, RDMSR, "RDMSR", EMUL)						\
	X(32, WRMSR, "WRMSR", EMUL)						\
	X(33, INVALID_STATE, "entry failure: guest state", FAIL)		\
	X(34, MSR_LOADING, "entry failure: MSR loading", FAIL)			\
	X(36, MWAIT, "MWAIT", UD)						\
	X(37, MTF, "monitor trap flag", FAIL)					\
	X(39, MONITOR, "MONITOR", UD)						\
	X(40, PAUSE, "PAUSE", EMUL)						\
	X(41, ENTRY_MCE, "entry failure: machine check", FAIL)			\
	X(43, TPR, "TPR below threshold", FAIL)					\
	X(44, APIC_ACCESS, "APIC access", FAIL)					\
	X(45, EOI, "virtualized EOI", FAIL)					\
	X(46, GDTR_IDTR, "access to GDTR or IDTR", FAIL)			\
	X(47, LDTR_TR, "access to LDTR or TR", FAIL)				\
	X(48, EPT_VIOLATION, "EPT violation", EMUL)				\
	X(49, EPT_MISCONFIG, "EPT misconfiguration", FAIL)			\
	X(50, INVEPT, "INVEPT", UD)						\
	X(51, RDTSCP, "RDTSCP", FAIL)						\
	X(52, PREEMPT_TIMER, "preemption timer", HOST)				\
	X(53, INVVPID, "INVVPID", UD)						\
	X(54, WBINVD, "WBINVD", EMUL)						\
	X(55, XSETBV, "XSETBV", EMUL)						\
	X(56, APIC_WRITE, "APIC write", FAIL)					\
	X(57, RDRAND, "RDRAND", FAIL)						\
	X(58, INVPCID, "INVPCID", FAIL)						\
	X(59, VMFUNC, "VMFUNC", UD)						\
	X(60, ENCLS, "ENCLS", UD)						\
	X(61, RDSEED, "RDSEED", FAIL)						\
	X(62, PML_FULL, "page-modification log full", FAIL)			\
	X(63, XSAVES, "XSAVES", FAIL)						\
	X(64, XRSTORS, "XRSTORS", FAIL)						\
	X(66, SPP, "sub-page permission", FAIL)					\
	X(67, UMWAIT, "UMWAIT", UD)						\
	X(68, TPAUSE, "TPAUSE", UD)						\
	X(69, LOADIWKEY, "LOADIWKEY", UD)					\
	X(74, BUS_LOCK, "bus lock", FAIL)					\
	X(75, NOTIFY, "notify window", FAIL)

#define HS_EXIT_ENUM(n, id, name, kind) HS_EXIT_##id = n,
enum hs_exit_reason { HS_EXIT_LIST(HS_EXIT_ENUM) HS_EXIT_NR };
#undef HS_EXIT_ENUM

/* The basic reason of VM_EXIT_REASON, and its failure bit. */
#define HS_EXIT_BASIC(r)	((r) & 0xffff)
#define HS_EXIT_ENTRY_FAILED	0x80000000U

#endif /* HS_VMX_EXITS_H */
