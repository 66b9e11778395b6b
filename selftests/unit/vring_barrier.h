/* SPDX-License-Identifier: GPL-2.0 */
/* Barriers that tell of themselves, for vring_test; included before all else. */
#ifndef VRING_BARRIER_H
#define VRING_BARRIER_H

/* 'b': full, 'r': of reads, 'w': of writes; and it is one. */
void vring_barrier(char kind);

#define smp_mb()	vring_barrier('b')
#define smp_rmb()	vring_barrier('r')
#define smp_wmb()	vring_barrier('w')

#endif /* VRING_BARRIER_H */
