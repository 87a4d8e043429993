/*
 * A reader with a small table of directives of its own, for the tests of src/conf.
 *
 * words, values, lists, regexes and rest write what they see into seen, as [word] for each line, so
 * that a test compares one text. The others are the ready-made setters.
 */
#pragma once

#include "conf/conf.h"
#include "tests/unit/unit.h"

struct fixture_values {
	bool onoff;
	int64_t integer, bytes, ms;
	unsigned percent;
	char *string, *line;
	char seen[4096];
};

struct fixture {
	struct fixture_values values;
	struct conf_reader *r;
	char folder[64]; /* of fixture_file(); "" until then */
};

void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/* Read the text as "squid.conf" and apply the defaults. */
void fixture_read(struct fixture *f, const char *text);

/* All findings, a line each: "FILE:LINE: SEVERITY: TEXT\n". Static. */
const char *fixture_findings(const struct fixture *f);
/* Whether a finding stands at file and line and has the text as part of it. */
bool fixture_has(const struct fixture *f, const char *file, unsigned line, enum conf_severity s,
                 const char *part);

/* Write a file into a folder that goes with the fixture; returns its path (static, four in turn).
 */
const char *fixture_file(struct fixture *f, const char *name, struct span content);
/* printf into a static buffer. */
const char *fixture_text(const char *fmt, ...) PRINTF_LIKE(1, 2);

#define ck_assert_seen(f, want) ck_assert_str_eq((f)->values.seen, want)
#define ck_assert_finding(f, line, severity, part)                                                 \
	ck_assert_msg(fixture_has(f, "squid.conf", line, severity, part),                          \
	              "no such finding at line %u: %s\nfindings:\n%s", line, part,                 \
	              fixture_findings(f))
#define ck_assert_no_findings(f) ck_assert_str_eq(fixture_findings(f), "")
