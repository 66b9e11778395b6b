// SPDX-License-Identifier: GPL-2.0
/* get_unaligned_*() lies in linux/, no longer in asm/. */
#include <linux/unaligned.h>
