/* SPDX-License-Identifier: GPL-2.0 */
/* The PIC pair of a board. */
#ifndef HS_DEV_PIC_H
#define HS_DEV_PIC_H

#include <linux/types.h>

struct hs_board;

int hs_pic_init(struct hs_board *b);
void hs_pic_reset(struct hs_board *b);
void hs_pic_exit(struct hs_board *b);
bool hs_pic_wants_edge(struct hs_board *b, unsigned int line);
void hs_pic_set(struct hs_board *b, unsigned int line, bool level);

#endif /* HS_DEV_PIC_H */
