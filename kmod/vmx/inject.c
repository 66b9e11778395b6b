// SPDX-License-Identifier: GPL-2.0
/* Skipping an instruction, injecting an event: the one place for each. */
#include "vmx/priv.h"

/* Pending debug exceptions, SDM vol. 3, table 25-4: single step. */
#define PENDING_BS	BIT(14)
/* IA32_DEBUGCTL: single-step on branches. */
#define DEBUGCTL_BTF	BIT(1)

/*
 * What the end of any instruction does: RIP moves on (within 32 bits outside
 * 64-bit mode), STI and MOV-SS blocking end, and RFLAGS.TF raises #DB.
 */
static void retire(struct hs_vmx *v)
{
	u32 intr = hs_vmread32(GUEST_INTERRUPTIBILITY_INFO);

	if (unlikely(intr & (HS_INTR_STI | HS_INTR_MOVSS)))
		hs_vmwrite32(GUEST_INTERRUPTIBILITY_INFO,
			     intr & ~(HS_INTR_STI | HS_INTR_MOVSS));
	if (unlikely(hs_x_rflags(v) & HS_FL_TF) &&
	    !(hs_vmread64(GUEST_IA32_DEBUGCTL) & DEBUGCTL_BTF))
		hs_vmwritel(GUEST_PENDING_DBG_EXCEPTIONS,
			    hs_vmreadl(GUEST_PENDING_DBG_EXCEPTIONS) | PENDING_BS);
}

static void skip_now(struct hs_vmx *v)
{
	u64 old = hs_x_rip(v), rip = old + hs_x_len(v);

	/* Only an instruction that crosses 4 GiB can need the cut. */
	if (unlikely((old ^ rip) & BIT_ULL(32)) &&
	    !(hs_vmread32(GUEST_CS_AR_BYTES) & HS_AR_L))
		rip = (u32)rip;
	hs_vmwritel(GUEST_RIP, rip);
	v->x.rip = rip;
	/* RF lasts for one instruction (SDM vol. 3, 17.3.1.1). */
	if (unlikely(hs_x_rflags(v) & HS_FL_RF)) {
		v->x.rflags &= ~HS_FL_RF;
		hs_vmwritel(GUEST_RFLAGS, v->x.rflags);
	}
	retire(v);
}

/**
 * hs_vmx_skip - the instruction that exited has been emulated
 * @v: in a slice: done at once; else at the begin of the next one
 */
void hs_vmx_skip(struct hs_vmx *v)
{
	if (v->in_slice)
		skip_now(v);
	else
		v->todo |= HS_TODO_SKIP;
}

static void queue(struct hs_event *e, u32 info, u32 err, u32 len)
{
	*e = (struct hs_event){ .info = info | HS_EV_VALID, .err = err, .len = len };
}

/**
 * hs_vmx_inject - raise an exception in the guest
 * @v: the vCPU
 * @vector: exception
 * @has_err: it carries an error code in protected mode
 * @err: the code
 *
 * If another event was being delivered, the two are combined as the processor
 * does it.  Delivered at the next entry.
 */
void hs_vmx_inject(struct hs_vmx *v, u8 vector, bool has_err, u32 err)
{
	u32 info = HS_EVT_HWEXC | vector;

	/* Real mode has no error codes (SDM vol. 3, 27.2.1.3). */
	if (has_err && (v->cr0 & HS_CR0_PE))
		info |= HS_EV_ERRCODE;
	switch (hs_event_merge(&v->ev, vector)) {
	case HS_MERGE_SERIAL:
		if (hs_event_defer(&v->ev, &v->later))
			WRITE_ONCE(v->nmi_pending, true);
		fallthrough;
	case HS_MERGE_TAKE:
		queue(&v->ev, info, err, 0);
		v->ev.rf = hs_event_sets_rf(vector);
		break;
	case HS_MERGE_DOUBLE:
		info = HS_EVT_HWEXC | HS_VEC_DF;
		if (v->cr0 & HS_CR0_PE)
			info |= HS_EV_ERRCODE;
		queue(&v->ev, info, 0, 0);
		break;
	case HS_MERGE_TRIPLE:
		v->ev.info = 0;
		v->triple = true;
		break;
	}
	/* The instruction did not complete: nothing is skipped. */
	v->todo &= ~HS_TODO_SKIP;
}

