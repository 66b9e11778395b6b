// SPDX-License-Identifier: GPL-2.0
/* Attributes of a message and what they mean: every way to be wrong. */
#include "vm_params.h"
#include "boot/layout.h"
#include "kselftest_harness.h"

/* A message that makes a VM; each test breaks one thing in it. */
struct message {
	struct hs_attr_view tb[HS_A_MAX + 1];
	struct hs_vm_params p;
	struct hs_vm_key key;
	struct hs_attr_error e;
	u64 mem;
	s32 kernel, initrd;
	u32 cpus, flags, panic, page, id;
};

static void set(struct message *m, u16 attr, const void *data, size_t len)
{
	m->tb[attr].data = data;
	m->tb[attr].len = len;
}

static void set_string(struct message *m, u16 attr, const char *s)
{
	set(m, attr, s, strlen(s) + 1);
}

FIXTURE(vm_new) {
	struct message m;
};

FIXTURE_SETUP(vm_new)
{
	struct message *m = &self->m;

	memset(m, 0, sizeof(*m));
	m->kernel = 5;
	m->initrd = 6;
	m->mem = 128 << 20;
	m->cpus = 2;
	m->panic = HS_ON_PANIC_RESET;
	m->flags = HS_VM_F_TESTDEV;
	set_string(m, HS_A_VM_NAME, "one");
	set(m, HS_A_VM_KERNEL_FD, &m->kernel, 4);
	set(m, HS_A_VM_MEM_BYTES, &m->mem, 8);
}

FIXTURE_TEARDOWN(vm_new)
{
}

#define PARSE()	hs_vm_params_get(self->m.tb, &self->m.p, &self->m.e)

/* @err, about @attribute, with a sentence. */
#define EXPECT_BAD(want, attribute) do {			\
	memset(&self->m.e, 0, sizeof(self->m.e));		\
	EXPECT_EQ(want, PARSE());				\
	EXPECT_EQ(attribute, self->m.e.attr);			\
	ASSERT_NE(NULL, self->m.e.why);				\
	EXPECT_NE(0, self->m.e.why[0]);				\
} while (0)

TEST_F(vm_new, least)
{
	ASSERT_EQ(0, PARSE());
	EXPECT_STREQ("one", self->m.p.name);
	EXPECT_STREQ("", self->m.p.cmdline);
	EXPECT_EQ(128 << 20, self->m.p.mem_bytes);
	EXPECT_EQ(1, self->m.p.cpus);
	EXPECT_EQ(0, self->m.p.flags);
	EXPECT_EQ(HS_ON_PANIC_FAIL, self->m.p.on_panic);
	EXPECT_EQ(HS_PAGE_4K, self->m.p.page_bytes);
	EXPECT_EQ(5, self->m.p.kernel_fd);
	EXPECT_EQ(-1, self->m.p.initrd_fd);
}

TEST_F(vm_new, all)
{
	struct message *m = &self->m;

	set(m, HS_A_VM_INITRD_FD, &m->initrd, 4);
	set_string(m, HS_A_VM_CMDLINE, "console=ttyS0 quiet");
	set(m, HS_A_VM_CPUS, &m->cpus, 4);
	set(m, HS_A_VM_FLAGS, &m->flags, 4);
	set(m, HS_A_VM_ON_PANIC, &m->panic, 4);
	m->page = HS_PAGE_2M;
	set(m, HS_A_VM_PAGE_BYTES, &m->page, 4);
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(HS_PAGE_2M, m->p.page_bytes);
	EXPECT_EQ(6, m->p.initrd_fd);
	EXPECT_STREQ("console=ttyS0 quiet", m->p.cmdline);
	EXPECT_EQ(2, m->p.cpus);
	EXPECT_EQ(HS_VM_F_TESTDEV, m->p.flags);
	EXPECT_EQ(HS_ON_PANIC_RESET, m->p.on_panic);
}

TEST_F(vm_new, what_is_missing)
{
	static const u16 needed[] = {
		HS_A_VM_NAME, HS_A_VM_KERNEL_FD, HS_A_VM_MEM_BYTES,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		struct hs_attr_view kept = self->m.tb[needed[i]];

		self->m.tb[needed[i]].data = NULL;
		EXPECT_BAD(-EINVAL, needed[i]);
		EXPECT_TRUE(self->m.e.missing);
		self->m.tb[needed[i]] = kept;
	}
	EXPECT_EQ(0, PARSE());
}

