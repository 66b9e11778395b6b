/* SPDX-License-Identifier: GPL-2.0 */
/* The ACPI tables of a VM. */
#ifndef HS_BOOT_ACPI_H
#define HS_BOOT_ACPI_H

#include "boot/boot.h"

int hs_acpi_build(unsigned int cpus, const struct hs_boot_mem *mem, u64 *rsdp);

#endif /* HS_BOOT_ACPI_H */
