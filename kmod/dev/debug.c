// SPDX-License-Identifier: GPL-2.0
/* The switch behind debug.h. */
#include "dev/debug.h"

#ifdef HS_DEBUG
#include <linux/moduleparam.h>

static int dev_mutate;
module_param(dev_mutate, int, 0600);
MODULE_PARM_DESC(dev_mutate, "what devices leave out, to prove that tests notice: 1 flushes of disks");

/**
 * hs_dev_mutated - whether a step is to be left out
 * @m: the step
 *
 * Any context.
 *
 * Return: true from when the switch is set until it is set to something else.
 */
bool hs_dev_mutated(enum hs_dev_mutation m)
{
	return READ_ONCE(dev_mutate) == m;
}
#endif
