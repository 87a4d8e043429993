/*
 * Reading lines of the format "facts". They come from a file that anybody may have edited, so
 * nothing is taken for granted.
 */
#include "log/facts.h"

#include "base/why.h"

/* --- words ------------------------------------------------------------------------------------ */

/*
 * One word of a line, with its value as it stands there. state: ABSENT for "key=-", FAILED for
 * "key=!".
 */
struct word {
	struct span key, value;
	enum fact_state state;
};

/* False: the line is over, or *error says what is wrong with it. */
static bool next_word(struct span *rest, struct word *w, const char **error)
{
	struct span word;

	*error = NULL;
	while (rest->n != 0 && rest->p[0] == ' ')
		*rest = span_skip(*rest, 1);
	if (rest->n == 0)
		return false;
	word = span_cut(rest, ' ');
	const size_t equals = span_find(word, '=');

	if (equals == 0 || equals == word.n) {
		*error = "a word without \"=\"";
		return false;
	}
	w->key = span_of(word.p, equals);
	w->value = span_skip(word, equals + 1);
	w->state = FACT_VALUE;
	if (w->value.n == 1 && w->value.p[0] == '-')
		w->state = FACT_ABSENT;
	else if (w->value.n == 1 && w->value.p[0] == '!')
		w->state = FACT_FAILED;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value without its percent-encoding: a part of the line, or made in the arena. */
static bool decode(struct span value, struct arena *a, struct span *out)
{
	size_t n = 0;
	char *to;

	if (span_find(value, '%') == value.n) {
		*out = value;
		return true;
	}
	to = arena_alloc(a, value.n);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != '%') {
			to[n++] = value.p[i];
			continue;
		}
		if (value.n - i < 3 || hex_digit(value.p[i + 1]) < 0 ||
		    hex_digit(value.p[i + 2]) < 0)
			return false;
		to[n++] = (char)(hex_digit(value.p[i + 1]) << 4 | hex_digit(value.p[i + 2]));
		i += 2;
	}
	*out = span_of(to, n);
	return true;
}

/* --- values ----------------------------------------------------------------------------------- */

struct reading {
	struct log_facts_record *rec;
	struct arena *arena;
	struct http_head *request, *reply; /* NULL until a word is about them */
};

static struct http_head *head(struct reading *r, struct http_head **h)
{
	if (*h == NULL) {
		*h = ARENA_NEW(r->arena, struct http_head);
		http_head_init(*h, r->arena);
	}
	return *h;
}

static bool read_endpoint(struct span s, struct endpoint *e)
{
	uint64_t port;
	size_t colon = s.n;

	while (colon != 0 && s.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || !span_to_u64(span_skip(s, colon), &port) || port > UINT16_MAX)
		return false;
	s.n = colon - 1;
	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = span_of(s.p + 1, s.n - 2);
	e->port = (uint16_t)port;
	return ip_parse(s, &e->ip);
}

static bool read_src(struct reading *r, struct span s)
{
	return read_endpoint(s, &r->rec->facts.src);
}

static bool read_local(struct reading *r, struct span s)
{
	return read_endpoint(s, &r->rec->facts.local);
}

static bool read_clock(struct reading *r, struct span s)
{
	struct span rest = s;
	uint64_t weekday, minute;

	if (!span_to_u64(span_cut(&rest, '.'), &weekday) || rest.p == NULL ||
	    !span_to_u64(rest, &minute) || weekday > 6 || minute >= UINT64_C(24) * 60)
		return false;
	r->rec->facts.weekday = (unsigned)weekday;
	r->rec->facts.minute = (unsigned)minute;
	return true;
}

static bool read_dst(struct reading *r, struct span s)
{
	unsigned n = 0;
	struct ip *ips;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',';
	ips = arena_alloc(r->arena, (n + 1) * sizeof(*ips));
	n = 0;
	for (struct span rest = s; rest.p != NULL;)
		if (!ip_parse(span_cut(&rest, ','), &ips[n++]))
			return false;
	r->rec->facts.dst = ips;
	r->rec->facts.n_dst = n;
	return true;
}

static bool read_method(struct reading *r, struct span s)
{
	struct facts *f = &r->rec->facts;
	struct http_head *h = head(r, &r->request);

	h->method_name = f->method_name = s;
	h->method = f->method = http_method_of(s);
	f->request = h;
	return true;
}

static bool read_version(struct reading *r, struct span s)
{
	uint64_t v;

	if (!span_to_u64(s, &v) || v > 99)
		return false;
	head(r, &r->request)->version = (unsigned)v;
	return true;
}

static bool read_reply(struct reading *r, struct span s)
{
	uint64_t v;

	if (!span_to_u64(s, &v) || v > 999)
		return false;
	head(r, &r->reply)->status = (unsigned)v;
	r->rec->facts.reply = r->reply;
	return true;
}

static bool read_number(struct span s, uint64_t max, uint64_t *v)
{
	return span_to_u64(s, v) && *v <= max;
}