/* Every attribute one byte short, one byte long, and empty. */
TEST_F(vm_new, wrong_lengths)
{
	struct message *m = &self->m;
	static const u16 numbers[] = {
		HS_A_VM_KERNEL_FD, HS_A_VM_INITRD_FD, HS_A_VM_MEM_BYTES,
		HS_A_VM_CPUS, HS_A_VM_FLAGS, HS_A_VM_ON_PANIC, HS_A_VM_PAGE_BYTES,
	};
	static const u8 bytes[16] = { 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		unsigned int right = numbers[i] == HS_A_VM_MEM_BYTES ? 8 : 4;
		struct hs_attr_view kept = m->tb[numbers[i]];

		set(m, numbers[i], bytes, right - 1);
		EXPECT_BAD(-EINVAL, numbers[i]);
		EXPECT_FALSE(m->e.missing);
		set(m, numbers[i], bytes, right + 1);
		EXPECT_BAD(-EINVAL, numbers[i]);
		set(m, numbers[i], bytes, 0);
		EXPECT_BAD(-EINVAL, numbers[i]);
		m->tb[numbers[i]] = kept;
	}
}

TEST_F(vm_new, strings)
{
	struct message *m = &self->m;
	char line[HS_CMDLINE_MAX + 2];

	set(m, HS_A_VM_NAME, "one", 3);		/* without NUL */
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME);
	set(m, HS_A_VM_NAME, "one\0two", 8);	/* more after the NUL */
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME);
	set(m, HS_A_VM_NAME, "", 0);
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME);
	set(m, HS_A_VM_NAME, "", 1);
	EXPECT_BAD(-EINVAL, HS_A_VM_NAME);
	set_string(m, HS_A_VM_NAME, "one");

	memset(line, 'x', sizeof(line));
	line[HS_CMDLINE_MAX + 1] = 0;
	set_string(m, HS_A_VM_CMDLINE, line);
	EXPECT_BAD(-EINVAL, HS_A_VM_CMDLINE);
	line[HS_CMDLINE_MAX] = 0;
	set_string(m, HS_A_VM_CMDLINE, line);
	EXPECT_EQ(0, PARSE());
	EXPECT_EQ(HS_CMDLINE_MAX, strlen(m->p.cmdline));
	set(m, HS_A_VM_CMDLINE, line, HS_CMDLINE_MAX);	/* without NUL */
	EXPECT_BAD(-EINVAL, HS_A_VM_CMDLINE);
}

TEST_F(vm_new, memory)
{
	struct message *m = &self->m;
	static const struct {
		u64 bytes;
		int err;
	} cases[] = {
		{ 0, -ERANGE },
		{ 4096, -ERANGE },
		{ HS_MEM_MIN - 4096, -ERANGE },
		{ HS_MEM_MIN, 0 },
		{ HS_MEM_MIN + 1, -EINVAL },
		{ HS_MEM_MIN + 2048, -EINVAL },
		{ HS_MEM_MIN + 4096, 0 },
		{ HS_GPA_HOLE_START + 4096, 0 },
		{ HS_RAM_MAX, 0 },
		{ HS_RAM_MAX + 4096, -ERANGE },
		{ ~0ULL, -EINVAL },
		{ ~0ULL << 12, -ERANGE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m->mem = cases[i].bytes;
		if (cases[i].err) {
			EXPECT_BAD(cases[i].err, HS_A_VM_MEM_BYTES);
			continue;
		}
		EXPECT_EQ(0, PARSE());
		EXPECT_EQ(cases[i].bytes, m->p.mem_bytes);
	}
}

TEST_F(vm_new, numbers_out_of_range)
{
	struct message *m = &self->m;

	set(m, HS_A_VM_CPUS, &m->cpus, 4);
	m->cpus = 0;
	EXPECT_BAD(-ERANGE, HS_A_VM_CPUS);
	m->cpus = HS_CPUS_MAX + 1;
	EXPECT_BAD(-ERANGE, HS_A_VM_CPUS);
	m->cpus = U32_MAX;
	EXPECT_BAD(-ERANGE, HS_A_VM_CPUS);
	m->cpus = HS_CPUS_MAX;
	EXPECT_EQ(0, PARSE());

	m->kernel = -1;
	EXPECT_BAD(-EBADF, HS_A_VM_KERNEL_FD);
	m->kernel = 0;
	EXPECT_EQ(0, PARSE());
	set(m, HS_A_VM_INITRD_FD, &m->initrd, 4);
	m->initrd = INT32_MIN;
	EXPECT_BAD(-EBADF, HS_A_VM_INITRD_FD);
	m->initrd = INT32_MAX;
	EXPECT_EQ(0, PARSE());
}

TEST_F(vm_new, unknown_flags_and_choices)
{
	struct message *m = &self->m;
	unsigned int bit;

	set(m, HS_A_VM_FLAGS, &m->flags, 4);
	for (bit = 0; bit < 32; bit++) {
		m->flags = 1U << bit;
		if (m->flags & __HS_VM_F_ALL) {
			EXPECT_EQ(0, PARSE());
		} else {
			EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_FLAGS);
		}
	}
	m->flags = 0;
	set(m, HS_A_VM_ON_PANIC, &m->panic, 4);
	m->panic = 0;
	EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_ON_PANIC);
	m->panic = HS_ON_PANIC_RESET + 1;
	EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_ON_PANIC);
}

