// SPDX-License-Identifier: GPL-2.0
/* Naming a VM in a request, and the few facts that other verbs need of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "name.h"
#include "size.h"
#include "vctl.h"

/**
 * vm_argument - put the VM that a word names into a request
 * @word: a name, or an id in digits
 * @r: the request
 *
 * Return: VCTL_OK or, having said why, VCTL_USAGE.
 */
int vm_argument(const char *word, struct request *r)
{
	const char *fault;
	uint32_t id;

	if (u32_parse(word, &id)) {
		request_u32(r, HS_A_VM_ID, id);
		return VCTL_OK;
	}
	fault = name_fault(word);
	if (fault)
		return usage_error("name: %s: '%s'", fault, word);
	request_string(r, HS_A_VM_NAME, word);
	return VCTL_OK;
}

static void take(const struct reply *rep, void *arg)
{
	const char *name = reply_string(rep, HS_A_VM_NAME);
	const char *reason = reply_string(rep, HS_A_VM_REASON);
	struct vm_brief *vm = arg;

	reply_u32(rep, HS_A_VM_ID, &vm->id);
	reply_u32(rep, HS_A_VM_STATE, &vm->state);
	reply_u32(rep, HS_A_VM_TTY, &vm->tty);
	snprintf(vm->name, sizeof(vm->name), "%s", name ? name : "");
	snprintf(vm->reason, sizeof(vm->reason), "%s", reason ? reason : "");
}

/**
 * vm_get - look at a VM
 * @word: a name, or an id in digits
 * @vm: receives the facts
 * @absent: if not NULL, that no such VM is there is no error but noted here
 *
 * Return: VCTL_OK or, having said why, another exit status.
 */
int vm_get(const char *word, struct vm_brief *vm, bool *absent)
{
	struct nl_error e;
	struct request *r = request_new(HS_CMD_VM_GET, &e);
	int ret;

	memset(vm, 0, sizeof(*vm));
	if (absent)
		*absent = false;
	if (!r)
		return request_error(&e);
	ret = vm_argument(word, r);
	if (ret) {
		request_drop(r);
		return ret;
	}
	if (!request_do(r, take, vm, &e))
		return VCTL_OK;
	if (absent && e.err == ENOENT && !e.absent) {
		*absent = true;
		return VCTL_OK;
	}
	return request_error(&e);
}