/**
 * hs_vmx_inject_pf - raise a page fault in the guest
 * @v: the vCPU
 * @cr2: linear address
 * @err: error code
 */
void hs_vmx_inject_pf(struct hs_vmx *v, u64 cr2, u32 err)
{
	v->cr2 = cr2;
	hs_vmx_inject(v, HS_VEC_PF, true, err);
}

/**
 * hs_vmx_requeue - an exit may have interrupted the delivery of an event
 * @v: in a slice
 *
 * The event is injected again at the next entry.  An exit during IRET also
 * ends NMI blocking too early; put it back.
 */
void hs_vmx_requeue(struct hs_vmx *v)
{
	u32 info = hs_vmread32(IDT_VECTORING_INFO_FIELD);
	u32 type, unblock = 0;

	if (likely(!(info & HS_EV_VALID))) {
		/*
		 * NMI unblocking due to IRET: in the qualification of EPT
		 * violations, in the interruption information of exceptions
		 * other than #DF (SDM vol. 3, 28.2.3).
		 */
		if (v->x.reason == EXIT_REASON_EPT_VIOLATION)
			unblock = hs_x_qual(v) & HS_EV_UNBLOCK_NMI;
		else if (v->x.reason == EXIT_REASON_EXCEPTION_NMI &&
			 (hs_x_intr(v) & HS_EV_VECTOR) != HS_VEC_DF)
			unblock = hs_x_intr(v) & HS_EV_UNBLOCK_NMI;
		if (unlikely(unblock))
			hs_vmwrite32(GUEST_INTERRUPTIBILITY_INFO,
				     hs_vmread32(GUEST_INTERRUPTIBILITY_INFO) | HS_INTR_NMI);
		return;
	}

	type = info & HS_EV_TYPE;
	v->ev.info = info & (HS_EV_VALID | HS_EV_TYPE | HS_EV_ERRCODE | HS_EV_VECTOR);
	/* What delivery would have saved of RFLAGS is in the VMCS (28.3.3). */
	v->ev.rf = false;
	if (info & HS_EV_ERRCODE)
		v->ev.err = hs_vmread32(IDT_VECTORING_ERROR_CODE);
	if (type == HS_EVT_SWINT || type == HS_EVT_SWEXC || type == HS_EVT_PRIVSW)
		v->ev.len = hs_vmread32(VM_EXIT_INSTRUCTION_LEN);
	/* Delivery of the NMI is what blocks NMIs; it will be delivered again. */
	if (type == HS_EVT_NMI)
		hs_vmwrite32(GUEST_INTERRUPTIBILITY_INFO,
			     hs_vmread32(GUEST_INTERRUPTIBILITY_INFO) & ~HS_INTR_NMI);
}

static void put_event(struct hs_vmx *v, const struct hs_event *e)
{
	if (e->info & HS_EV_ERRCODE)
		hs_vmwrite32(VM_ENTRY_EXCEPTION_ERROR_CODE, e->err);
	if (e->len)
		hs_vmwrite32(VM_ENTRY_INSTRUCTION_LEN, e->len);
	/* VM entry saves RFLAGS as they are in the VMCS. */
	if (e->rf)
		hs_vmwritel(GUEST_RFLAGS, hs_vmreadl(GUEST_RFLAGS) | HS_FL_RF);
	hs_vmwrite32(VM_ENTRY_INTR_INFO_FIELD, e->info);
	hs_stat(v, INJECTED);
}

static void put_nmi(struct hs_vmx *v)
{
	hs_vmwrite32(VM_ENTRY_INTR_INFO_FIELD, HS_EV_VALID | HS_EVT_NMI | HS_VEC_NMI);
	hs_stat(v, INJECTED);
}

/* Is anything in the way of a maskable interrupt, of an NMI? */
static bool intr_open(void)
{
	return (hs_vmreadl(GUEST_RFLAGS) & HS_FL_IF) &&
	       !(hs_vmread32(GUEST_INTERRUPTIBILITY_INFO) & (HS_INTR_STI | HS_INTR_MOVSS));
}

static bool nmi_open(void)
{
	return !(hs_vmread32(GUEST_INTERRUPTIBILITY_INFO) &
		 (HS_INTR_STI | HS_INTR_MOVSS | HS_INTR_NMI));
}

