/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callbacks of the last CPU at suspend and the first at resume.  Their
 * prototypes and the way to register them have changed, also in stable
 * kernels; HS_SYSCORE() declares them for either.
 *
 *	static int my_suspend(HS_SYSCORE_ARG) { ... }
 *	static void my_resume(HS_SYSCORE_ARG) { ... }
 *	HS_SYSCORE(my_syscore, my_suspend, my_resume);
 */
#ifndef HS_COMPAT_SYSCORE_H
#define HS_COMPAT_SYSCORE_H

#include <linux/syscore_ops.h>

#ifdef HS_HAVE_SYSCORE_DATA

#define HS_SYSCORE_ARG	void *data
#define HS_SYSCORE(name, suspend_fn, resume_fn)				\
static const struct syscore_ops name##_ops = {				\
	.suspend = suspend_fn,						\
	.resume = resume_fn,						\
};									\
static struct syscore name = { .ops = &name##_ops }
#define hs_syscore_register(s)		register_syscore(s)
#define hs_syscore_unregister(s)	unregister_syscore(s)

#else

#define HS_SYSCORE_ARG	void
#define HS_SYSCORE(name, suspend_fn, resume_fn)				\
static struct syscore_ops name = {					\
	.suspend = suspend_fn,						\
	.resume = resume_fn,						\
}
#define hs_syscore_register(s)		register_syscore_ops(s)
#define hs_syscore_unregister(s)	unregister_syscore_ops(s)

#endif

#endif /* HS_COMPAT_SYSCORE_H */
