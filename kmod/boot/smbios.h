/* SPDX-License-Identifier: GPL-2.0 */
/* The SMBIOS tables of a VM. */
#ifndef HS_BOOT_SMBIOS_H
#define HS_BOOT_SMBIOS_H

#include "boot/boot.h"

int hs_smbios_build(u64 ram_bytes, unsigned int cpus, const struct hs_boot_mem *mem);

#endif /* HS_BOOT_SMBIOS_H */
