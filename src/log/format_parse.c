/*
 * From the text of a logformat to operations.
 *
 * Codes are told by the letters that they begin with, the longest that fits, as in Squid: "%rmx" is
 * the method and an x. That is worth a warning, because a mistyped code may be another one that
 * way.
 */
#include "log/format_int.h"

#include "conf/conf.h"
#include "http/head.h"

#include <stdarg.h>

enum log_arg { LOG_ARG_NONE, LOG_ARG_FIELD, LOG_ARG_TIME, LOG_ARG_NAME, LOG_ARG_BYTE };

struct row {
	const char *text;
	const char *why; /* LOG_CODE_DASH: why */
	enum log_code code;
	enum log_style style;
	enum log_arg arg;
};

/* What the codes are by themselves; other spellings have the row of the one they stand for. */
static const struct row codes[] = {
#define LOG_CODE(sym, text, style, arg, doc)                                                       \
	[LOG_CODE_##sym] = { text, NULL, LOG_CODE_##sym, LOG_STYLE_##style, LOG_ARG_##arg },
#define LOG_ALIAS(text, sym)
#define LOG_DASH(text, why)
#include "log/codes.tbl.h"
#undef LOG_CODE
#undef LOG_ALIAS
#undef LOG_DASH
};

static const struct spelling {
	struct span text;
	enum log_code code;
	const char *why;
} spellings[] = {
#define LOG_CODE(sym, text, style, arg, doc) { SPAN(text), LOG_CODE_##sym, NULL },
#define LOG_ALIAS(text, sym)                 { SPAN(text), LOG_CODE_##sym, NULL },
#define LOG_DASH(text, why)                  { SPAN(text), LOG_CODE_DASH, why },
#include "log/codes.tbl.h"
#undef LOG_CODE
#undef LOG_ALIAS
#undef LOG_DASH
};

struct parse {
	struct log_format *f;
	const struct log_findings *findings;
	struct span rest;
	enum log_style context; /* what the literal text so far says: in quotes, in brackets */
	bool has_error;
};

static void tell(struct parse *p, bool is_error, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void tell(struct parse *p, bool is_error, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	p->has_error |= is_error;
	if (p->findings == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->findings->tell(p->findings->arg, is_error, text);
}

static struct log_op *add_op(struct log_format *f, enum log_code code)
{
	if (f->n_ops == f->cap_ops) {
		f->cap_ops = MAX(2 * f->cap_ops, (size_t)8);
		f->ops = check_realloc(f->ops, f->cap_ops * sizeof(f->ops[0]));
	}
	f->ops[f->n_ops] = (struct log_op){ .code = (uint8_t)code, .max = -1 };
	return &f->ops[f->n_ops++];
}

/* Literals side by side become one. */
static void add_literal(struct log_format *f, struct span text)
{
	struct log_op *last = f->n_ops != 0 ? &f->ops[f->n_ops - 1] : NULL;

	if (text.n == 0)
		return;
	if (last == NULL || last->code != LOG_CODE_LITERAL) {
		add_op(f, LOG_CODE_LITERAL)->arg = arena_dup(&f->arena, text);
		return;
	}
	char *joined = arena_alloc(&f->arena, last->arg.n + text.n);

	if (last->arg.n != 0)
		memcpy(joined, last->arg.p, last->arg.n);
	memcpy(joined + last->arg.n, text.p, text.n);
	last->arg = span_of(joined, last->arg.n + text.n);
}

/* --- literal text ----------------------------------------------------------------------------- */

/* Quotes and brackets in the literal text say how the values between them are written. */
static void take_literal(struct parse *p)
{
	const size_t n = span_find(p->rest, '%');

	for (size_t i = 0; i < n; i++) {
		const char c = p->rest.p[i];

		if (c == '"' && p->context == LOG_STYLE_SAFE)
			p->context = LOG_STYLE_QUOTES;
		else if (c == '[' && p->context == LOG_STYLE_SAFE)
			p->context = LOG_STYLE_MIME;
		else if ((c == '"' && p->context == LOG_STYLE_QUOTES) ||
		         (c == ']' && p->context == LOG_STYLE_MIME))
			p->context = LOG_STYLE_SAFE;
	}
	add_literal(p->f, span_of(p->rest.p, n));
	p->rest = span_skip(p->rest, n);
}

/* --- modifiers -------------------------------------------------------------------------------- */

struct modifiers {
	bool has_style, is_left, is_zero, has_arg;
	enum log_style style;
	unsigned width;
	int max;
	struct span arg;
};

static bool take_char(struct parse *p, char c)
{
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	p->rest = span_skip(p->rest, 1);
	return true;
}

static void take_style(struct parse *p, struct modifiers *m)
{
	static const struct {
		char sign;
		enum log_style style;
	} signs[] = {
		{ '"', LOG_STYLE_QUOTES }, { '\'', LOG_STYLE_RAW },  { '[', LOG_STYLE_MIME },
		{ '#', LOG_STYLE_URL },    { '/', LOG_STYLE_SHELL },
	};

	for (size_t i = 0; i < ARRAY_LEN(signs) && !m->has_style; i++) {
		if (!take_char(p, signs[i].sign))
			continue;
		m->has_style = true;
		m->style = signs[i].style;
	}
}

/* False: too large (reported). *n is left alone if there are no digits. */
static bool take_number(struct parse *p, unsigned *n)
{
	uint64_t v;
	size_t digits = 0;

	while (digits < p->rest.n && p->rest.p[digits] >= '0' && p->rest.p[digits] <= '9')
		digits++;
	if (digits == 0)
		return true;
	if (!span_to_u64(span_of(p->rest.p, digits), &v) || v > LOG_WIDTH_MAX) {
		tell(p, true, "\"%%%.*s\": a column is at most %d wide",
		     (int)MIN(digits, (size_t)40), p->rest.p, LOG_WIDTH_MAX);
		return false;
	}
	*n = (unsigned)v;
	p->rest = span_skip(p->rest, digits);
	return true;
}

static bool take_argument(struct parse *p, struct modifiers *m)
{
	if (m->has_arg || p->rest.n == 0 || p->rest.p[0] != '{')
		return true;
	const size_t end = span_find(p->rest, '}');

	if (end == p->rest.n) {
		tell(p, true, "\"%%%.*s\": the brace is not closed", SPAN_ARG(p->rest));
		return false;
	}
	m->has_arg = true;
	m->arg = span_of(p->rest.p + 1, end - 1);
	p->rest = span_skip(p->rest, end + 1);
	return true;
}

static bool take_modifiers(struct parse *p, struct modifiers *m)
{
	unsigned max = 0;

	*m = (struct modifiers){ .max = -1 };
	take_style(p, m);
	m->is_left = take_char(p, '-');
	m->is_zero = take_char(p, '0');
	if (!take_number(p, &m->width))
		return false;
	if (take_char(p, '.')) {
		if (!take_number(p, &max))
			return false;
		m->max = (int)max;
	}
	return take_argument(p, m);
}

/* --- codes ------------------------------------------------------------------------------------ */

/* The longest spelling that s begins with; NULL: none. */
static const struct spelling *find_spelling(struct span s)
{
	const struct spelling *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		if (span_starts(s, spellings[i].text) &&
		    (best == NULL || spellings[i].text.n > best->text.n))
			best = &spellings[i];
	return best;
}

/* How far the letters go that a reader would take for the code. */
static struct span code_word(struct span s)
{
	size_t n = 0;

	while (n < s.n && (strchr("<>_:", s.p[n]) != NULL || (s.p[n] >= '0' && s.p[n] <= '9') ||
	                   (ascii_lower(s.p[n]) >= 'a' && ascii_lower(s.p[n]) <= 'z')))
		n++;
	return span_of(s.p, n);
}

/* The nearest spelling; Cuttle's own are known without their prefix, too. NULL: none is near. */
static const char *nearest(struct span word)
{
	const char *names[2 * ARRAY_LEN(spellings)], *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		names[n++] = spellings[i].text.p;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		if (span_starts(spellings[i].text, SPAN("cuttle::")) &&
		    span_eq(span_skip(spellings[i].text, 8), word))
			return spellings[i].text.p;
	near = conf_nearest(word, names, n);
	return near;
}

static void tell_unknown(struct parse *p, struct span at)
{
	const struct span word = code_word(at);
	const char *near = nearest(word);

	if (word.n == 0)
		tell(p, true, "a per cent sign without a code; write %%%% for the sign itself");
	else if (near != NULL)
		tell(p, true, "unknown code \"%%%.*s\"; did you mean %%%s?", SPAN_ARG(word), near);
	else
		tell(p, true, "unknown code \"%%%.*s\"; cuttle.conf(5) lists them at logformat",
		     SPAN_ARG(word));
}

/* Letters glued to a code are no part of it. */
static void warn_glued(struct parse *p, struct span at, const struct spelling *s)
{
	struct span word = code_word(at);
	const char *near;

	while (word.n != 0 && (word.p[word.n - 1] == ':' || word.p[word.n - 1] == '<' ||
	                       word.p[word.n - 1] == '>'))
		word.n--;
	if (word.n <= s->text.n)
		return;
	near = nearest(word);
	if (near != NULL && strcmp(near, s->text.p) == 0)
		near = NULL;
	tell(p, false, "\"%%%.*s\" is read as %%%s and the text \"%.*s\"%s%s%s", SPAN_ARG(word),
	     s->text.p, SPAN_ARG(span_skip(word, s->text.n)),
	     near != NULL ? "; did you mean %" : "", near != NULL ? near : "",
	     near != NULL ? "?" : "");
}

static const struct spelling *take_spelling(struct parse *p)
{
	struct span at = p->rest;
	const struct spelling *s;
	char tls[80];

	if (span_starts(at, SPAN("http::")))
		at = span_skip(at, 6);
	if (span_starts(at, SPAN("tls::"))) {
		const int n = snprintf(tls, sizeof(tls), "ssl::%.*s",
		                       SPAN_ARG(code_word(span_skip(at, 5))));

		s = n < (int)sizeof(tls) ? find_spelling(span_str(tls)) : NULL;
	} else {
		s = find_spelling(at);
	}
	if (s == NULL) {
		tell_unknown(p, p->rest);
		return NULL;
	}
	if (at.p[0] != 't' || s->text.p[0] != 's')
		warn_glued(p, at, s);
	p->rest = span_skip(at, s->text.n);
	return s;
}

/* --- arguments -------------------------------------------------------------------------------- */

static void want(struct log_op *op, enum log_field_kind kind, struct span name)
{
	op->wants_field = true;
	op->kind = kind;
	op->arg = name;
}

static bool set_field(struct parse *p, struct log_op *op, const struct modifiers *m)
{
	const bool is_request = op->code == LOG_CODE_REQUEST_FIELD;
	const size_t colon = span_find(m->arg, ':');
	struct span element = span_skip(m->arg, colon + 1);
	const struct span name = arena_dup(&p->f->arena, span_of(m->arg.p, colon));

	if (!m->has_arg) {
		want(op, is_request ? LOG_FIELD_ALL_REQUEST : LOG_FIELD_ALL_REPLY, SPAN_NULL);
		return true;
	}
	if (!http_is_token(name)) {
		tell(p, true, "\"{%.*s}\": expected the name of a header field, as in {User-Agent}",
		     SPAN_ARG(m->arg));
		return false;
	}
	want(op, is_request ? LOG_FIELD_REQUEST : LOG_FIELD_REPLY, name);
	if (colon == m->arg.n)
		return true;
	op->separator = ',';
	if (element.n != 0 && strchr(",;:", element.p[0]) != NULL) {
		op->separator = element.p[0];
		element = span_skip(element, 1);
	}
	op->element = arena_dup(&p->f->arena, element);
	if (element.n != 0)
		return true;
	tell(p, true, "\"{%.*s}\": expected the name of a list's element after the colon",
	     SPAN_ARG(m->arg));
	return false;
}

static bool set_note(struct parse *p, struct log_op *op, const struct modifiers *m)
{
	/* A separator may follow a colon; values are joined when they are packed, by a comma. */
	const struct span name = span_of(m->arg.p, span_find(m->arg, ':'));

	if (!m->has_arg)
		want(op, LOG_FIELD_ALL_NOTES, SPAN_NULL);
	else
		want(op, LOG_FIELD_NOTE, arena_dup(&p->f->arena, name));
	if (!m->has_arg || name.n != 0)
		return true;
	tell(p, true, "\"{%.*s}\": expected the name of a note", SPAN_ARG(m->arg));
	return false;
}

static bool set_byte(struct parse *p, struct log_op *op, const struct modifiers *m)
{
	uint64_t v;

	if (m->has_arg && span_to_u64(m->arg, &v) && v >= 1 && v <= 255) {
		const char byte = (char)v;

		op->arg = arena_dup(&p->f->arena, span_of(&byte, 1));
		op->code = LOG_CODE_LITERAL;
		return true;
	}
	tell(p, true, "%%byte: expected a number from 1 to 255, as in %%byte{65}");
	return false;
}

static bool set_argument(struct parse *p, struct log_op *op, enum log_arg arg,
                         const struct modifiers *m)
{
	switch (arg) {
	case LOG_ARG_NONE:
		return true;
	case LOG_ARG_FIELD:
		return set_field(p, op, m);
	case LOG_ARG_NAME:
		return set_note(p, op, m);
	case LOG_ARG_BYTE:
		return set_byte(p, op, m);
	case LOG_ARG_TIME:
		op->arg = m->has_arg                        ? arena_dup(&p->f->arena, m->arg)
		          : op->code == LOG_CODE_LOCAL_TIME ? SPAN("%d/%b/%Y:%H:%M:%S %z")
		                                            : SPAN("%d/%b/%Y:%H:%M:%S");
		op->stamp = (uint16_t)p->f->n_stamps++;
		return true;
	}
	UNREACHABLE("argument of a code");
}

/* What codes without an argument want of the record. */
static void set_wants(struct log_op *op)
{
	if (op->code == LOG_CODE_CLIENT_NAME)
		want(op, LOG_FIELD_CLIENT_NAME, SPAN_NULL);
	else if (op->code == LOG_CODE_CLIENT_MARK)
		want(op, LOG_FIELD_CLIENT_MARK, SPAN_NULL);
	else if (op->code == LOG_CODE_RULE || op->code == LOG_CODE_PLACE)
		want(op, LOG_FIELD_RULE, SPAN_NULL);
	else if (op->code == LOG_CODE_PEER_TIME || op->code == LOG_CODE_SERVER_TIME)
		want(op, LOG_FIELD_TIMES, SPAN_NULL);
	else if (op->code == LOG_CODE_SOURCE_IP || op->code == LOG_CODE_SOURCE_PORT)
		want(op, LOG_FIELD_SOURCE, SPAN_NULL);
}

static bool take_code(struct parse *p)
{
	const struct spelling *s;
	struct modifiers m;
	struct log_op *op;

	p->rest = span_skip(p->rest, 1);
	if (take_char(p, '%')) {
		add_literal(p->f, SPAN("%"));
		return true;
	}
	if (!take_modifiers(p, &m))
		return false;
	s = take_spelling(p);
	if (s == NULL || !take_argument(p, &m))
		return false;
	op = add_op(p->f, s->code);
	op->is_left = m.is_left;
	op->is_zero = m.is_zero;
	op->width = (uint16_t)m.width;
	op->max = (int16_t)m.max;
	if (s->code == LOG_CODE_DASH) {
		if (p->findings != NULL)
			p->findings->dash(p->findings->arg, s->text.p, s->why);
		return true;
	}
	op->style = (uint8_t)(m.has_style                    ? m.style
	                      : p->context != LOG_STYLE_SAFE ? p->context
	                                                     : codes[s->code].style);
	set_wants(op);
	return set_argument(p, op, codes[s->code].arg, &m);
}

/* --- formats ---------------------------------------------------------------------------------- */

static struct log_format *make(struct span name)
{
	struct log_format *f;

	OBJ_NEW(f, LOG_FORMAT_MAGIC);
	atomic_init(&f->refs, 1);
	arena_init(&f->arena);
	f->name = span_strdup(name);
	return f;
}

struct log_format *log_format_new(struct span name, struct span text,
                                  const struct log_findings *findings)
{
	struct parse p = {
		.f = make(name), .findings = findings, .rest = text, .context = LOG_STYLE_SAFE
	};

	while (p.rest.n != 0) {
		if (p.rest.p[0] != '%')
			take_literal(&p);
		else if (!take_code(&p))
			break;
	}
	if (p.f->n_ops == 0 && !p.has_error)
		tell(&p, true, "the format is empty");
	if (p.has_error)
		log_format_unref(&p.f);
	return p.f;
}

/* "%[un" and "HTTP/1.1" as Squid's own writers have them: for columns between blanks. */
static void add_user(struct log_format *f)
{
	add_op(f, LOG_CODE_USER)->style = LOG_STYLE_USER;
}

static void add_text(struct log_format *f, struct span text)
{
	struct parse p = { .f = f, .rest = text, .context = LOG_STYLE_SAFE };

	while (p.rest.n != 0) {
		if (p.rest.p[0] != '%')
			take_literal(&p);
		else
			CHECK(take_code(&p));
	}
}

static void add_proto(struct log_format *f, struct span before)
{
	add_text(f, before);
	/* The quotes are literal here; the text before was read as inside of them. */
	add_op(f, LOG_CODE_PROTO);
	add_literal(f, SPAN("\""));
}

static void build_common(struct log_format *f, bool is_combined)
{
	add_text(f, SPAN("%>a - "));
	add_user(f);
	add_proto(f, SPAN(" [%tl] \"%rm %ru "));
	add_text(f, SPAN(" %>Hs %<st "));
	if (is_combined)
		add_text(f, SPAN("\"%{Referer}>h\" \"%{User-Agent}>h\" "));
	add_text(f, SPAN("%Ss:%Sh"));
	f->has_mime_headers = true;
}

static const struct span builtins[] = { SPAN("squid"),    SPAN("common"),    SPAN("combined"),
	                                SPAN("referrer"), SPAN("useragent"), SPAN("facts") };
enum { SQUID, COMMON, COMBINED, REFERRER, USERAGENT, FACTS_FORMAT, BUILTIN_N };
_Static_assert(ARRAY_LEN(builtins) == BUILTIN_N, "one name for each");

bool log_format_is_builtin(struct span name)
{
	for (size_t i = 0; i < BUILTIN_N; i++)
		if (span_eq(name, builtins[i]))
			return true;
	return false;
}

struct log_format *log_format_builtin(struct span name)
{
	struct log_format *f;

	if (!log_format_is_builtin(name))
		return NULL;
	f = make(name);
	if (span_eq(name, builtins[SQUID])) {
		add_op(f, LOG_CODE_NATIVE);
		f->has_mime_headers = true;
	} else if (span_eq(name, builtins[COMMON])) {
		build_common(f, false);
	} else if (span_eq(name, builtins[COMBINED])) {
		build_common(f, true);
	} else if (span_eq(name, builtins[REFERRER])) {
		add_text(f, SPAN("%9ts.%03tu %>a %{Referer}>h %ru"));
	} else if (span_eq(name, builtins[USERAGENT])) {
		add_text(f, SPAN("%>a [%tl] \"%{User-Agent}>h\""));
	} else {
		want(add_op(f, LOG_CODE_FACTS), LOG_FIELD_FACTS, SPAN_NULL);
	}
	return f;
}

/* --- binding ---------------------------------------------------------------------------------- */

/* log_mime_hdrs: " [request's fields] [reply's fields]", where nothing is nothing. */
static void add_mime_headers(struct log_format *f)
{
	static const enum log_code sides[] = { LOG_CODE_REQUEST_FIELD, LOG_CODE_REPLY_FIELD };
	static const enum log_field_kind kinds[] = { LOG_FIELD_ALL_REQUEST, LOG_FIELD_ALL_REPLY };

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		add_literal(f, SPAN(" ["));
		struct log_op *op = add_op(f, sides[i]);

		op->style = LOG_STYLE_MIME;
		op->may_be_empty = true;
		want(op, kinds[i], SPAN_NULL);
		add_literal(f, SPAN("]"));
	}
}

/* Short texts go to the values behind them, and everything knows its function. */
static void link_ops(struct log_format *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_ops; i++) {
		const struct log_op *before = n != 0 ? &f->ops[n - 1] : NULL;
		struct log_op op = f->ops[i];

		op.put = log_printers[op.code].put;
		op.member = log_printers[op.code].member;
		op.pad = op.is_zero ? '0' : ' ';
		op.digits = op.is_left && !op.is_zero ? 0 : op.width;
		op.is_cut_at_max = op.max >= 0 && log_printers[op.code].is_text;
		if (before != NULL && before->code == LOG_CODE_LITERAL &&
		    before->arg.n <= LOG_LEAD_MAX && op.code != LOG_CODE_LITERAL) {
			memcpy(op.lead, before->arg.p, before->arg.n);
			op.n_lead = (uint8_t)before->arg.n;
			n--;
		}
		f->ops[n++] = op;
	}
	f->n_ops = n;
}

void log_format_bind(struct log_format *f, const struct log_format_conf *c,
                     struct log_fields *needed)
{
	CHECK_OBJ(f, LOG_FORMAT_MAGIC);
	if (f->is_bound)
		return;
	f->is_bound = true;
	f->conf = *c;
	if (f->has_mime_headers && c->mime_headers)
		add_mime_headers(f);
	for (size_t i = 0; i < f->n_ops; i++)
		if (f->ops[i].wants_field)
			f->ops[i].field =
				(uint32_t)log_fields_need(needed, f->ops[i].kind, f->ops[i].arg);
	add_literal(f, SPAN("\n"));
	link_ops(f);
}

static bool is_same_op(const struct log_op *a, const struct log_op *b)
{
	return a->code == b->code && a->n_lead == b->n_lead &&
	       memcmp(a->lead, b->lead, a->n_lead) == 0 && a->style == b->style &&
	       a->is_left == b->is_left && a->is_zero == b->is_zero &&
	       a->may_be_empty == b->may_be_empty && a->separator == b->separator &&
	       a->width == b->width && a->max == b->max && a->stamp == b->stamp &&
	       a->field == b->field && a->kind == b->kind && a->wants_field == b->wants_field &&
	       span_eq(a->arg, b->arg) && span_eq(a->element, b->element);
}

bool log_format_is_same(const struct log_format *a, const struct log_format *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n_ops != b->n_ops || a->is_bound != b->is_bound ||
	    a->conf.strip_query_terms != b->conf.strip_query_terms ||
	    !ip_eq(&a->conf.client_netmask, &b->conf.client_netmask))
		return false;
	for (size_t i = 0; i < a->n_ops; i++)
		if (!is_same_op(&a->ops[i], &b->ops[i]))
			return false;
	return true;
}

/* --- life ------------------------------------------------------------------------------------- */

struct log_format *log_format_ref(struct log_format *f)
{
	CHECK_OBJ(f, LOG_FORMAT_MAGIC);
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void log_format_unref(struct log_format **fp)
{
	struct log_format *f = *fp;

	if (f == NULL)
		return;
	CHECK_OBJ(f, LOG_FORMAT_MAGIC);
	*fp = NULL;
	/* Acquire pairs with the release of the other holder. */
	if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(f->name);
	free(f->ops);
	arena_fini(&f->arena);
	OBJ_FREE(f, LOG_FORMAT_MAGIC);
}

const char *log_format_name(const struct log_format *f)
{
	return f->name;
}
