// SPDX-License-Identifier: GPL-2.0
/* MSRs as the kernel reads them, against what they were before any guest ran. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "use.h"

static const struct {
	uint32_t nr;
	const char *name;
} msrs[] = {
	{ 0xc0000080, "EFER" }, { 0xc0000081, "STAR" }, { 0xc0000082, "LSTAR" },
	{ 0xc0000083, "CSTAR" }, { 0xc0000084, "FMASK" }, { 0xc0000103, "TSC_AUX" },
	{ 0x277, "PAT" }, { 0x1d9, "DEBUGCTL" }, { 0x174, "SYSENTER_CS" },
	{ 0x175, "SYSENTER_ESP" }, { 0x176, "SYSENTER_EIP" },
	{ 0x48, "SPEC_CTRL" }, { 0xda0, "XSS" }, { 0x38f, "PERF_GLOBAL_CTRL" },
	{ 0xc0000102, "KERNEL_GS_BASE" },
};
#define MSRS	(sizeof(msrs) / sizeof(msrs[0]))
static uint64_t base[MSRS];
static bool have[MSRS];
static int msr_fd = -1;

static bool rdmsr(uint32_t nr, uint64_t *val)
{
	return pread(msr_fd, val, 8, nr) == 8;
}

void msrs_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	msr_fd = open(path, O_RDONLY);
}

int msrs_write_base(const char *path)
{
	FILE *f = fopen(path, "w");
	unsigned int i;
	bool good;

	if (!f)
		return -1;
	for (i = 0; i < MSRS; i++)
		have[i] = rdmsr(msrs[i].nr, &base[i]);
	good = fwrite(base, sizeof(base), 1, f) == 1 && fwrite(have, sizeof(have), 1, f) == 1;
	return fclose(f) || !good ? -1 : 0;
}

int msrs_read_base(const char *path)
{
	FILE *f = fopen(path, "r");
	bool good;

	if (!f)
		return -1;
	good = fread(base, sizeof(base), 1, f) == 1 && fread(have, sizeof(have), 1, f) == 1;
	fclose(f);
	return good ? 0 : -1;
}

bool item_msrs(void)
{
	struct beside b = beside_begin();
	uint64_t val;
	unsigned int i;

	if (msr_fd < 0)
		return skip("no /dev/cpu/N/msr");
	while (beside(&b)) {
		raw_sleep(SLEEP_NS);
		for (i = 0; i < MSRS; i++)
			if (have[i] && (!rdmsr(msrs[i].nr, &val) || val != base[i]))
				return wrong("%s is %#lx, not %#lx", msrs[i].name, val, base[i]);
	}
	return done(&b);
}
