/*
 * Writing facts as words. Each word goes in whole or not at all; if one does not fit, the words end
 * with cut=1, so that a reader knows that something is missing.
 */
#include "log/facts.h"

#include "log/line_int.h"
#include "log/ring_int.h"

#define NEAR_BYTES 2048
#define CUT        " cut=1"

struct packer {
	struct log_line line; /* its end leaves room for CUT */
	bool is_cut;
};

/* --- names ------------------------------------------------------------------------------------ */

bool log_names_has(const struct log_names *s, struct span name)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq_nocase(span_str(s->v[i]), name))
			return true;
	return false;
}

bool log_names_add(struct log_names *s, struct span name)
{
	if (log_names_has(s, name))
		return false;
	s->v = check_realloc(s->v, (s->n + 1) * sizeof(s->v[0]));
	s->v[s->n] = span_strdup(name);
	for (char *p = s->v[s->n]; *p != '\0'; p++)
		*p = ascii_lower(*p);
	s->n++;
	return true;
}

void log_names_fini(struct log_names *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct log_names){ 0 };
}

/* Values of these are never recorded, whatever policy reads: credentials and cookies. */
static bool is_secret(struct span name)
{
	static const struct span secret[] = {
		SPAN("authorization"),
		SPAN("proxy-authorization"),
		SPAN("authentication-info"),
		SPAN("proxy-authentication-info"),
		SPAN("cookie"),
		SPAN("set-cookie"),
	};

	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		if (span_eq_nocase(name, secret[i]))
			return true;
	return false;
}

/* --- words ------------------------------------------------------------------------------------ */

static void put_encoded(struct log_line *l, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = (uint8_t)s.p[i];

		if (c > 0x20 && c < 0x7f && c != '%')
			log_put_char(l, s.p[i]);
		else
			log_put_percent(l, c);
	}
}

/* In a key the first equals sign ends it. */
static void put_name(struct log_line *l, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '=')
			log_put_percent(l, '=');
		else
			put_encoded(l, span_of(s.p + i, 1));
}

/* A text that is only the sign for a fact's state must not be taken for one. */
static void put_value(struct log_line *l, struct span s)
{
	if (s.n == 1 && (s.p[0] == '-' || s.p[0] == '!'))
		log_put_percent(l, (uint8_t)s.p[0]);
	else
		put_encoded(l, s);
}

static char *word_begin(struct packer *p, const char *key)
{
	char *at = p->line.p;

	log_put_char(&p->line, ' ');
	log_put_text(&p->line, key);
	log_put_char(&p->line, '=');
	return at;
}

static void word_end(struct packer *p, char *at)
{
	if (!p->line.is_cut)
		return;
	p->line.p = at;
	p->line.is_cut = false;
	p->is_cut = true;
}

static void word(struct packer *p, const char *key, struct span value)
{
	char *at = word_begin(p, key);

	put_value(&p->line, value);
	word_end(p, at);
}

static void number(struct packer *p, const char *key, uint64_t v)
{
	char *at = word_begin(p, key);

	log_put_number(&p->line, v, 1, '0');
	word_end(p, at);
}

static void put_endpoint(struct packer *p, const char *key, const struct endpoint *e)
{
	char text[ENDPOINT_TEXT_MAX];

	word(p, key, span_str(endpoint_text(e, text)));
}

/* "prefix.name=value" for each field of that name, or one word that says that there is none. */
static void field(struct packer *p, const char *prefix, const char *name, const struct http_head *h)
{
	unsigned n = 0;
	char *at;

	for (uint32_t i = 0; i <= h->n_fields; i++) {
		const bool is_end = i == h->n_fields;

		if (is_end ? n != 0 : !span_eq_nocase(h->fields[i].name, span_str(name)))
			continue;
		at = p->line.p;
		log_put_char(&p->line, ' ');
		log_put_text(&p->line, prefix);
		put_name(&p->line, span_str(name));
		log_put_char(&p->line, '=');
		if (is_end)
			log_put_char(&p->line, '-');
		else
			put_value(&p->line, h->fields[i].value);
		word_end(p, at);
		n++;
	}
}