static bool read_draw(struct reading *r, struct span s)
{
	return read_number(s, UINT64_MAX, &r->rec->facts.draw);
}

static bool read_connections(struct reading *r, struct span s)
{
	uint64_t v;

	if (!read_number(s, UINT32_MAX, &v))
		return false;
	r->rec->facts.connections = (unsigned)v;
	return true;
}

static bool read_mark(struct reading *r, struct span s)
{
	uint64_t v;

	if (!read_number(s, UINT32_MAX, &v))
		return false;
	r->rec->facts.mark = (uint32_t)v;
	return true;
}

static bool read_encrypted(struct reading *r, struct span s)
{
	r->rec->facts.is_client_encrypted = span_eq(s, SPAN("1"));
	return true;
}

/* The notes themselves follow. */
static bool read_notes(struct reading *r, struct span s UNUSED)
{
	r->rec->facts.notes = &r->rec->notes;
	return true;
}

/* What is no fact but says when, and what became of it. */

static bool read_version_of_line(struct reading *r UNUSED, struct span s UNUSED)
{
	return true; /* the first word only counts */
}

/* "1795168909.771999" */
static bool read_time(struct reading *r, struct span s)
{
	struct span rest = s;
	uint64_t seconds, micros;

	if (!span_to_u64(span_cut(&rest, '.'), &seconds) || rest.n != 6 ||
	    !span_to_u64(rest, &micros) || seconds > INT64_MAX / 1000000 - 1)
		return false;
	r->rec->time_us = (int64_t)(seconds * 1000000 + micros);
	return true;
}

/* "+0530" */
static bool read_zone(struct reading *r, struct span s)
{
	uint64_t v;

	if (s.n != 5 || (s.p[0] != '+' && s.p[0] != '-') || !span_to_u64(span_skip(s, 1), &v) ||
	    v / 100 > 23 || v % 100 > 59)
		return false;
	r->rec->zone_minutes = (int)(v / 100 * 60 + v % 100);
	if (s.p[0] == '-')
		r->rec->zone_minutes = -r->rec->zone_minutes;
	return true;
}

static bool read_id(struct reading *r, struct span s)
{
	return span_to_u64(s, &r->rec->id);
}

static bool read_cut(struct reading *r, struct span s UNUSED)
{
	r->rec->is_cut = true;
	return true;
}

