// SPDX-License-Identifier: GPL-2.0
/* Which attribute of a request vctl blames, by what the kernel says of it. */
#include "../../tools/vctl/nl.c"
#include "kselftest_harness.h"

/* A request with all that can be wrong, and where it lies in the message. */
FIXTURE(nl) {
	struct request r;
	struct nl_error e;
	struct nl_msg *said;
};

FIXTURE_SETUP(nl)
{
	memset(&self->r, 0, sizeof(self->r));
	memset(&self->e, 0, sizeof(self->e));
	self->r.msg = nlmsg_alloc_size(4096);
	self->r.e = &self->e;
	self->said = nlmsg_alloc_size(1024);
	ASSERT_NE(self->r.msg, NULL);
	ASSERT_NE(self->said, NULL);
	genlmsg_put(self->r.msg, 1, 1, 100, 0, 0, HS_CMD_VM_NEW, 1);
}

FIXTURE_TEARDOWN(nl)
{
	nlmsg_free(self->r.msg);
	nlmsg_free(self->said);
}

static void put_disk(struct request *r, const char *id)
{
	request_nest(r, HS_A_VM_DISK);
	request_s32(r, HS_A_DISK_FD, 3);
	if (id)
		request_string(r, HS_A_DISK_ID, id);
	request_nest_end(r);
}

/* Where the @n-th attribute of @type begins, and in it the first of @in (0: itself). */
static uint32_t offset_of(struct nl_msg *msg, int type, int n, int in)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *a, *x;
	int rem;

	nlmsg_for_each_attr(a, h, GENL_HDRLEN, rem) {
		if (nla_type(a) != type || --n)
			continue;
		x = in ? nla_find(nla_data(a), nla_len(a), in) : a;
		return (char *)x - (char *)h;
	}
	return 0;
}

/* What the kernel says is @said. */
#define READ() do {							\
	memset(&self->e, 0, sizeof(self->e));				\
	read_extack(&self->r, nlmsg_attrdata(nlmsg_hdr(self->said), 0),	\
		    nlmsg_attrlen(nlmsg_hdr(self->said), 0));		\
	nlmsg_hdr(self->said)->nlmsg_len = NLMSG_HDRLEN;		\
} while (0)

#define BLAME(offs) do {						\
	nla_put_u32(self->said, NLMSGERR_ATTR_OFFS, offs);		\
	READ();								\
} while (0)

TEST_F(nl, blamed_attributes)
{
	struct request *r = &self->r;

	nlmsg_hdr(self->said)->nlmsg_len = NLMSG_HDRLEN;
	request_string(r, HS_A_VM_NAME, "web");
	request_u64(r, HS_A_VM_MEM_BYTES, 4096);
	put_disk(r, "a");
	request_string(r, HS_A_VM_CPU_HIDE, "avx");
	EXPECT_FALSE(r->failed);

	nla_put_string(self->said, NLMSGERR_ATTR_MSG, "not a multiple");
	BLAME(offset_of(r->msg, HS_A_VM_MEM_BYTES, 1, 0));
	EXPECT_STREQ(self->e.attr, "mem");
	EXPECT_STREQ(self->e.text, "not a multiple");
	/* Anywhere in it. */
	BLAME(offset_of(r->msg, HS_A_VM_MEM_BYTES, 1, 0) + 6);
	EXPECT_STREQ(self->e.attr, "mem");
	BLAME(offset_of(r->msg, HS_A_VM_CPU_HIDE, 1, 0));
	EXPECT_STREQ(self->e.attr, "cpu-hide");
	/* The one disk: itself, its file, its id. */
	BLAME(offset_of(r->msg, HS_A_VM_DISK, 1, 0));
	EXPECT_STREQ(self->e.attr, "disk");
	BLAME(offset_of(r->msg, HS_A_VM_DISK, 1, HS_A_DISK_FD));
	EXPECT_STREQ(self->e.attr, "disk");
	BLAME(offset_of(r->msg, HS_A_VM_DISK, 1, HS_A_DISK_ID));
	EXPECT_STREQ(self->e.attr, "disk id");
	/* Beyond the message. */
	BLAME(60000);
	EXPECT_STREQ(self->e.attr, "");
}

TEST_F(nl, which_of_several)
{
	static const uint8_t mac[6] = { 2 };
	struct request *r = &self->r;

	nlmsg_hdr(self->said)->nlmsg_len = NLMSG_HDRLEN;
	put_disk(r, NULL);
	request_nest(r, HS_A_VM_NET);
	request_s32(r, HS_A_NET_FD, 4);
	request_bytes(r, HS_A_NET_MAC, mac, 6);
	request_u32(r, 9, 1);
	request_nest_end(r);
	put_disk(r, "b");
	put_disk(r, "b");

	BLAME(offset_of(r->msg, HS_A_VM_DISK, 3, HS_A_DISK_ID));
	EXPECT_STREQ(self->e.attr, "disk 3 id");
	BLAME(offset_of(r->msg, HS_A_VM_DISK, 2, HS_A_DISK_FD));
	EXPECT_STREQ(self->e.attr, "disk 2");
	BLAME(offset_of(r->msg, HS_A_VM_DISK, 1, 0));
	EXPECT_STREQ(self->e.attr, "disk 1");
	BLAME(offset_of(r->msg, HS_A_VM_NET, 1, HS_A_NET_MAC));
	EXPECT_STREQ(self->e.attr, "net mac");
	BLAME(offset_of(r->msg, HS_A_VM_NET, 1, 9));
	EXPECT_STREQ(self->e.attr, "net attribute 9");
}

TEST_F(nl, what_is_missing)
{
	struct request *r = &self->r;

	nlmsg_hdr(self->said)->nlmsg_len = NLMSG_HDRLEN;
	put_disk(r, NULL);
	put_disk(r, "b");
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_TYPE, HS_A_VM_KERNEL_FD);
	READ();
	EXPECT_STREQ(self->e.attr, "kernel");
	/* In a nest; the order of the two does not matter. */
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_NEST, offset_of(r->msg, HS_A_VM_DISK, 2, 0));
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_TYPE, HS_A_DISK_ID);
	READ();
	EXPECT_STREQ(self->e.attr, "disk 2 id");
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_TYPE, HS_A_DISK_FD);
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_NEST, offset_of(r->msg, HS_A_VM_DISK, 1, 0));
	READ();
	EXPECT_STREQ(self->e.attr, "disk 1");
	nla_put_u32(self->said, NLMSGERR_ATTR_MISS_TYPE, 4000);
	READ();
	EXPECT_STREQ(self->e.attr, "attribute 4000");
	/* Too short to be an offset. */
	nla_put_u8(self->said, NLMSGERR_ATTR_OFFS, 1);
	READ();
	EXPECT_STREQ(self->e.attr, "");
}

TEST_HARNESS_MAIN
