// SPDX-License-Identifier: GPL-2.0
/* register_syscore() takes the place of register_syscore_ops(), with data. */
#include <linux/syscore_ops.h>

void probe(struct syscore *s);
void probe(struct syscore *s)
{
	register_syscore(s);
}
