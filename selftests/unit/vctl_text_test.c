// SPDX-License-Identifier: GPL-2.0
/* vctl's sizes, times, names, command lines: what people write and read. */
#include <linux/hyperspace.h>
#include "args.h"
#include "name.h"
#include "size.h"
#include "spec.h"
#include "kselftest_harness.h"

TEST(sizes_parsed)
{
	static const struct {
		const char *s;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "1K", 1024 }, { "1k", 1024 },
		{ "512M", 512ULL << 20 }, { "2G", 2ULL << 30 },
		{ "2GiB", 2ULL << 30 }, { "2GB", 2ULL << 30 }, { "7B", 7 },
		{ "3T", 3ULL << 40 }, { "1P", 1ULL << 50 },
		{ "18446744073709551615", UINT64_MAX },
		{ "16383P", 16383ULL << 50 },
	};
	static const char *const bad[] = {
		"", "M", "-1", "+1", " 1", "1 ", "1.5G", "1MM", "1Mi", "1iB",
		"0x10", "1E", "18446744073709551616", "16384P",
		"99999999999999999999G", "1KiBB", "1\n",
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ASSERT_TRUE(size_parse(good[i].s, &v));
		EXPECT_EQ(v, good[i].bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_FALSE(size_parse(bad[i], &v));
}

TEST(sizes_printed)
{
	char b[FORMAT_MAX];

	EXPECT_STREQ(size_format(0, b), "0B");
	EXPECT_STREQ(size_format(1023, b), "1023B");
	EXPECT_STREQ(size_format(1024, b), "1K");
	EXPECT_STREQ(size_format(1536, b), "1.5K");
	EXPECT_STREQ(size_format(256ULL << 20, b), "256M");
	EXPECT_STREQ(size_format((2ULL << 30) - 1, b), "1.9G");
	EXPECT_STREQ(size_format(10ULL << 30, b), "10G");
	EXPECT_STREQ(size_format((10ULL << 30) + (900 << 20), b), "10G");
	EXPECT_STREQ(size_format(UINT64_MAX, b), "15E");
}

TEST(numbers_and_seconds)
{
	uint64_t ms;
	uint32_t v;

	EXPECT_TRUE(u32_parse("4294967295", &v));
	EXPECT_EQ(v, 4294967295);
	EXPECT_FALSE(u32_parse("4294967296", &v));
	EXPECT_FALSE(u32_parse("", &v));
	EXPECT_FALSE(u32_parse("1a", &v));
	EXPECT_FALSE(u32_parse("-1", &v));

	EXPECT_TRUE(seconds_parse("30", &ms));
	EXPECT_EQ(ms, 30000);
	EXPECT_TRUE(seconds_parse("0.5", &ms));
	EXPECT_EQ(ms, 500);
	EXPECT_TRUE(seconds_parse("1.2345678", &ms));
	EXPECT_EQ(ms, 1234);
	EXPECT_FALSE(seconds_parse("1.", &ms));
	EXPECT_FALSE(seconds_parse(".5", &ms));
	EXPECT_FALSE(seconds_parse("1s", &ms));
	EXPECT_FALSE(seconds_parse("-1", &ms));
	EXPECT_FALSE(seconds_parse("99999999999", &ms));
}

TEST(durations_printed)
{
	const uint64_t s = 1000000000;
	char b[FORMAT_MAX];

	EXPECT_STREQ(uptime_format(0, b), "0s");
	EXPECT_STREQ(uptime_format(59 * s + 999999999, b), "59s");
	EXPECT_STREQ(uptime_format(185 * s, b), "3m05s");
	EXPECT_STREQ(uptime_format((4 * 3600 + 7 * 60) * s, b), "4h07m");
	EXPECT_STREQ(uptime_format((9 * 86400 + 3 * 3600) * s, b), "9d03h");
	EXPECT_STREQ(cpu_time_format(12 * s + s / 3, b), "12.3s");
	EXPECT_STREQ(cpu_time_format(UINT64_MAX, b), "18446744073.7s");
}

TEST(names)
{
	char longest[HS_NAME_MAX + 2];

	EXPECT_EQ(name_fault("a"), NULL);
	EXPECT_EQ(name_fault("Web-1.prod_x"), NULL);
	EXPECT_NE(name_fault(""), NULL);
	EXPECT_NE(name_fault("1a"), NULL);
	EXPECT_NE(name_fault("-a"), NULL);
	EXPECT_NE(name_fault(".."), NULL);
	EXPECT_NE(name_fault("a/b"), NULL);
	EXPECT_NE(name_fault("a b"), NULL);
	EXPECT_NE(name_fault("a\033[2J"), NULL);
	EXPECT_NE(name_fault("\303\244"), NULL);
	memset(longest, 'x', sizeof(longest));
	longest[HS_NAME_MAX] = '\0';
	EXPECT_EQ(name_fault(longest), NULL);
	longest[HS_NAME_MAX] = 'x';
	longest[HS_NAME_MAX + 1] = '\0';
	EXPECT_NE(name_fault(longest), NULL);
}

TEST(states)
{
	uint32_t s, got;

	for (s = HS_VM_DEFINED; s <= HS_VM_DESTROYED; s++) {
		const char *name = state_name(s);

		ASSERT_STRNE(name, "unknown");
		ASSERT_TRUE(state_parse(name, strlen(name), &got));
		EXPECT_EQ(got, s);
	}
	EXPECT_STREQ(state_name(0), "unknown");
	EXPECT_STREQ(state_name(HS_VM_DESTROYED + 1), "unknown");
	EXPECT_STREQ(state_name(UINT32_MAX), "unknown");
	EXPECT_FALSE(state_parse("run", 3, &got));
	EXPECT_FALSE(state_parse("", 0, &got));
	EXPECT_FALSE(state_parse("Running", 7, &got));
}

TEST(terminal_bytes_are_escaped)
{
	char b[64];

	safe_text("plain \303\244\342\202\254\360\237\230\200", b, sizeof(b));
	EXPECT_STREQ(b, "plain \303\244\342\202\254\360\237\230\200");
	safe_text("a\033[31mb\r\n\t\177", b, sizeof(b));
	EXPECT_STREQ(b, "a\\x1b[31mb\\x0d\\x0a\\x09\\x7f");
	/* CSI as one character of its own, in UTF-8 and as a byte. */
	safe_text("\302\2332J\2332J", b, sizeof(b));
	EXPECT_STREQ(b, "\\xc2\\x9b2J\\x9b2J");
	/* Overlong, surrogate, beyond the end, cut off. */
	safe_text("\300\257\355\240\200\364\220\200\200\342\202", b, sizeof(b));
	EXPECT_STREQ(b, "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xe2\\x82");
}

TEST(text_is_cut_off_at_a_character)
{
	char b[8];

	EXPECT_EQ(safe_text("abcdefghij", b, sizeof(b)), 7);
	EXPECT_STREQ(b, "abcdefg");
	EXPECT_EQ(safe_text("abcdef\303\244", b, sizeof(b)), 6);
	EXPECT_STREQ(b, "abcdef");
	EXPECT_EQ(safe_text("abcd\001", b, sizeof(b)), 4);
	EXPECT_EQ(safe_text("x", b, 1), 0);
	EXPECT_STREQ(b, "");
}

static const struct option table[] = {
	{ "json", 'j', NULL },
	{ "mem", 'm', "SIZE" },
	{ "testdev", 0, NULL },
	{ NULL, 0, NULL }
};

#define PARSE(...) ({							\
	char *_v[] = { __VA_ARGS__, NULL };				\
	args_parse(&a, table, sizeof(_v) / sizeof(_v[0]) - 1, _v, false); \
})

