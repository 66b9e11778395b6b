// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs attributes of a console's tty: vm_name; port, which of the VM's it is;
 * log, the ring's content; log_start, its first byte's place in all that the
 * guest ever wrote; dropped, bytes that nobody got: an open tty was not read, or
 * a channel not open.
 */
#include <linux/device.h>
#include <linux/sysfs.h>
#include "compat/tty.h"
#include "dev/console_priv.h"

static ssize_t vm_name_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", c->vm);
}
static DEVICE_ATTR_RO(vm_name);

static ssize_t port_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", c->name);
}
static DEVICE_ATTR_RO(port);

static ssize_t log_start_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);
	u64 start;

	raw_spin_lock_irq(&c->lock);
	start = hs_ring_start(&c->log);
	raw_spin_unlock_irq(&c->lock);
	return sysfs_emit(buf, "%llu\n", start);
}
static DEVICE_ATTR_ADMIN_RO(log_start);

static ssize_t dropped_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct hs_console *c = dev_get_drvdata(dev);
	u64 dropped;

	raw_spin_lock_irq(&c->lock);
	dropped = c->dropped;
	raw_spin_unlock_irq(&c->lock);
	return sysfs_emit(buf, "%llu\n", dropped);
}
static DEVICE_ATTR_ADMIN_RO(dropped);

/*
 * @off counts from log_start, so bytes that are overwritten between two reads
 * shift it; who must know compares log_start before and after.
 */
static ssize_t log_read(struct file *file, struct kobject *kobj,
			HS_BIN_ATTR_CONST struct bin_attribute *attr, char *buf,
			loff_t off, size_t count)
{
	struct hs_console *c = dev_get_drvdata(kobj_to_dev(kobj));
	u64 pos;
	size_t n;

	raw_spin_lock_irq(&c->lock);
	pos = hs_ring_start(&c->log) + off;
	n = hs_ring_copy(&c->log, &pos, buf, count);
	raw_spin_unlock_irq(&c->lock);
	return n;
}

static HS_BIN_ATTR_CONST struct bin_attribute log_attr = {
	.attr = { .name = "log", .mode = 0400 },
	.read = log_read,
};

static struct attribute *console_attrs[] = {
	&dev_attr_vm_name.attr,
	&dev_attr_port.attr,
	&dev_attr_log_start.attr,
	&dev_attr_dropped.attr,
	NULL
};

static HS_BIN_ATTR_CONST struct bin_attribute *HS_BIN_ATTR_CONST console_bin_attrs[] = {
	&log_attr,
	NULL
};

static const struct attribute_group console_group = {
	.attrs = console_attrs,
	.bin_attrs = console_bin_attrs,
};

const struct attribute_group *hs_console_groups[] = {
	&console_group,
	NULL
};
