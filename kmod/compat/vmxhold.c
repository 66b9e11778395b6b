// SPDX-License-Identifier: GPL-2.0
/*
 * Holding VMX while VMs run, and leaving no CPU in VMX operation when the
 * kernel goes away under us.
 *
 * KVM and we take turns.  Each side sets CR4.VMXE while it has VMX and refuses
 * to start where it finds the bit set by the other, so there is nothing else to
 * agree upon.  VMX blocks INIT, and the code that starts the next kernel writes
 * CR4 without VMXE (#GP in VMX operation), hence the number of exits below:
 *
 *	CPU offline		hotplug callback
 *	suspend			hotplug callbacks, then syscore for the last CPU
 *	reboot, kexec		reboot notifier: VMs stopped, then VMXOFF
 *	crash, sysrq-b, kdump	emergency callback, in NMI context
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/reboot.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include "compat/syscore.h"
#include "compat/vmxhold.h"

#define KVM_MODULE	"kvm_intel"

static const struct hs_hold_ops *hold_ops;
static void (*stop_all)(void);

/* Protects users, state, going_down and the emergency slot. */
static DEFINE_MUTEX(hold_mutex);
static unsigned int users;
static int hp_state = -1;	/* dynamic hotplug state, -1 = VMX is not held */
static bool wanted;		/* VMX is held, or is being taken */
static bool going_down;
static bool slot_ours;		/* our emergency callback is registered */
static bool kvm_coming;		/* kvm_intel is between COMING and GOING */

/* The last reason why a CPU could not be taken; stable text. */
static const char *cpu_why;

#define WHY_BUSY	"VMX is in use by another hypervisor, most likely kvm_intel: stop its VMs, or unload kvm_intel, or load kvm with enable_virt_at_load=0"
#define WHY_VMXON	"VMXON failed: VT-x may be switched off in the firmware on one of the CPUs"
#define WHY_DOWN	"the host is shutting down"
#define WHY_NOMEM	"out of memory"

/* ---- one CPU ---------------------------------------------------------- */

static int cpu_on(void)
{
	const char *why = NULL;
	int err;

	lockdep_assert_irqs_disabled();
	err = hold_ops->check_cpu(&why);
	if (!err) {
		err = hold_ops->on();
		why = err == -EBUSY ? WHY_BUSY : WHY_VMXON;
	}
	if (err)
		WRITE_ONCE(cpu_why, why);
	return err;
}

static int online(unsigned int cpu)
{
	int err = hold_ops->prepare(cpu);

	if (err) {
		WRITE_ONCE(cpu_why, WHY_NOMEM);
		return err;
	}
	/*
	 * With interrupts off: whoever sees it false here has VMX on before the
	 * IPI of reboot_event() comes, whoever comes after that sees it true.
	 */
	local_irq_disable();
	if (!READ_ONCE(going_down))
		err = cpu_on();
	local_irq_enable();
	return err;
}

static int offline(unsigned int cpu)
{
	local_irq_disable();
	hold_ops->off();
	local_irq_enable();
	return 0;
}

static void off_ipi(void *unused)
{
	hold_ops->off();
}

/* ---- suspend: the last CPU, interrupts off ------------------------------ */

static int hold_suspend(HS_SYSCORE_ARG)
{
	hold_ops->off();
	return 0;
}

static void hold_resume(HS_SYSCORE_ARG)
{
	/* Nobody hears of a failure otherwise: vCPUs do not enter on this CPU. */
	if (hp_state >= 0 && !going_down && cpu_on())
		pr_err("hyperspace: CPU %d: %s\n", smp_processor_id(), cpu_why);
}

HS_SYSCORE(hold_syscore, hold_suspend, hold_resume);

/* ---- crash -------------------------------------------------------------- */

/**
 * hs_hold_kvm_present - is kvm_intel there
 *
 * Modules show up in /sys/module, built-in ones with parameters too; ours knows
 * the kset.  Process context.
 *
 * Return: true if kvm_intel is loaded, being loaded, or built in.
 */
bool hs_hold_kvm_present(void)
{
	struct kset *modules = THIS_MODULE->mkobj.kobj.kset;
	struct kobject *kobj = modules ? kset_find_obj(modules, KVM_MODULE) : NULL;

	if (kobj)
		kobject_put(kobj);
	return kobj || READ_ONCE(kvm_coming);
}

/*
 * The kernel has one slot for an emergency callback, and registering a taken
 * slot warns.  KVM takes it when it is loaded (6.1) or switches virtualization
 * on (6.12), so we are in it only while VMX is held and KVM is not there.
 *
 * Beside a loaded KVM the kernel's callback is KVM's on 6.1, which leaves VMX
 * operation whoever entered it.  On 6.12 KVM, loaded but idle, has not registered
 * it yet, and would warn if it found ours when its first VM starts (and is then
 * refused): nobody is in the slot, and a crash leaves the CPUs in VMX operation.
 * The README and vctl check say so.
 */
static void slot_update(void)
{
	bool want = wanted && !hs_hold_kvm_present();

	lockdep_assert_held(&hold_mutex);
	if (want == slot_ours)
		return;
	if (want)
		cpu_emergency_register_virt_callback(hold_ops->emergency);
	else
		cpu_emergency_unregister_virt_callback(hold_ops->emergency);
	slot_ours = want;
}