TEST(options)
{
	struct args a;

	EXPECT_EQ(PARSE("vm", "--mem", "1G", "-j"), 4);
	EXPECT_EQ(a.words, 1);
	EXPECT_STREQ(a.word[0], "vm");
	EXPECT_STREQ(args_option(&a, "mem"), "1G");
	EXPECT_STREQ(args_option(&a, "json"), "");
	EXPECT_EQ(args_option(&a, "testdev"), NULL);
	EXPECT_EQ(args_option(&a, "nonsense"), NULL);

	EXPECT_EQ(PARSE("--mem=2G", "a", "b"), 3);
	EXPECT_STREQ(args_option(&a, "mem"), "2G");
	EXPECT_EQ(a.words, 2);
	EXPECT_EQ(PARSE("-jm3G"), 1);
	EXPECT_STREQ(args_option(&a, "mem"), "3G");
	EXPECT_EQ(PARSE("-m", "4G", "-"), 3);
	EXPECT_STREQ(a.word[0], "-");
	/* A value may look like an option; after "--" nothing is one. */
	EXPECT_EQ(PARSE("--mem", "--json", "--", "-j"), 4);
	EXPECT_STREQ(args_option(&a, "mem"), "--json");
	EXPECT_STREQ(a.word[0], "-j");
	EXPECT_EQ(args_option(&a, "json"), NULL);
}

