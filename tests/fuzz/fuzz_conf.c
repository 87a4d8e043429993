/*
 * The squid.conf language: any bytes give findings and values, never a crash; what was applied,
 * dumped and read again dumps the same; secrets masked twice are masked once.
 */
#include "conf/conf.h"
#include "conf/mask.h"
#include "tests/fuzz/fuzz.h"

struct values {
	bool onoff;
	int64_t integer, bytes, ms;
	unsigned percent;
	char *string, *line;
	uint64_t n_values; /* of all kinds */
};

static void check_place(const struct conf_line *l, struct conf_place place)
{
	CHECK(place.file != NULL && l->place.file != NULL);
}

static void set_words(struct conf_line *l, void *field)
{
	struct span word, peeked;
	uint64_t *n = field;

	for (;;) {
		const bool has_peeked = conf_peek(l, &peeked);

		if (!conf_word(l, &word)) {
			CHECK(!has_peeked);
			return;
		}
		CHECK(has_peeked && span_eq(word, peeked));
		(*n)++;
	}
}

static void set_values(struct conf_line *l, void *field)
{
	struct conf_value v;
	uint64_t *n = field;

	for (; conf_value_next(l, false, &v); (*n)++)
		check_place(l, v.place);
}

static void set_regexes(struct conf_line *l, void *field)
{
	struct conf_value v;
	uint64_t *n = field;

	for (; conf_value_next(l, true, &v); (*n)++)
		CHECK(v.text.n != 0);
}

static void set_pair(struct conf_line *l, UNUSED void *field)
{
	struct span name, value;
	bool is_quoted;

	if (conf_need_word(l, &name))
		(void)conf_word_or_quoted(l, &value, &is_quoted);
}

#define ROW(name_, setter_, field_, def_)                                                          \
	{                                                                                          \
		name_, "", "fuzz", CONF_WORKS, CONF_SECTION_proxy, setter_,                        \
			offsetof(struct values, field_), def_, "X", "X."                           \
	}

/* Short names, which a fuzzer finds. */
static const struct conf_directive rows[] = {
	ROW("o", conf_set_onoff, onoff, "on"),     ROW("i", conf_set_int, integer, "1"),
	ROW("p", conf_set_percent, percent, "1%"), ROW("b", conf_set_bytes, bytes, "1 KB"),
	ROW("t", conf_set_ms, ms, "1 day"),        ROW("s", conf_set_string, string, "none"),
	ROW("l", conf_set_line, line, "none"),     ROW("w", set_words, n_values, ""),
	ROW("v", set_values, n_values, ""),        ROW("r", set_regexes, n_values, ""),
	ROW("q", set_pair, n_values, ""),
};

static void check_values(const struct values *v)
{
	CHECK(v->bytes >= 0 && v->ms >= 0 && v->percent <= 100);
}

static void check_findings(struct conf_reader *r)
{
	uint64_t position = 0;
	unsigned n = 0;

	for (const struct conf_finding *f = conf_findings(r); f != NULL; f = f->next, n++) {
		CHECK(f->text[0] != '\0' && f->place.file != NULL);
		CHECK(f->position >= position);
		position = f->position;
		for (const char *c = f->text; *c != '\0'; c++)
			CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	CHECK(n <= conf_count(r, CONF_DIFFERENCE) + conf_count(r, CONF_NOTE) +
	                   conf_count(r, CONF_WARNING) + conf_count(r, CONF_ERROR));
}

/* Read a text; its dump, and the number of values seen in *n. */
static char *read_text(struct span text, uint64_t *n)
{
	struct values v = { 0 };
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_proxy] = &v };
	struct conf_reader *r = conf_reader_new(rows, ARRAY_LEN(rows), sections);

	conf_forbid_files(r);
	conf_want_squid(r);
	conf_read_text(r, "fuzz.conf", text);
	char *dump = conf_dump(r);

	conf_finish(r);
	check_findings(r);
	check_values(&v);
	*n = v.n_values;
	conf_reader_free(&r);
	free(v.string);
	free(v.line);
	return dump;
}

static void check_mask(struct span text)
{
	struct arena a;

	arena_init(&a);
	const struct span once = conf_mask(&a, text);

	CHECK(span_eq(conf_mask(&a, once), once));
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct span text = span_of((const char *)bytes, n);
	uint64_t n_values;
	char *first = read_text(text, &n_values);
	char *second = read_text(span_str(first), &n_values);

	/* A dump is not always a fixed point at once: masking may take a quote that held words
	 * together. */
	char *third = read_text(span_str(second), &n_values);

	CHECK(strcmp(second, third) == 0);
	free(first);
	free(second);
	free(third);
	check_mask(span_of(text.p, span_find(text, '\n')));
	return 0;
}
