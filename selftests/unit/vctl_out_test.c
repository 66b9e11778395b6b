// SPDX-License-Identifier: GPL-2.0
/* vctl's tables and JSON, byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include "json.h"
#include "out.h"
#include "kselftest_harness.h"

FIXTURE(out) {
	FILE *f;
	char *text;
	size_t len;
	struct table t;
	struct json j;
	char bad[16];
};

FIXTURE_SETUP(out)
{
	self->f = open_memstream(&self->text, &self->len);
	ASSERT_NE(self->f, NULL);
}

FIXTURE_TEARDOWN(out)
{
	fclose(self->f);
	free(self->text);
	table_free(&self->t);
}

#define TEXT() (fflush(self->f), self->text)

static const struct column columns[] = {
	{ "ID", true, true }, { "NAME", false, true }, { "SIZE", true, true },
	{ "WHY", false, false },
};

#define INIT(sel) table_init(&self->t, columns, 4, sel, self->bad, sizeof(self->bad))
#define ROW(...) table_add(&self->t, (const char *[]){ __VA_ARGS__ })

TEST_F(out, table)
{
	ASSERT_TRUE(INIT(NULL));
	ROW("1", "web", "512M", "because");
	ROW("10", "a-long-name", NULL, "");
	table_print(&self->t, self->f, true);
	EXPECT_STREQ(TEXT(), "ID  NAME         SIZE\n"
			     " 1  web          512M\n"
			     "10  a-long-name     -\n");
}

TEST_F(out, selected_columns)
{
	char many[3 * (TABLE_COLUMNS + 1) + 1] = "";
	int i;

	ASSERT_TRUE(INIT("why,name,id"));
	ROW("1", "web", "512M", NULL);
	table_print(&self->t, self->f, false);
	EXPECT_STREQ(TEXT(), "-  web  1\n");
	EXPECT_FALSE(INIT("id,colour,name"));
	EXPECT_STREQ(self->bad, "colour");
	EXPECT_FALSE(INIT(""));
	EXPECT_FALSE(INIT("id,"));
	EXPECT_FALSE(INIT("i"));
	for (i = 0; i <= TABLE_COLUMNS; i++)
		strcat(many, i ? ",id" : "id");
	EXPECT_FALSE(INIT(many));
	many[strlen(many) - 3] = '\0';
	EXPECT_TRUE(INIT(many));
}

TEST_F(out, empty_table)
{
	ASSERT_TRUE(INIT(NULL));
	table_print(&self->t, self->f, true);
	EXPECT_STREQ(TEXT(), "ID  NAME  SIZE\n");
}

TEST_F(out, cells_are_safe_and_measured_in_characters)
{
	ASSERT_TRUE(INIT("name,id"));
	ROW("1", "\303\244\303\266", NULL, NULL);
	ROW("2", "\033[2J", NULL, NULL);
	ROW("3", "abc", NULL, NULL);
	table_print(&self->t, self->f, true);
	EXPECT_STREQ(TEXT(), "NAME     ID\n"
			     "\303\244\303\266        1\n"
			     "\\x1b[2J   2\n"
			     "abc       3\n");
}

TEST_F(out, many_rows)
{
	char id[16];
	int i;

	ASSERT_TRUE(INIT("id"));
	for (i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		ASSERT_TRUE(ROW(id, NULL, NULL, NULL));
	}
	table_print(&self->t, self->f, false);
	fflush(self->f);
	EXPECT_EQ(self->len, 4000);
	EXPECT_EQ(memcmp(self->text + self->len - 4, "999\n", 4), 0);
}

TEST_F(out, json_compact)
{
	json_begin(&self->j, self->f, false);
	json_array(&self->j, NULL);
	json_object(&self->j, NULL);
	json_string(&self->j, "name", "web");
	json_u64(&self->j, "mem_bytes", UINT64_MAX);
	json_bool(&self->j, "testdev", false);
	json_array(&self->j, "empty");
	json_close(&self->j);
	json_object(&self->j, "stats");
	json_u64(&self->j, "exits", 0);
	json_close(&self->j);
	json_close(&self->j);
	json_object(&self->j, NULL);
	json_end(&self->j);
	EXPECT_STREQ(TEXT(), "[{\"name\":\"web\",\"mem_bytes\":18446744073709551615,"
			     "\"testdev\":false,\"empty\":[],\"stats\":{\"exits\":0}},{}]\n");
}

TEST_F(out, json_pretty)
{
	json_begin(&self->j, self->f, true);
	json_array(&self->j, NULL);
	json_object(&self->j, NULL);
	json_u64(&self->j, "id", 1);
	json_array(&self->j, "code");
	json_u64(&self->j, NULL, 15);
	json_u64(&self->j, NULL, 11);
	json_end(&self->j);
	EXPECT_STREQ(TEXT(), "[\n  {\n    \"id\": 1,\n    \"code\": [\n"
			     "      15,\n      11\n    ]\n  }\n]\n");
}

TEST_F(out, json_strings)
{
	json_begin(&self->j, self->f, false);
	json_string(&self->j, NULL,
		    "\"\\ \n\033\177 \303\244 \302\233 \377\300\257");
	json_end(&self->j);
	EXPECT_STREQ(TEXT(), "\"\\\"\\\\ \\u000a\\u001b\\u007f \303\244 \\u009b "
			     "\\ufffd\\ufffd\\ufffd\"\n");
}

TEST_HARNESS_MAIN