TEST(option_faults)
{
	struct args a;

	EXPECT_EQ(PARSE("--nonsense"), -1);
	EXPECT_STREQ(a.fault, "unknown option '--nonsense'");
	EXPECT_EQ(PARSE("--me", "1"), -1);
	EXPECT_EQ(PARSE("-x"), -1);
	EXPECT_STREQ(a.fault, "unknown option '-x'");
	EXPECT_EQ(PARSE("--mem"), -1);
	EXPECT_EQ(PARSE("-m"), -1);
	EXPECT_EQ(PARSE("--json=1"), -1);
	EXPECT_EQ(PARSE("-j", "--json"), -1);
	EXPECT_EQ(PARSE("1", "2", "3", "4", "5", "6", "7", "8", "9"), -1);
}

TEST(stop_at_the_verb)
{
	char *v[] = { "-j", "list", "-x", NULL };
	struct args a;

	EXPECT_EQ(args_parse(&a, table, 3, v, true), 1);
	EXPECT_EQ(a.words, 0);
}

#define SPLIT(text) ({ snprintf(line, sizeof(line), "%s", text); line_split(line, w); })

TEST(batch_lines)
{
	char line[1024], *w[LINE_WORDS];
	unsigned int i;

	EXPECT_EQ(SPLIT(""), 0);
	EXPECT_EQ(SPLIT("  # a comment\n"), 0);
	EXPECT_EQ(SPLIT("start a\n"), 2);
	EXPECT_STREQ(w[0], "start");
	EXPECT_STREQ(w[1], "a");
	EXPECT_EQ(w[2], NULL);
	EXPECT_EQ(SPLIT("create x --append 'a b  #c' # d\r\n"), 4);
	EXPECT_STREQ(w[3], "a b  #c");
	EXPECT_EQ(SPLIT("a\"b c\"d '' \"\\\"\" e\\ f 'g\\h'"), 5);
	EXPECT_STREQ(w[0], "ab cd");
	EXPECT_STREQ(w[1], "");
	EXPECT_STREQ(w[2], "\"");
	EXPECT_STREQ(w[3], "e f");
	EXPECT_STREQ(w[4], "g\\h");
	EXPECT_EQ(SPLIT("a#b"), 1);
	EXPECT_STREQ(w[0], "a#b");
	EXPECT_EQ(SPLIT("a 'b"), -1);
	EXPECT_EQ(SPLIT("a \"b"), -1);
	EXPECT_EQ(SPLIT("a\\"), 1);
	EXPECT_STREQ(w[0], "a\\");
	line[0] = '\0';
	for (i = 0; i < LINE_WORDS; i++)
		strcat(line, "x ");
	EXPECT_EQ(line_split(line, w), -1);
}

static const struct option many_options[] = {
	{ "disk", 'd', "SPEC..." },
	{ "hide", 0, "FEATURES..." },
	{ "mem", 'm', "SIZE" },
	{ NULL, 0, NULL }
};

