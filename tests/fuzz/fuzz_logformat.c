/*
 * logformat: a format from anywhere over a record of anything. What compiles runs, in any room;
 * every line is one line without a control character; with room enough nothing is cut.
 *
 * The input is the format, and behind a newline the texts of the record.
 */
#include "log/facts.h"
#include "log/format_int.h"
#include "tests/fuzz/fuzz.h"

static void ignore(void *arg, bool is_error, const char *text)
{
	CHECK(arg == NULL && text != NULL && (is_error || *text != '\0'));
}

static void ignore_dash(void *arg, const char *code, const char *why)
{
	CHECK(arg == NULL && *code != '\0' && *why != '\0');
}

static const struct log_findings findings = { ignore, NULL, ignore_dash };

static struct log_rec record_of(struct span bytes, const struct log_fields *set, struct arena *a)
{
	struct log_rec rec = { .start_us = 1795168909648000, .end_us = 1795168909771999 };
	struct span *const texts[] = { &rec.method, &rec.url,  &rec.user,
		                       &rec.detail, &rec.rule, &rec.content_type };
	struct log_pack k;

	if (bytes.n != 0)
		memcpy(&rec.client, bytes.p, MIN(bytes.n, sizeof(rec.client)));
	rec.status = rec.client.port;
	rec.server = rec.source = rec.client;
	rec.result = (uint8_t)(bytes.n % LOG_RESULT_N);
	rec.hier = (uint8_t)(bytes.n % LOG_HIER_N);
	rec.why = rec.cause = (uint8_t)(bytes.n % WHY_N);
	rec.version = bytes.n != 0 ? 11 : 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = span_cut(&bytes, '\n');
	CHECK(log_pack_begin(&k, a, bytes.n * set->n, set->n));
	for (size_t i = 0; i < set->n; i++)
		log_pack_put(&k, i % 3 == 2 ? SPAN_NULL : bytes);
	rec.fields = log_pack_end(&k);
	return rec;
}

static void check_line(struct span line)
{
	CHECK(line.n != 0 && line.p[line.n - 1] == '\n');
}

/* %byte and the text of the format itself may be anything; what the record holds may not. */
static bool is_plain(struct span format)
{
	for (size_t i = 0; i < format.n; i++)
		if ((uint8_t)format.p[i] < ' ' || format.p[i] == 0x7f)
			return false;
	return memmem(format.p, format.n, "byte", 4) == NULL;
}

static void run(struct log_format *f, struct span texts, bool plain, struct arena *a)
{
	static const struct log_format_conf conf = { .strip_query_terms = true,
		                                     .mime_headers = true };
	struct log_fields set = { 0 };
	const size_t cap = 1 << 20;
	char *buf = check_malloc(cap);
	struct log_line l = { buf, buf + cap, false };

	log_format_bind(f, &conf, &set);
	const struct log_rec rec = record_of(texts, &set, a);
	struct log_state *s = log_state_new(f);

	log_format_line(f, s, &rec, &l);
	const struct span line = span_of(buf, (size_t)(l.p - buf));

	check_line(line);
	for (size_t i = 0; plain && !l.is_cut && i + 1 < line.n; i++)
		CHECK((uint8_t)line.p[i] >= ' ' && line.p[i] != 0x7f);
	for (size_t room = 1; room < MIN(line.n, (size_t)300); room += 1 + room / 8) {
		struct log_line small = { check_malloc(room), NULL, false };
		char *begin = small.p;

		small.end = begin + room;
		log_format_line(f, s, &rec, &small);
		CHECK(small.is_cut);
		check_line(span_of(begin, (size_t)(small.p - begin)));
		free(begin);
	}
	log_state_free(&s);
	log_fields_fini(&set);
	free(buf);
}

/* A line of facts from anywhere is read or refused. */
static void check_facts(struct span text, struct arena *a)
{
	struct log_facts_record *rec = ARENA_NEW(a, struct log_facts_record);
	const char *error = NULL;

	if (!log_facts_read(text, a, rec, &error)) {
		CHECK(error != NULL);
		return;
	}
	/* What was read and is packed again reads the same. */
	static const struct log_facts_fields none;
	const struct span packed = log_facts_pack(&rec->facts, &none, a);
	struct log_facts_record *again = ARENA_NEW(a, struct log_facts_record);
	const struct span line = arena_printf(a, "facts=1%.*s", SPAN_ARG(packed));

	CHECK(log_facts_read(line, a, again, &error));
	for (unsigned i = 0; i < FACT_N && !again->is_cut; i++)
		CHECK(again->facts.state[i] == rec->facts.state[i]);
	CHECK(again->is_cut || span_eq(again->facts.user, rec->facts.user));
	CHECK(again->is_cut || span_eq(again->facts.url, rec->facts.url) ||
	      rec->facts.uri == NULL || rec->facts.state[FACT_REQUEST] != FACT_VALUE);
	(void)log_facts_tells(rec, false, SPAN("x"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span rest = span_of((const char *)bytes, n), text;
	struct arena a;

	if (n > 4096)
		return 0;
	arena_init(&a);
	check_facts(rest, &a);
	text = span_cut(&rest, '\n');
	if (memchr(text.p != NULL ? text.p : "", '\0', text.n) == NULL) {
		struct log_format *f = log_format_new(SPAN("fuzz"), text, &findings);

		if (f != NULL)
			run(f, rest, is_plain(text), &a);
		log_format_unref(&f);
	}
	arena_fini(&a);
	return 0;
}
