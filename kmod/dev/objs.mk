# SPDX-License-Identifier: GPL-2.0
# Interrupt controllers, bus and board
hyperspace-y += kmod/dev/board.o
hyperspace-y += kmod/dev/bus.o
hyperspace-y += kmod/dev/irq.o
hyperspace-y += kmod/dev/ioapic.o
hyperspace-y += kmod/dev/ioapic_core.o
hyperspace-y += kmod/dev/lapic.o
hyperspace-y += kmod/dev/lapic_core.o
hyperspace-y += kmod/dev/lapic_hrtimer.o
hyperspace-y += kmod/dev/lapic_lint.o
hyperspace-y += kmod/dev/lapic_regs.o
hyperspace-y += kmod/dev/lapic_timer.o
hyperspace-y += kmod/dev/pic.o
hyperspace-y += kmod/dev/pic_core.o

# Other devices
hyperspace-y += kmod/dev/console.o
hyperspace-y += kmod/dev/console_ring.o
hyperspace-y += kmod/dev/pci.o
hyperspace-y += kmod/dev/pci_core.o
hyperspace-y += kmod/dev/pci_map.o
hyperspace-y += kmod/dev/console_sysfs.o
hyperspace-y += kmod/dev/console_tty.o
hyperspace-y += kmod/dev/pit.o
hyperspace-y += kmod/dev/pit_core.o
hyperspace-y += kmod/dev/pm.o
hyperspace-y += kmod/dev/pm_core.o
hyperspace-y += kmod/dev/ports.o
hyperspace-y += kmod/dev/pvpanic.o
hyperspace-y += kmod/dev/rtc.o
hyperspace-y += kmod/dev/rtc_core.o
hyperspace-y += kmod/dev/testdev.o
hyperspace-y += kmod/dev/uart.o
hyperspace-y += kmod/dev/uart_core.o

# PCI and virtio
hyperspace-y += kmod/dev/tap.o
hyperspace-y += kmod/dev/virtio.o
hyperspace-y += kmod/dev/virtio_blk_core.o
hyperspace-y += kmod/dev/virtio_core.o
hyperspace-y += kmod/dev/virtio_dev.o
hyperspace-y += kmod/dev/virtio_net.o
hyperspace-y += kmod/dev/virtio_net_core.o
hyperspace-y += kmod/dev/virtio_pci.o
hyperspace-y += kmod/dev/virtio_queue.o
hyperspace-y += kmod/dev/vring.o
