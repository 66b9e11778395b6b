// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading: a ladder of inits and its mirror.
 *
 * The control plane comes last and goes first, so that no request finds a part
 * missing.  Every VM, whatever its state, holds a reference on the module:
 * unloading is refused while one exists, and never has to stop a guest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <net/genetlink.h>
#include "debug.h"
#include "dev/board.h"
#include "ept/gmem.h"
#include "netlink.h"
#include "vm.h"
#include "vmx/vmx.h"

struct dentry *hs_debug_dir;

static int frames_get(void *data, u64 *value)
{
	*value = hs_gmem_frames();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(frames_fops, frames_get, NULL, "%llu\n");

static int exits_show(struct seq_file *m, void *unused)
{
	hs_vmx_show_exits(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(exits);

/* Debugfs may be absent; nothing depends on it, so nothing fails for it. */
static void debug_init(void)
{
	hs_debug_dir = debugfs_create_dir("hyperspace", NULL);
	debugfs_create_file("frames", 0400, hs_debug_dir, NULL, &frames_fops);
	debugfs_create_file("exits", 0400, hs_debug_dir, NULL, &exits_fops);
}

static void debug_exit(void)
{
	debugfs_remove(hs_debug_dir);
}

static int __init hs_init(void)
{
	int err;

	debug_init();
	err = hs_gmem_module_init();
	if (err)
		goto exit_debug;
	err = hs_vmx_module_init();
	if (err)
		goto exit_gmem;
	err = hs_board_module_init();
	if (err)
		goto exit_vmx;
	err = hs_vm_module_init();
	if (err)
		goto exit_board;
	hs_vmx_set_stop_all(hs_vm_halt_all);
	err = hs_netlink_module_init();
	if (err)
		goto exit_vm;
	return 0;

exit_vm:
	hs_vmx_set_stop_all(NULL);
	hs_vm_module_exit();
exit_board:
	hs_board_module_exit();
exit_vmx:
	hs_vmx_module_exit();
exit_gmem:
	hs_gmem_module_exit();
exit_debug:
	debug_exit();
	return err;
}

static void __exit hs_exit(void)
{
	hs_netlink_module_exit();
	hs_vmx_set_stop_all(NULL);
	hs_vm_module_exit();
	hs_board_module_exit();
	hs_vmx_module_exit();
	hs_gmem_module_exit();
	debug_exit();
}

module_init(hs_init);
module_exit(hs_exit);

MODULE_DESCRIPTION("Hyperspace hypervisor");
MODULE_VERSION(HS_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(HS_GENL_NAME);