TEST(options_given_several_times)
{
	char *line[] = { "--disk", "a", "-m", "1", "word", "--disk=b", "--hide", "x", "-dc", "--hide=" };
	char *twice[] = { "-m", "1", "-m", "2" };
	char *flood[ARGS_MANY + 1];
	struct args a;
	size_t i = 0;

	ASSERT_EQ(args_parse(&a, many_options, 10, line, false), 10);
	EXPECT_STREQ(args_next(&a, "disk", &i), "a");
	EXPECT_STREQ(args_next(&a, "disk", &i), "b");
	EXPECT_STREQ(args_next(&a, "disk", &i), "c");
	EXPECT_EQ(args_next(&a, "disk", &i), NULL);
	EXPECT_EQ(args_next(&a, "disk", &i), NULL);
	i = 0;
	EXPECT_STREQ(args_next(&a, "hide", &i), "x");
	EXPECT_STREQ(args_next(&a, "hide", &i), "");
	EXPECT_EQ(args_next(&a, "hide", &i), NULL);
	i = 0;
	EXPECT_EQ(args_next(&a, "colour", &i), NULL);
	EXPECT_STREQ(args_option(&a, "mem"), "1");
	EXPECT_EQ(a.words, 1);
	EXPECT_EQ(args_parse(&a, many_options, 4, twice, false), -1);
	for (i = 0; i <= ARGS_MANY; i++)
		flood[i] = "-dx";
	EXPECT_EQ(args_parse(&a, many_options, ARGS_MANY, flood, false), ARGS_MANY);
	EXPECT_EQ(args_parse(&a, many_options, ARGS_MANY + 1, flood, false), -1);
	EXPECT_STREQ(a.fault, "option given too often: '-d'");
}

TEST(values_with_parts)
{
	char a[] = "file,ro,id=x", b[] = "a,,b,ro", c[] = "", d[] = ",", e[] = "x,", f[] = ",,",
	     g[] = "1,2,3,4", h[] = ",,,";
	char *part[3];

	ASSERT_EQ(spec_split(a, part, 3), 3);
	EXPECT_STREQ(part[0], "file");
	EXPECT_STREQ(part[1], "ro");
	EXPECT_STREQ(part[2], "id=x");
	EXPECT_STREQ(spec_value(part[2], "id"), "x");
	EXPECT_EQ(spec_value(part[2], "i"), NULL);
	EXPECT_EQ(spec_value(part[1], "ro"), NULL);
	EXPECT_STREQ(spec_value("id=", "id"), "");
	ASSERT_EQ(spec_split(b, part, 3), 2);
	EXPECT_STREQ(part[0], "a,b");
	EXPECT_STREQ(part[1], "ro");
	ASSERT_EQ(spec_split(c, part, 3), 1);
	EXPECT_STREQ(part[0], "");
	ASSERT_EQ(spec_split(d, part, 3), 2);
	EXPECT_STREQ(part[0], "");
	EXPECT_STREQ(part[1], "");
	ASSERT_EQ(spec_split(e, part, 3), 2);
	EXPECT_STREQ(part[1], "");
	ASSERT_EQ(spec_split(f, part, 3), 1);
	EXPECT_STREQ(part[0], ",");
	ASSERT_EQ(spec_split(h, part, 3), 2);
	EXPECT_STREQ(part[0], ",");
	EXPECT_STREQ(part[1], "");
	EXPECT_EQ(spec_split(g, part, 3), -1);
}

TEST(addresses)
{
	static const char *const bad[] = {
		"", ":", "52:54:00:12:34", "52:54:00:12:34:5", "52:54:00:12:34:567",
		"52-54-00-12-34-56", "5254:00:12:34:56", "52:54:00:12:34:5g", " 2:54:00:12:34:56",
		"52:54:00:12:34:56 ",
	};
	uint8_t mac[6];
	size_t i;

	ASSERT_TRUE(mac_parse("52:54:00:aB:Cd:eF", mac));
	EXPECT_EQ(memcmp(mac, "\x52\x54\x00\xab\xcd\xef", 6), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_FALSE(mac_parse(bad[i], mac));
}

TEST(rates)
{
	EXPECT_EQ(per_second(150, 50, 1000000000), 100);
	EXPECT_EQ(per_second(150, 50, 500000000), 200);
	EXPECT_EQ(per_second(50, 50, 1), 0);
	EXPECT_EQ(per_second(1, 0, 2000000000), 1);
	EXPECT_EQ(per_second(1, 0, 2000000001), 0);
	/* It began anew. */
	EXPECT_EQ(per_second(30, 1000, 1000000000), 30);
	EXPECT_EQ(per_second(UINT64_MAX, 0, 1000000000), UINT64_MAX);
	EXPECT_EQ(per_second(UINT64_MAX, 0, 1), UINT64_MAX);
}

TEST_HARNESS_MAIN