/**
 * hs_vmx_prepare_events - decide what the next entry delivers
 * @v: in a slice, interrupts off, IN_GUEST published
 *
 * At most one event is injected; for what has to wait, the exit that tells
 * when it can go is asked for.
 */
void hs_vmx_prepare_events(struct hs_vmx *v)
{
	bool busy = false;
	u32 window = 0;
	int vector;

	if (unlikely(v->ev.info)) {
		put_event(v, &v->ev);
		v->ev.info = 0;
		v->ev.len = 0;
		busy = true;
	}
	if (unlikely(v->later.info)) {
		if (!busy && intr_open()) {
			put_event(v, &v->later);
			v->later.info = 0;
			busy = true;
		} else {
			window |= HS_PROC_INT_WINDOW;
		}
	}
	if (unlikely(v->nmi_pending)) {
		if (!busy && nmi_open()) {
			put_nmi(v);
			v->nmi_pending = false;
			busy = true;
		} else {
			window |= HS_PROC_NMI_WINDOW;
		}
	}
	vector = hs_lapic_pending(v->apic);
	if (unlikely(vector >= 0)) {
		if (!busy && intr_open()) {
			vector = hs_lapic_ack(v->apic);
			if (vector >= 0) {
				hs_vmwrite32(VM_ENTRY_INTR_INFO_FIELD,
					     HS_EV_VALID | HS_EVT_INTR | vector);
				hs_stat(v, INJECTED);
			}
			/* Another one may wait behind it. */
			if (hs_lapic_pending(v->apic) >= 0)
				window |= HS_PROC_INT_WINDOW;
		} else {
			window |= HS_PROC_INT_WINDOW;
		}
	}
	window |= v->proc_base;
	if (unlikely(window != v->proc)) {
		v->proc = window;
		hs_vmwrite32(CPU_BASED_VM_EXEC_CONTROL, window);
	}
}

/**
 * hs_vmx_note_halt - HLT: what may end it
 * @v: in a slice, the instruction has been skipped
 */
void hs_vmx_note_halt(struct hs_vmx *v)
{
	WRITE_ONCE(v->halt_if, hs_x_rflags(v) & HS_FL_IF);
	WRITE_ONCE(v->halt_nmi, nmi_open());
}

/**
 * hs_vmx_wakes - is there an event that ends HLT
 * @v: any context; hs_vmx_note_halt() was done
 *
 * Return: true if so.  What the guest may not take does not end HLT (SDM vol. 2,
 * "HLT"): no interrupt while they are disabled, no NMI in the handler of one.
 */
bool hs_vmx_wakes(struct hs_vmx *v)
{
	if (READ_ONCE(v->nmi_pending) && READ_ONCE(v->halt_nmi))
		return true;
	return READ_ONCE(v->halt_if) &&
	       (READ_ONCE(v->later.info) || hs_lapic_has_work(v->apic));
}

/**
 * hs_vmx_can_wake - does the thread of a halted vCPU have something to do
 * @v: any context
 *
 * Return: true if the vCPU wakes, or if the thread has to take an NMI, INIT or
 * SIPI from the local APIC, which may or may not wake it.
 */
bool hs_vmx_can_wake(struct hs_vmx *v)
{
	return hs_lapic_has_event(v->apic) || hs_vmx_wakes(v);
}

/**
 * hs_vmx_catch_up - do what a SLOW handler left for the next slice
 * @v: at the begin of a slice, or its VMCS is current and is to be read
 */
void hs_vmx_catch_up(struct hs_vmx *v)
{
	if (v->todo & HS_TODO_REGS) {
		hs_vmwritel(GUEST_RIP, v->gs.rip);
		hs_vmwritel(GUEST_RSP, v->gs.gpr[RSP]);
		hs_vmwritel(GUEST_RFLAGS, v->gs.rflags);
	}
	v->x.have &= ~HS_X_RFLAGS;
	if (v->todo & HS_TODO_SKIP)
		skip_now(v);
	else if (v->todo & HS_TODO_RETIRE)
		retire(v);
	v->todo &= ~(HS_TODO_REGS | HS_TODO_SKIP | HS_TODO_RETIRE);
}
