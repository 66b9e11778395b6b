// SPDX-License-Identifier: GPL-2.0
/* bin_attribute.read and attribute_group.bin_attrs take const attributes. */
#include <linux/sysfs.h>

static ssize_t probe(struct file *file, struct kobject *kobj,
		     const struct bin_attribute *attr, char *buf, loff_t off,
		     size_t count)
{
	return count;
}

const struct bin_attribute probe_attr = { .read = probe };
const struct bin_attribute *const probe_attrs[] = { &probe_attr, NULL };
const struct attribute_group probe_group = { .bin_attrs = probe_attrs };
