// SPDX-License-Identifier: GPL-2.0
/* Virtio over PCI for guest programs, see virtio.h. */
#include "virtio.h"

#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc
#define VENDOR_VIRTIO	0x1af4
#define DEVICE_MODERN	0x1040
#define SLOTS		32
#define IOAPIC		0xfec00000UL
#define PIN_INTA	16		/* of slot n: n % 4 further */
#define MSG_ADDR	0xfee00000U
#define PM_TIMER	0x608
#define PM_HZ		3579545ULL
#define WATCHDOG	0x5f		/* vector */
#define WATCHDOG_TICKS	0x4000000	/* seconds, by any timer that there is */

/* --- PCI ---------------------------------------------------------------------- */

u32 pci_read(unsigned int slot, unsigned int reg, unsigned int size)
{
	u16 port = CONFIG_DATA + (reg & 3);

	out32(CONFIG_ADDRESS, 1U << 31 | slot << 11 | (reg & 0xfc));
	return size == 1 ? in8(port) : size == 2 ? in16(port) : in32(port);
}

void pci_write(unsigned int slot, unsigned int reg, unsigned int size, u32 val)
{
	u16 port = CONFIG_DATA + (reg & 3);

	out32(CONFIG_ADDRESS, 1U << 31 | slot << 11 | (reg & 0xfc));
	if (size == 1)
		out8(port, val);
	else if (size == 2)
		out16(port, val);
	else
		out32(port, val);
}

static u32 bar(unsigned int slot, unsigned int n)
{
	u32 v = pci_read(slot, PCI_BASE_ADDRESS_0 + 4 * n, 4);

	return v & PCI_BASE_ADDRESS_SPACE_IO ? v & ~3U : v & ~15U;
}