static void fields(struct packer *p, const char *prefix, const struct log_names *names,
                   const struct http_head *h)
{
	for (size_t i = 0; i < names->n; i++)
		if (!is_secret(span_str(names->v[i])))
			field(p, prefix, names->v[i], h);
}

/* --- facts ------------------------------------------------------------------------------------ */

static void pack_clock(struct packer *p, const struct facts *f)
{
	char *at = word_begin(p, "clock");

	log_put_number(&p->line, f->weekday, 1, '0');
	log_put_char(&p->line, '.');
	log_put_number(&p->line, f->minute, 1, '0');
	word_end(p, at);
}

static void pack_addresses(struct packer *p, const struct facts *f)
{
	char text[IP_TEXT_MAX], *at = word_begin(p, "dst");

	for (unsigned i = 0; i < f->n_dst; i++) {
		if (i != 0)
			log_put_char(&p->line, ',');
		log_put_text(&p->line, ip_text(&f->dst[i], text));
	}
	word_end(p, at);
}

static void pack_request(struct packer *p, const struct facts *f, const struct log_names *names)
{
	word(p, "method", f->method_name);
	if (f->uri != NULL)
		word(p, "url", f->url);
	if (f->request != NULL) {
		number(p, "version", f->request->version);
		fields(p, "req.", names, f->request);
	}
	if (f->is_client_encrypted)
		number(p, "encrypted", 1);
}

static void pack_reply(struct packer *p, const struct facts *f, const struct log_names *names)
{
	number(p, "reply", f->reply->status);
	fields(p, "rep.", names, f->reply);
}

static void pack_notes(struct packer *p, const struct notes *notes)
{
	const struct note *n = notes != NULL ? notes->first : NULL;

	/* That there are none is told as well. */
	word(p, "notes", n != NULL ? SPAN("some") : SPAN("none"));
	for (; n != NULL; n = n->next) {
		char *at = p->line.p;

		log_put_text(&p->line, " note.");
		put_name(&p->line, n->name);
		log_put_char(&p->line, '=');
		put_value(&p->line, n->value);
		word_end(p, at);
	}
}

static const char *const keys[] = {
	[FACT_SRC] = "src",
	[FACT_LOCAL] = "local",
	[FACT_PORT_NAME] = "portname",
	[FACT_CLOCK] = "clock",
	[FACT_REQUEST] = "method",
	[FACT_REPLY] = "reply",
	[FACT_DST_ADDRS] = "dst",
	[FACT_SRC_NAME] = "srcname",
	[FACT_DST_NAME] = "dstname",
	[FACT_USER] = "user",
	[FACT_NOTES] = "notes",
	[FACT_DRAW] = "draw",
	[FACT_CONNECTIONS] = "connections",
	[FACT_PEER] = "peer",
	[FACT_HIER] = "hier",
	[FACT_INITIATOR] = "initiator",
	[FACT_MARK] = "mark",
	[FACT_ERROR] = "error",
};
_Static_assert(ARRAY_LEN(keys) == FACT_N, "each fact has its word, here and in facts_read.c");

static void pack_value(struct packer *p, const struct facts *f, enum fact fact,
                       const struct log_facts_fields *names)
{
	switch (fact) {
	case FACT_SRC:
		put_endpoint(p, keys[fact], &f->src);
		return;
	case FACT_LOCAL:
		put_endpoint(p, keys[fact], &f->local);
		return;
	case FACT_PORT_NAME:
		word(p, keys[fact], f->port_name);
		return;
	case FACT_CLOCK:
		pack_clock(p, f);
		return;
	case FACT_REQUEST:
		pack_request(p, f, &names->request);
		return;
	case FACT_REPLY:
		pack_reply(p, f, &names->reply);
		return;
	case FACT_DST_ADDRS:
		pack_addresses(p, f);
		return;
	case FACT_SRC_NAME:
		word(p, keys[fact], f->src_name);
		return;
	case FACT_DST_NAME:
		word(p, keys[fact], f->dst_name);
		return;
	case FACT_USER:
		word(p, keys[fact], f->user);
		return;
	case FACT_NOTES:
		pack_notes(p, f->notes);
		return;
	case FACT_DRAW:
		number(p, keys[fact], f->draw);
		return;
	case FACT_CONNECTIONS:
		number(p, keys[fact], f->connections);
		return;
	case FACT_PEER:
		word(p, keys[fact], f->peer);
		return;
	case FACT_HIER:
		word(p, keys[fact], f->hier_code);
		return;
	case FACT_INITIATOR:
		word(p, keys[fact], f->initiator);
		return;
	case FACT_MARK:
		number(p, keys[fact], f->mark);
		return;
	case FACT_ERROR:
		word(p, keys[fact], f->error);
		return;
	case FACT_N:
		break;
	}
	UNREACHABLE("fact");
}

