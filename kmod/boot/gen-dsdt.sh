#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles dsdt.asl with iasl and prints dsdt.h.
#
#	kmod/boot/gen-dsdt.sh > dsdt.tmp && mv dsdt.tmp kmod/boot/dsdt.h
#
# dsdt.h is kept in the tree, so that building the module on a user's machine
# (DKMS) needs no iasl and gives the same bytes everywhere.  acpi_test runs this
# script and fails when its output is not what the tree has.
#
# The compiler's version number in the table's header is set to 0 and the
# checksum made to fit, or each version of iasl would give another file.
set -eu

asl=$(dirname "$0")/dsdt.asl
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

${IASL:-iasl} -we -p "$tmp/dsdt" "$asl" > "$tmp/log" 2>&1 || {
	cat "$tmp/log" >&2
	exit 1
}

cat << END
/* SPDX-License-Identifier: GPL-2.0 */
/* Made from dsdt.asl by gen-dsdt.sh; do not edit. */
#ifndef HS_BOOT_DSDT_H
#define HS_BOOT_DSDT_H

static const u8 hs_dsdt_aml[] = {
END

od -An -v -t u1 -w1 "$tmp/dsdt.aml" | awk '
	{ b[NR - 1] = $1 }
	END {
		for (i = 32; i < 36; i++)
			b[i] = 0
		b[9] = 0
		for (i = 0; i < NR; i++)
			sum += b[i]
		b[9] = (256 - sum % 256) % 256
		for (i = 0; i < NR; i++)
			printf "%s0x%02x,%s", i % 12 ? " " : "\t", b[i],
			       i % 12 == 11 || i == NR - 1 ? "\n" : ""
	}'

cat << END
};

#endif /* HS_BOOT_DSDT_H */
END