TEST_F(vm_new, page_sizes)
{
	struct message *m = &self->m;
	unsigned int i;

	set(m, HS_A_VM_PAGE_BYTES, &m->page, 4);
	for (i = 0; i < 32; i++) {
		m->page = 1U << i;
		if (m->page == HS_PAGE_4K || m->page == HS_PAGE_2M) {
			EXPECT_EQ(0, PARSE());
		} else {
			EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_PAGE_BYTES);
		}
	}
	m->page = 0;
	EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_PAGE_BYTES);
	m->page = HS_PAGE_2M + HS_PAGE_4K;
	EXPECT_BAD(-EOPNOTSUPP, HS_A_VM_PAGE_BYTES);
}

TEST(names)
{
	static const char * const good[] = {
		"a", "Z", "web-1", "a.b", "a_b", "x0123456789", "db.example.org",
		"a-", "a.", "a..b",
	};
	static const char * const bad[] = {
		"", "1", "-a", ".a", "_a", "..", "a b", "a/b", "a\n", "a\tb", "a:b",
		"a,b", "a=b", "a*", "a%s", "\xc3\xa4", "a\xff", "a'b", "a\"b", "a\\b",
		"a@b", "[", "a`", "a{", "a~",
	};
	char name[HS_NAME_MAX + 2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_TRUE(hs_vm_name_ok(good[i]));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_FALSE(hs_vm_name_ok(bad[i]));

	memset(name, 'n', sizeof(name));
	name[HS_NAME_MAX + 1] = 0;
	EXPECT_FALSE(hs_vm_name_ok(name));
	name[HS_NAME_MAX] = 0;
	EXPECT_TRUE(hs_vm_name_ok(name));
}

/* Each single byte, as first and as later character. */
TEST(name_characters)
{
	unsigned int c;

	for (c = 1; c < 256; c++) {
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool later = letter || (c >= '0' && c <= '9') ||
			     strchr("._-", (int)c);
		char name[3] = { (char)c, 0, 0 };

		EXPECT_EQ(letter, hs_vm_name_ok(name));
		name[0] = 'a';
		name[1] = (char)c;
		EXPECT_EQ(later, hs_vm_name_ok(name));
	}
}

TEST(keys)
{
	struct message m = { .id = 7 };

	EXPECT_EQ(-EINVAL, hs_vm_key_get(m.tb, &m.key, &m.e));
	EXPECT_EQ(HS_A_VM_NAME, m.e.attr);
	EXPECT_TRUE(m.e.missing);

	set(&m, HS_A_VM_ID, &m.id, 4);
	EXPECT_EQ(0, hs_vm_key_get(m.tb, &m.key, &m.e));
	EXPECT_TRUE(m.key.has_id);
	EXPECT_FALSE(m.key.has_name);
	EXPECT_EQ(7, m.key.id);

	set_string(&m, HS_A_VM_NAME, "seven");
	EXPECT_EQ(0, hs_vm_key_get(m.tb, &m.key, &m.e));
	EXPECT_TRUE(m.key.has_id);
	EXPECT_TRUE(m.key.has_name);
	EXPECT_STREQ("seven", m.key.name);

	set_string(&m, HS_A_VM_NAME, "7");
	EXPECT_EQ(-EINVAL, hs_vm_key_get(m.tb, &m.key, &m.e));
	EXPECT_EQ(HS_A_VM_NAME, m.e.attr);

	m.tb[HS_A_VM_NAME].data = NULL;
	set(&m, HS_A_VM_ID, &m.id, 2);
	EXPECT_EQ(-EINVAL, hs_vm_key_get(m.tb, &m.key, &m.e));
	EXPECT_EQ(HS_A_VM_ID, m.e.attr);
}

TEST_HARNESS_MAIN