static bool read_status(struct reading *r, struct span s)
{
	uint64_t v;

	if (!span_to_u64(s, &v) || v > 999)
		return false;
	r->rec->status = (unsigned)v;
	return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

#define NO_FACT      FACT_N
#define TEXT(member) offsetof(struct log_facts_record, member), NULL

/* A key: the fact whose state it gives, and how its value is read, or where its text goes. */
static const struct key {
	struct span name;
	enum fact fact;
	size_t text; /* if read is NULL */
	bool (*read)(struct reading *r, struct span value);
} keys[] = {
	{ SPAN("facts"), NO_FACT, 0, read_version_of_line },
	{ SPAN("time"), NO_FACT, 0, read_time },
	{ SPAN("zone"), NO_FACT, 0, read_zone },
	{ SPAN("id"), NO_FACT, 0, read_id },
	{ SPAN("verdict"), NO_FACT, TEXT(verdict) },
	{ SPAN("rule"), NO_FACT, TEXT(rule) },
	{ SPAN("place"), NO_FACT, TEXT(place) },
	{ SPAN("reported"), NO_FACT, TEXT(reported) },
	{ SPAN("shadow"), NO_FACT, TEXT(shadow) },
	{ SPAN("why"), NO_FACT, TEXT(why) },
	{ SPAN("detail"), NO_FACT, TEXT(detail) },
	{ SPAN("result"), NO_FACT, TEXT(result) },
	{ SPAN("status"), NO_FACT, 0, read_status },
	{ SPAN("cut"), NO_FACT, 0, read_cut },
	{ SPAN("src"), FACT_SRC, 0, read_src },
	{ SPAN("local"), FACT_LOCAL, 0, read_local },
	{ SPAN("portname"), FACT_PORT_NAME, TEXT(facts.port_name) },
	{ SPAN("clock"), FACT_CLOCK, 0, read_clock },
	{ SPAN("method"), FACT_REQUEST, 0, read_method },
	{ SPAN("url"), NO_FACT, TEXT(facts.url) },
	{ SPAN("version"), NO_FACT, 0, read_version },
	{ SPAN("reply"), FACT_REPLY, 0, read_reply },
	{ SPAN("dst"), FACT_DST_ADDRS, 0, read_dst },
	{ SPAN("srcname"), FACT_SRC_NAME, TEXT(facts.src_name) },
	{ SPAN("dstname"), FACT_DST_NAME, TEXT(facts.dst_name) },
	{ SPAN("user"), FACT_USER, TEXT(facts.user) },
	{ SPAN("notes"), FACT_NOTES, 0, read_notes },
	{ SPAN("draw"), FACT_DRAW, 0, read_draw },
	{ SPAN("connections"), FACT_CONNECTIONS, 0, read_connections },
	{ SPAN("peer"), FACT_PEER, TEXT(facts.peer) },
	{ SPAN("hier"), FACT_HIER, TEXT(facts.hier_code) },
	{ SPAN("initiator"), FACT_INITIATOR, TEXT(facts.initiator) },
	{ SPAN("mark"), FACT_MARK, 0, read_mark },
	{ SPAN("error"), FACT_ERROR, TEXT(facts.error) },
	{ SPAN("encrypted"), NO_FACT, 0, read_encrypted },
};

static bool take_field(struct reading *r, const struct word *w)
{
	struct http_head *h = head(r, w->key.p[2] == 'q' ? &r->request : &r->reply);
	struct span name, value;

	if (!decode(span_skip(w->key, 4), r->arena, &name) || !http_is_token(name) ||
	    !decode(w->value, r->arena, &value))
		return false;
	if (w->state == FACT_VALUE)
		http_head_add_named(h, name, value);
	return true;
}

static bool take_note(struct reading *r, const struct word *w)
{
	struct span name, value;

	if (!decode(span_skip(w->key, 5), r->arena, &name) || !decode(w->value, r->arena, &value))
		return false;
	notes_add(&r->rec->notes, r->arena, name, value);
	return true;
}

static bool take_word(struct reading *r, const struct word *w)
{
	const struct key *k = NULL;
	struct span value;

	if (span_starts(w->key, SPAN("req.")) || span_starts(w->key, SPAN("rep.")))
		return take_field(r, w);
	if (span_starts(w->key, SPAN("note.")))
		return take_note(r, w);
	for (size_t i = 0; i < ARRAY_LEN(keys) && k == NULL; i++)
		if (keys[i].name.p[0] == w->key.p[0] && span_eq(keys[i].name, w->key))
			k = &keys[i];
	if (k == NULL)
		return true;
	if (k->fact != NO_FACT)
		r->rec->facts.state[k->fact] = (uint8_t)w->state;
	if (w->state != FACT_VALUE)
		return true;
	if (!decode(w->value, r->arena, &value))
		return false;
	if (k->read != NULL)
		return k->read(r, value);
	memcpy((char *)r->rec + k->text, &value, sizeof(value));
	return true;
}

/* The URL in parts, once method and URL are known. */
static bool finish_url(struct reading *r)
{
	struct facts *f = &r->rec->facts;
	struct uri *u = ARENA_NEW(r->arena, struct uri);
	const char *detail;

	if (f->url.n == 0)
		return true;
	if (f->method == HTTP_CONNECT ? !uri_parse_authority(f->url, r->arena, u, &detail)
	                              : !uri_parse_absolute(f->url, r->arena, u, &detail))
		return false;
	f->uri = u;
	return true;
}

/* Weekday and minute where the record was written. */
static void finish_clock(struct log_facts_record *rec)
{
	const int64_t minutes = rec->time_us / 60000000 + rec->zone_minutes;

	if (rec->facts.state[FACT_CLOCK] == FACT_VALUE)
		return;
	rec->facts.state[FACT_CLOCK] = FACT_VALUE;
	rec->facts.minute = (unsigned)((minutes % 1440 + 1440) % 1440);
	/* 1970 began on a Thursday. */
	rec->facts.weekday = (unsigned)(((minutes - rec->facts.minute) / 1440 % 7 + 11) % 7);
}

static bool is_known_version(struct span value, const char **error)
{
	uint64_t version;

	if (span_to_u64(value, &version) && version == LOG_FACTS_VERSION)
		return true;
	*error = "another version of the format facts than the one understood here (1)";
	return false;
}

bool log_facts_read(struct span line, struct arena *a, struct log_facts_record *rec,
                    const char **error)
{
	struct reading r = { .rec = rec, .arena = a };
	struct word w;
	bool is_first = true;

	*rec = (struct log_facts_record){ .line = line };
	while (next_word(&line, &w, error)) {
		if (is_first && !span_eq(w.key, SPAN("facts")))
			break;
		if (is_first && !is_known_version(w.value, error))
			return false;
		is_first = false;
		if (!take_word(&r, &w)) {
			*error = "a value that cannot be read";
			return false;
		}
	}
	if (*error != NULL)
		return false;
	*error = "no line of the format facts: it does not begin with facts=1";
	if (is_first)
		return false;
	*error = "a URL that cannot be read";
	if (!finish_url(&r))
		return false;
	finish_clock(rec);
	*error = NULL;
	return true;
}

bool log_facts_tells(const struct log_facts_record *rec, bool is_reply, struct span name)
{
	const struct span prefix = is_reply ? SPAN("rep.") : SPAN("req.");
	struct span rest = rec->line;
	struct word w;
	const char *error;

	while (next_word(&rest, &w, &error))
		if (span_starts(w.key, prefix) && span_eq_nocase(span_skip(w.key, 4), name))
			return true;
	return false;
}
