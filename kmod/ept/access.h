/* SPDX-License-Identifier: GPL-2.0 */
/* Kinds of access to guest memory, for the fault handler and pure parts. */
#ifndef HS_EPT_ACCESS_H
#define HS_EPT_ACCESS_H

#define HS_ACC_READ	0x1
#define HS_ACC_WRITE	0x2
#define HS_ACC_EXEC	0x4
#define HS_ACC_WALK	0x8	/* by the guest's page walk, not its result */

#endif /* HS_EPT_ACCESS_H */
