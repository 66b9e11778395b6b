// SPDX-License-Identifier: GPL-2.0
/* Verb diagnose: why a VM is where it is: reason, registers, last exits. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "json.h"
#include "name.h"
#include "vctl.h"

static const char *const gpr_names[16] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static const char *const seg_names[8] = {
	"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr",
};

/* The rest of struct hs_uregs, by name and place. */
#define REG(name)	{ #name, offsetof(struct hs_uregs, name) }
static const struct {
	const char *name;
	size_t offset;
} other_regs[] = {
	REG(rip), REG(rflags), REG(cr0), REG(cr2), REG(cr3), REG(cr4), REG(cr8),
	REG(efer), REG(gdt_base), REG(gdt_limit), REG(idt_base), REG(idt_limit),
};
#define OTHER_REGS	(sizeof(other_regs) / sizeof(other_regs[0]))	/* even */

static uint64_t other_reg(const struct hs_uregs *r, size_t i)
{
	uint64_t val;

	memcpy(&val, (const char *)r + other_regs[i].offset, sizeof(val));
	return val;
}

/* The struct may be longer in a newer kernel, never shorter. */
static bool get_regs(const struct reply *rep, struct hs_uregs *r)
{
	size_t len;
	const void *p = reply_bytes(rep, HS_A_DIAG_REGS, &len);

	if (!p || len < sizeof(*r))
		return false;
	memcpy(r, p, sizeof(*r));
	return true;
}

/* ---- text -------------------------------------------------------------------------- */

static void print_line(const char *label, const char *text)
{
	char safe[1024];

	if (!text || !*text)
		return;
	safe_text(text, safe, sizeof(safe));
	printf("  %-9s %s\n", label, safe);
}

static void print_reg(const char *name, uint64_t val, bool end_of_line)
{
	printf("  %-9s %016" PRIx64 "%s", name, val, end_of_line ? "\n" : "");
}

static void print_regs(const struct hs_uregs *r)
{
	size_t i;

	for (i = 0; i < 16; i++)
		print_reg(gpr_names[i], r->gpr[i], i % 2);
	for (i = 0; i < OTHER_REGS; i++)
		print_reg(other_regs[i].name, other_reg(r, i), i % 2);
	for (i = 0; i < 8; i++)
		printf("  %-4s %04x base %016" PRIx64 " limit %08x access %05x\n",
		       seg_names[i], r->seg[i].selector,
		       (uint64_t)r->seg[i].base, r->seg[i].limit,
		       r->seg[i].access);
}

static void print_insn(const struct reply *rep)
{
	size_t len, i;
	const unsigned char *p = reply_bytes(rep, HS_A_DIAG_INSN, &len);

	if (!p || !len)
		return;
	printf("  %-9s", "code");
	for (i = 0; i < len; i++)
		printf(" %02x", p[i]);
	putchar('\n');
}

static void print_exit(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_EXIT_NAME);
	uint64_t qual = 0, rip = 0;
	uint32_t reason = 0;
	bool *first = arg;
	char safe[256];

	if (*first)
		puts("  last exits, oldest first:");
	*first = false;
	reply_u32(rep, HS_A_EXIT_REASON, &reason);
	reply_u64(rep, HS_A_EXIT_QUAL, &qual);
	reply_u64(rep, HS_A_EXIT_RIP, &rip);
	safe_text(name ? name : "?", safe, sizeof(safe));
	printf("    %3" PRIu32 " %-24s rip %016" PRIx64 " qualification %" PRIx64 "\n",
	       reason, safe, rip, qual);
}

static void print_msr(const struct reply *rep, void *arg)
{
	uint64_t reads = 0, writes = 0;
	uint32_t msr = 0;
	bool *first = arg;

	if (*first)
		puts("  MSRs that do not exist, the last one first:");
	*first = false;
	reply_u32(rep, HS_A_MSR_NUMBER, &msr);
	reply_u64(rep, HS_A_MSR_READS, &reads);
	reply_u64(rep, HS_A_MSR_WRITES, &writes);
	printf("    %08" PRIx32 " read %" PRIu64 " written %" PRIu64 " times\n",
	       msr, reads, writes);
}

static void print_vcpu(const struct reply *rep)
{
	struct hs_uregs r;
	uint32_t vcpu = 0;
	bool first = true;

	reply_u32(rep, HS_A_DIAG_VCPU, &vcpu);
	printf("vcpu %" PRIu32 "\n", vcpu);
	print_line("activity", reply_string(rep, HS_A_DIAG_ACTIVITY));
	print_line("reason", reply_string(rep, HS_A_DIAG_REASON));
	print_line("remedy", reply_string(rep, HS_A_DIAG_REMEDY));
	print_insn(rep);
	if (get_regs(rep, &r))
		print_regs(&r);
	reply_each(rep, HS_A_DIAG_EXIT, print_exit, &first);
	first = true;
	reply_each(rep, HS_A_DIAG_MSR, print_msr, &first);
}

/* ---- JSON --------------------------------------------------------------------------- */