static int module_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, KVM_MODULE) ||
	    (action != MODULE_STATE_COMING && action != MODULE_STATE_GOING))
		return NOTIFY_DONE;

	mutex_lock(&hold_mutex);
	WRITE_ONCE(kvm_coming, action == MODULE_STATE_COMING);
	/*
	 * GOING is announced after the module's exit function ran, with its
	 * sysfs entry still there: look at the flag alone then.
	 */
	if (action == MODULE_STATE_COMING) {
		slot_update();
	} else if (wanted && !slot_ours) {
		cpu_emergency_register_virt_callback(hold_ops->emergency);
		slot_ours = true;
	}
	mutex_unlock(&hold_mutex);
	return NOTIFY_OK;
}

static struct notifier_block module_nb = { .notifier_call = module_event };

/* ---- reboot and kexec ----------------------------------------------------- */

static int reboot_event(struct notifier_block *nb, unsigned long action, void *data)
{
	void (*stop)(void) = READ_ONCE(stop_all);

	WRITE_ONCE(going_down, true);
	/* vCPUs leave guest mode and stay out before VMXOFF. */
	if (stop)
		stop();
	cpus_read_lock();
	on_each_cpu(off_ipi, NULL, 1);
	cpus_read_unlock();
	return NOTIFY_OK;
}

static struct notifier_block reboot_nb = {
	.notifier_call = reboot_event,
	/* Early: what stops the VMs may need other subsystems. */
	.priority = 1,
};

/* ---- taking and giving back ----------------------------------------------- */

/**
 * hs_hold_get - take VMX on all CPUs, or join those who have it
 * @why: on error a sentence that says who has it, and the remedy
 *
 * Process context, may sleep.  The caller pairs it with hs_hold_put().
 *
 * Return: 0; -EBUSY: somebody else has VMX on some CPU, or the host goes down;
 * -EOPNOTSUPP: a CPU lacks what the first one has; -EIO: VMXON failed; -ENOMEM.
 */
int hs_hold_get(const char **why)
{
	int err = 0;

	mutex_lock(&hold_mutex);
	if (READ_ONCE(going_down)) {
		*why = WHY_DOWN;
		err = -EBUSY;
	} else if (!users) {
		WRITE_ONCE(cpu_why, NULL);
		/* Before the first CPU enters VMX operation: a crash may come then. */
		wanted = true;
		slot_update();
		/* Runs online() on every CPU, undone by it when one fails. */
		err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyperspace/vmx:online",
					online, offline);
		if (err >= 0) {
			hp_state = err;
			err = 0;
		} else {
			wanted = false;
			slot_update();
			*why = READ_ONCE(cpu_why) ?: WHY_NOMEM;
		}
	}
	if (!err)
		users++;
	mutex_unlock(&hold_mutex);
	return err;
}

/**
 * hs_hold_put - give VMX back when the last user is gone
 *
 * Process context, may sleep.
 */
void hs_hold_put(void)
{
	mutex_lock(&hold_mutex);
	if (!WARN_ON_ONCE(!users) && !--users) {
		cpuhp_remove_state(hp_state);
		hp_state = -1;
		wanted = false;
		slot_update();
	}
	mutex_unlock(&hold_mutex);
}

/**
 * hs_hold_set_stop_all - who stops the VMs before a reboot
 * @fn: called in process context, may sleep; returns when no vCPU is in guest
 *	mode any more.  NULL: nobody.
 */
void hs_hold_set_stop_all(void (*fn)(void))
{
	WRITE_ONCE(stop_all, fn);
}

static void foreign_ipi(void *arg)
{
	if (!hold_ops->held() && (__read_cr4() & X86_CR4_VMXE))
		atomic_cmpxchg((atomic_t *)arg, -1, smp_processor_id());
}

/**
 * hs_hold_foreign_cpu - look for somebody else's VMX
 *
 * Process context, may sleep.
 *
 * Return: a CPU whose CR4.VMXE is set though not by us, or -1.
 */
int hs_hold_foreign_cpu(void)
{
	atomic_t found = ATOMIC_INIT(-1);

	cpus_read_lock();
	on_each_cpu(foreign_ipi, &found, 1);
	cpus_read_unlock();
	return atomic_read(&found);
}

/**
 * hs_hold_init - prepare for hs_hold_get()
 * @ops: stay valid until hs_hold_exit()
 *
 * Return: 0 or what registering a notifier said.  Process context.
 */
int hs_hold_init(const struct hs_hold_ops *ops)
{
	int err;

	hold_ops = ops;
	err = register_module_notifier(&module_nb);
	if (err)
		return err;
	err = register_reboot_notifier(&reboot_nb);
	if (err) {
		unregister_module_notifier(&module_nb);
		return err;
	}
	hs_syscore_register(&hold_syscore);
	return 0;
}

/**
 * hs_hold_exit - undo hs_hold_init()
 *
 * VMX is not held any more.  Process context.
 */
void hs_hold_exit(void)
{
	WARN_ON_ONCE(users);
	hs_syscore_unregister(&hold_syscore);
	unregister_reboot_notifier(&reboot_nb);
	unregister_module_notifier(&module_nb);
}
