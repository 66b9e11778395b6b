// SPDX-License-Identifier: GPL-2.0
/* Under ASan and UBSan; ept_tsan_test.c is the same under ThreadSanitizer. */
#include "ept_race.h"
