// SPDX-License-Identifier: GPL-2.0
/* kiocb_start_write() and its end are at hand (since 6.6, and backported). */
#include <linux/fs.h>

void probe(struct kiocb *iocb);
void probe(struct kiocb *iocb)
{
	kiocb_start_write(iocb);
	kiocb_end_write(iocb);
}
