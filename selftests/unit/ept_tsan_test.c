// SPDX-License-Identifier: GPL-2.0
/* The same under ThreadSanitizer, which is slower and sees what ASan does not. */
#define EPT_OPS_SHARE	4
#include "ept_race.h"
