# SPDX-License-Identifier: GPL-2.0
ept_tsan_test_SRCS = $(ept_race_test_SRCS)
ept_tsan_test_CFLAGS = $(EPT_CFLAGS) -fno-sanitize=all -fsanitize=thread