static void json_regs(struct json *j, const struct hs_uregs *r)
{
	size_t i;

	json_object(j, "regs");
	for (i = 0; i < 16; i++)
		json_u64(j, gpr_names[i], r->gpr[i]);
	for (i = 0; i < OTHER_REGS; i++)
		json_u64(j, other_regs[i].name, other_reg(r, i));
	for (i = 0; i < 8; i++) {
		json_object(j, seg_names[i]);
		json_u64(j, "selector", r->seg[i].selector);
		json_u64(j, "base", r->seg[i].base);
		json_u64(j, "limit", r->seg[i].limit);
		json_u64(j, "access", r->seg[i].access);
		json_close(j);
	}
	json_close(j);
}

static void json_exit(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_EXIT_NAME);
	struct json *j = arg;
	uint32_t reason;
	uint64_t val;

	json_object(j, NULL);
	if (reply_u32(rep, HS_A_EXIT_REASON, &reason))
		json_u64(j, "exit_reason", reason);
	if (name)
		json_string(j, "name", name);
	if (reply_u64(rep, HS_A_EXIT_QUAL, &val))
		json_u64(j, "qualification", val);
	if (reply_u64(rep, HS_A_EXIT_RIP, &val))
		json_u64(j, "rip", val);
	json_close(j);
}

static void json_msr(const struct reply *rep, void *arg)
{
	struct json *j = arg;
	uint32_t msr;
	uint64_t val;

	json_object(j, NULL);
	if (reply_u32(rep, HS_A_MSR_NUMBER, &msr))
		json_u64(j, "msr", msr);
	if (reply_u64(rep, HS_A_MSR_READS, &val))
		json_u64(j, "reads", val);
	if (reply_u64(rep, HS_A_MSR_WRITES, &val))
		json_u64(j, "writes", val);
	json_close(j);
}

static void json_text(struct json *j, const char *key, const char *text)
{
	if (text && *text)
		json_string(j, key, text);
}

static void json_vcpu(struct json *j, const struct reply *rep)
{
	size_t len, i;
	const unsigned char *code = reply_bytes(rep, HS_A_DIAG_INSN, &len);
	struct hs_uregs r;
	uint32_t vcpu;

	json_object(j, NULL);
	if (reply_u32(rep, HS_A_DIAG_VCPU, &vcpu))
		json_u64(j, "vcpu", vcpu);
	json_text(j, "activity", reply_string(rep, HS_A_DIAG_ACTIVITY));
	json_text(j, "reason", reply_string(rep, HS_A_DIAG_REASON));
	json_text(j, "remedy", reply_string(rep, HS_A_DIAG_REMEDY));
	if (code) {
		json_array(j, "code");
		for (i = 0; i < len; i++)
			json_u64(j, NULL, code[i]);
		json_close(j);
	}
	if (get_regs(rep, &r))
		json_regs(j, &r);
	json_array(j, "exits");
	reply_each(rep, HS_A_DIAG_EXIT, json_exit, j);
	json_close(j);
	json_array(j, "msrs");
	reply_each(rep, HS_A_DIAG_MSR, json_msr, j);
	json_close(j);
	json_close(j);
}

/* ---- the verb -------------------------------------------------------------------------- */

static void show_nest(const struct reply *rep, void *arg)
{
	if (globals.json)
		json_vcpu(arg, rep);
	else
		print_vcpu(rep);
}

static void show_reply(const struct reply *rep, void *arg)
{
	reply_each(rep, HS_A_DIAG, show_nest, arg);
}

/* vCPUs neither come nor go, so a dump cannot be inconsistent. */
static void show_again(void *arg)
{
	(void)arg;
}

static void print_vm(const struct vm_brief *vm)
{
	char safe[1024];

	printf("VM '%s' is %s", vm->name, state_name(vm->state));
	if (*vm->reason) {
		safe_text(vm->reason, safe, sizeof(safe));
		printf(": %s", safe);
	}
	putchar('\n');
}

static int run_diagnose(struct args *a)
{
	struct vm_brief vm;
	struct nl_error e;
	struct request *r;
	struct json j;
	int ret = vm_get(a->word[0], &vm, NULL);

	if (ret)
		return ret;
	r = request_new(HS_CMD_VM_DIAG, &e);
	if (!r)
		return request_error(&e);
	request_u32(r, HS_A_VM_ID, vm.id);
	if (globals.json) {
		if (!json_hold(&j, globals.pretty)) {
			request_drop(r);
			return failure(VCTL_ERROR, "no memory");
		}
		json_object(&j, NULL);
		json_u64(&j, "id", vm.id);
		json_string(&j, "name", vm.name);
		json_string(&j, "state", state_name(vm.state));
		json_text(&j, "reason", vm.reason);
		json_array(&j, "vcpus");
	} else {
		print_vm(&vm);
	}
	ret = request_dump(r, show_reply, show_again, &j, &e);
	if (globals.json)
		json_release(&j, ret ? NULL : stdout);
	return ret ? request_error(&e) : VCTL_OK;
}

static const struct option diagnose_options[] = {
	GLOBAL_OPTIONS
};

const struct verb verb_diagnose = {
	"diagnose", run_diagnose, diagnose_options, 1, 1, "NAME",
	"Says why a VM failed, and what to do about it: the reason, and for each CPU\n"
	"its registers, the code at RIP, and its last exits.\n"
};