static void pack_state(struct packer *p, enum fact fact, char sign)
{
	char *at = word_begin(p, keys[fact]);

	log_put_char(&p->line, sign);
	word_end(p, at);
}

static void all_facts(struct packer *p, const struct facts *f, const struct log_facts_fields *names)
{
	for (unsigned i = 0; i < FACT_N; i++) {
		switch ((enum fact_state)f->state[i]) {
		case FACT_UNKNOWN:
			break;
		case FACT_ABSENT:
			pack_state(p, (enum fact)i, '-');
			break;
		case FACT_FAILED:
			pack_state(p, (enum fact)i, '!');
			break;
		case FACT_VALUE:
			pack_value(p, f, (enum fact)i, names);
			break;
		}
	}
	if (p->is_cut) {
		p->line.end += sizeof(CUT) - 1;
		log_put_text(&p->line, CUT);
	}
}

struct span log_facts_pack(const struct facts *f, const struct log_facts_fields *names,
                           struct arena *a)
{
	char near[NEAR_BYTES], *far;
	struct packer p = { .line = { near, near + sizeof(near) - (sizeof(CUT) - 1), false } };

	all_facts(&p, f, names);
	if (!p.is_cut)
		return arena_dup(a, span_of(near, (size_t)(p.line.p - near)));
	far = arena_try_alloc(a, LOG_TEXT_MAX);
	if (far == NULL)
		return SPAN_NULL;
	p = (struct packer){ .line = { far, far + LOG_TEXT_MAX - (sizeof(CUT) - 1), false } };
	all_facts(&p, f, names);
	return span_of(far, (size_t)(p.line.p - far));
}

/* --- lines ------------------------------------------------------------------------------------ */

static void text_word(struct log_line *l, const char *key, struct span value)
{
	if (value.n == 0)
		return;
	log_put_text(l, key);
	put_value(l, value);
}

static void put_zone(struct log_line *l, int minutes)
{
	const unsigned distance = (unsigned)abs(minutes);

	log_put_text(l, minutes < 0 ? " zone=-" : " zone=+");
	log_put_number(l, distance / 60, 2, '0');
	log_put_number(l, distance % 60, 2, '0');
}

void log_facts_line(struct log_line *l, const struct log_rec *rec, int zone_minutes)
{
	const uint64_t start_us = (uint64_t)MAX(rec->start_us, (int64_t)0);

	log_put_text(l, "facts=1 time=");
	log_put_number(l, start_us / 1000000, 1, '0');
	log_put_char(l, '.');
	log_put_number(l, start_us % 1000000, 6, '0');
	put_zone(l, zone_minutes);
	log_put_text(l, " id=");
	log_put_number(l, rec->id, 1, '0');
	switch ((enum log_verdict)rec->verdict) {
	case LOG_VERDICT_NONE:
		break;
	case LOG_VERDICT_ALLOW:
		log_put_text(l, " verdict=allow");
		break;
	case LOG_VERDICT_DENY:
		log_put_text(l, " verdict=deny");
		break;
	}
	text_word(l, " rule=", rec->rule);
	text_word(l, " place=", rec->rule_place);
	text_word(l, " reported=", rec->reported);
	text_word(l, " shadow=", rec->shadow);
	text_word(l, " why=", span_str(why_row(rec->why)->symbol));
	text_word(l, " detail=", rec->detail);
	text_word(l, " result=", span_str(log_result_text(rec->result)));
	log_put_text(l, " status=");
	log_put_number(l, rec->status, 3, '0');
	log_put_span(l, rec->facts);
}