static void take_cap(struct vdev *d, unsigned int at)
{
	unsigned int type = pci_read(d->slot, at + VIRTIO_PCI_CAP_CFG_TYPE, 1);
	unsigned int n = pci_read(d->slot, at + VIRTIO_PCI_CAP_BAR, 1);
	u32 off = pci_read(d->slot, at + VIRTIO_PCI_CAP_OFFSET, 4);
	u32 len = pci_read(d->slot, at + VIRTIO_PCI_CAP_LENGTH, 4);
	volatile u8 *p = n < 6 ? (volatile u8 *)(u64)(bar(d->slot, n) + off) : NULL;

	switch (type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		d->common = p;
		break;
	case VIRTIO_PCI_CAP_ISR_CFG:
		d->isr = p;
		break;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		d->config = p;
		d->config_len = len;
		break;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		/* Other machines have one in memory as well. */
		if (!(pci_read(d->slot, PCI_BASE_ADDRESS_0 + 4 * n, 4) & PCI_BASE_ADDRESS_SPACE_IO))
			break;
		d->notify = bar(d->slot, n) + off;
		d->notify_mult = pci_read(d->slot, at + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
		break;
	case VIRTIO_PCI_CAP_PCI_CFG:
		d->window = at;
		break;
	}
}

static void find_caps(struct vdev *d)
{
	unsigned int at = pci_read(d->slot, PCI_CAPABILITY_LIST, 1) & 0xfc, n, bir;
	u32 table;

	/* As many as fit: a list that is a loop must not hold the program up. */
	for (n = 0; at && n < 48; n++) {
		switch (pci_read(d->slot, at, 1)) {
		case PCI_CAP_ID_VNDR:
			take_cap(d, at);
			break;
		case PCI_CAP_ID_MSIX:
			d->msix_cap = at;
			table = pci_read(d->slot, at + PCI_MSIX_TABLE, 4);
			bir = table & PCI_MSIX_TABLE_BIR;
			d->msix = (volatile u32 *)(u64)(bar(d->slot, bir) +
							(table & PCI_MSIX_TABLE_OFFSET));
			d->vectors = 1 + (pci_read(d->slot, at + PCI_MSIX_FLAGS, 2) &
					  PCI_MSIX_FLAGS_QSIZE);
			break;
		}
		at = pci_read(d->slot, at + PCI_CAP_LIST_NEXT, 1) & 0xfc;
	}
}

bool virtio_find(struct vdev *d, u16 id, unsigned int nth)
{
	unsigned int slot, dev;

	for (slot = 0; slot < SLOTS; slot++) {
		if (pci_read(slot, PCI_VENDOR_ID, 2) != VENDOR_VIRTIO)
			continue;
		dev = pci_read(slot, PCI_DEVICE_ID, 2);
		if (dev < DEVICE_MODERN || (id && dev != (unsigned int)DEVICE_MODERN + id))
			continue;
		if (nth--)
			continue;
		memset(d, 0, sizeof(*d));
		d->slot = slot;
		d->id = dev - DEVICE_MODERN;
		find_caps(d);
		pci_write(slot, PCI_COMMAND, 2,
			  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		return d->common && d->isr && d->notify;
	}
	return false;
}

void ioapic_route(unsigned int pin, u32 low)
{
	volatile u32 *select = (u32 *)IOAPIC, *window = (u32 *)(IOAPIC + 16);

	*select = 0x10 + pin * 2 + 1;
	*window = apic_id() << 24;
	*select = 0x10 + pin * 2;
	*window = low;
}

void virtio_intx(struct vdev *d, u8 vector)
{
	ioapic_route(PIN_INTA + d->slot % 4, IOAPIC_LEVEL_LOW | vector);
}

void virtio_msix(struct vdev *d, bool on)
{
	pci_write(d->slot, d->msix_cap + PCI_MSIX_FLAGS, 2, on ? PCI_MSIX_FLAGS_ENABLE : 0);
}

void virtio_msix_entry(struct vdev *d, unsigned int n, u8 vector, bool masked)
{
	volatile u32 *e = d->msix + 4 * n;

	put32(e + 0, MSG_ADDR | apic_id() << 12);
	put32(e + 1, 0);
	put32(e + 2, vector);
	put32(e + 3, masked);
}

bool virtio_msix_pending(struct vdev *d, unsigned int n)
{
	u32 pba = pci_read(d->slot, d->msix_cap + PCI_MSIX_PBA, 4);
	volatile u32 *p = (volatile u32 *)(u64)(bar(d->slot, pba & PCI_MSIX_PBA_BIR) +
						(pba & PCI_MSIX_PBA_OFFSET));

	return get32(p + n / 32) >> n % 32 & 1;
}

/* --- status and features ---------------------------------------------------------- */

/* The timer may have 24 bits only; it is read often enough. */
bool minute_over(struct minute *m)
{
	u32 now = in32(PM_TIMER);

	if (m->begun)
		m->ticks += (now - m->last) & 0xffffff;
	m->begun = true;
	m->last = now;
	return m->ticks > PM_HZ * 60;
}

u8 virtio_status(const struct vdev *d)
{
	return get8(COMMON(d, STATUS));
}

void virtio_set_status(const struct vdev *d, u8 bits)
{
	put8(COMMON(d, STATUS), virtio_status(d) | bits);
}

u64 virtio_offered(const struct vdev *d)
{
	u64 f;

	put32(COMMON(d, DFSELECT), 1);
	f = (u64)get32(COMMON(d, DF)) << 32;
	put32(COMMON(d, DFSELECT), 0);
	return f | get32(COMMON(d, DF));
}

void virtio_write_features(const struct vdev *d, u64 f)
{
	put32(COMMON(d, GFSELECT), 0);
	put32(COMMON(d, GF), f);
	put32(COMMON(d, GFSELECT), 1);
	put32(COMMON(d, GF), f >> 32);
}

void virtio_reset(struct vdev *d)
{
	struct minute m = { 0 };

	put8(COMMON(d, STATUS), 0);
	while (virtio_status(d)) {
		if (minute_over(&m)) {
			fail("reset", "status is 0x%x a minute later", virtio_status(d));
			exit_vm(252);
		}
		pause();
	}
}

bool virtio_begin(struct vdev *d, u64 features)
{
	virtio_reset(d);
	virtio_set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_set_status(d, VIRTIO_CONFIG_S_DRIVER);
	d->features = features | F_VERSION_1;
	virtio_write_features(d, d->features);
	virtio_set_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
	return virtio_status(d) & VIRTIO_CONFIG_S_FEATURES_OK;
}

void virtio_go(const struct vdev *d)
{
	virtio_set_status(d, VIRTIO_CONFIG_S_DRIVER_OK);
}

bool virtio_wait_status(const struct vdev *d, u8 bit)
{
	struct minute m = { 0 };

	while (!(virtio_status(d) & bit)) {
		if (minute_over(&m))
			return false;
		pause();
	}
	return true;
}

/* --- queues ---------------------------------------------------------------------------- */

void queue_init(struct vqueue *q, struct vdev *d, u16 index, u16 size)
{
	u16 i, max;

	q->d = d;
	q->index = index;
	put16(COMMON(d, Q_SELECT), index);
	max = get16(COMMON(d, Q_SIZE));
	if (max > QUEUE_MAX)
		max = QUEUE_MAX;
	q->size = size && size < max ? size : max;
	if (!q->desc) {
		q->desc = alloc_pages(1);
		q->avail = alloc_pages(1);
		q->used = alloc_pages(1);
		q->tables = alloc_pages(QUEUE_MAX * TABLE_MAX * sizeof(*q->tables) / 4096);
	}
	memset((void *)q->desc, 0, 4096);
	memset((void *)q->avail, 0, 4096);
	memset((void *)q->used, 0, 4096);
	for (i = 0; i < q->size; i++)
		q->desc[i].next = i + 1;
	q->nr_free = q->size;
	q->free = 0;
	q->last_used = 0;
	q->last_kick = 0;
}

static void put_addr(volatile u8 *lo, const volatile void *p)
{
	put32(lo, (u64)p);
	put32(lo + 4, (u64)p >> 32);
}

void queue_enable(struct vqueue *q, u16 vector)
{
	struct vdev *d = q->d;

	put16(COMMON(d, Q_SELECT), q->index);
	put16(COMMON(d, Q_SIZE), q->size);
	put_addr(COMMON(d, Q_DESCLO), q->desc);
	put_addr(COMMON(d, Q_AVAILLO), q->avail);
	put_addr(COMMON(d, Q_USEDLO), q->used);
	put16(COMMON(d, Q_MSIX), vector);
	put16(COMMON(d, Q_ENABLE), 1);
}

static void fill(volatile struct vring_desc *e, const struct vseg *s, u16 flags)
{
	e->addr = s->addr;
	e->len = s->len;
	e->flags = flags;
}

int queue_add(struct vqueue *q, const struct vseg *s, unsigned int out, unsigned int in,
	      bool indirect)
{
	unsigned int n = out + in, need = indirect ? 1 : n, i;
	volatile struct vring_desc *t;
	u16 head = q->free, at = head;

	if (!n || q->nr_free < need || (indirect && n > TABLE_MAX))
		return -1;
	t = indirect ? q->tables + head * TABLE_MAX : q->desc;
	for (i = 0; i < n; i++) {
		u16 flags = (i >= out ? VRING_DESC_F_WRITE : 0) |
			    (i + 1 < n ? VRING_DESC_F_NEXT : 0);

		if (indirect) {
			fill(&t[i], &s[i], flags);
			t[i].next = i + 1;
		} else {
			fill(&t[at], &s[i], flags);
			at = t[at].next;
		}
	}
	if (indirect) {
		at = q->desc[head].next;
		q->desc[head].addr = (u64)t;
		q->desc[head].len = n * sizeof(*t);
		q->desc[head].flags = VRING_DESC_F_INDIRECT;
	}
	q->free = at;
	q->nr_free -= need;
	q->taken[head] = need;
	queue_offer(q, head);
	return head;
}

void queue_offer(struct vqueue *q, u16 head)
{
	q->avail->ring[q->avail->idx % q->size] = head;
	mb();
	q->avail->idx++;
}

void queue_notify(const struct vqueue *q)
{
	struct vdev *d = q->d;
	u16 off = 0;

	if (d->notify_mult) {
		put16(COMMON(d, Q_SELECT), q->index);
		off = get16(COMMON(d, Q_NOFF));
	}
	mb();
	out16(d->notify + off * d->notify_mult, q->index);
}

void queue_kick(struct vqueue *q)
{
	u16 old = q->last_kick, idx = q->avail->idx;
	bool want;

	mb();
	q->last_kick = idx;
	if (q->d->features & F_EVENT_IDX)
		want = vring_need_event(*avail_event(q), idx, old);
	else
		want = !(q->used->flags & VRING_USED_F_NO_NOTIFY);
	if (want)
		queue_notify(q);
}

int queue_get(struct vqueue *q, u32 *len)
{
	u16 head, last, n;

	if (q->used->idx == q->last_used)
		return -1;
	mb();
	head = q->used->ring[q->last_used % q->size].id;
	*len = q->used->ring[q->last_used % q->size].len;
	q->last_used++;
	if (head >= q->size || !q->taken[head]) {
		fail("used-ring", "buffer %u came back, which was not out", head);
		exit_vm(251);
	}
	for (last = head, n = q->taken[head]; --n; )
		last = q->desc[last].next;
	q->desc[last].next = q->free;
	q->free = head;
	q->nr_free += q->taken[head];
	q->taken[head] = 0;
	return head;
}

int queue_poll(struct vqueue *q, u32 *len)
{
	struct minute m = { 0 };
	u32 i;
	int head;

	do {
		for (i = 0; i < 1000; i++) {
			head = queue_get(q, len);
			if (head >= 0)
				return head;
			pause();
		}
	} while (!minute_over(&m));
	return -1;
}

/* --- waiting ------------------------------------------------------------------------ */

static void on_watchdog(struct regs *r)
{
	apic_write(APIC_REG_EOI, 0);
}

bool wait_change(const volatile u32 *what, u32 old)
{
	struct minute m = { 0 };
	bool changed;

	/* Without a timer, HLT would wait for ever for an interrupt that was lost. */
	set_trap(WATCHDOG, on_watchdog);
	apic_write(APIC_REG_DIVIDE, 0xa);	/* by 128 */
	apic_write(APIC_REG_TIMER, WATCHDOG);
	for (;;) {
		changed = *what != old;
		if (changed || minute_over(&m))
			break;
		apic_write(APIC_REG_COUNT, WATCHDOG_TICKS);
		asm volatile("sti; hlt; cli" : : : "memory");
	}
	apic_write(APIC_REG_COUNT, 0);
	return changed;
}
