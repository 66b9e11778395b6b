/* SPDX-License-Identifier: GPL-2.0 */
/* More CPUs begin as the second one does. */
#include "smp_asm.S"
