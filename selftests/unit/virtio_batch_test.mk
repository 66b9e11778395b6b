# SPDX-License-Identifier: GPL-2.0
virtio_batch_test_SRCS :=
