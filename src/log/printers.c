/*
 * What the codes print: one function for each kind of value, and the table of codes.
 *
 * A function prints nothing at all for what is absent; the sign for that is the caller's affair.
 */
#include "log/format_int.h"

#include "base/why.h"
#include "log/facts.h"

/* --- times ------------------------------------------------------------------------------------ */

static const void *at(const struct log_run *r, const struct log_op *op)
{
	return (const char *)r->rec + op->member;
}

/* The format is the administrator's: nothing that strftime() takes can do harm. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t time_in_words(char *at, size_t cap, const char *format, const struct tm *tm)
{
	return strftime(at, cap, format, tm);
}
#pragma GCC diagnostic pop

static void put_time(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	struct log_stamp *st = &r->state->stamps[op->stamp];
	const time_t second = (time_t)(r->rec->end_us / 1000000);
	const bool is_local = op->code == LOG_CODE_LOCAL_TIME;
	struct tm tm;

	if (st->second != second) {
		st->second = second;
		st->n = 0;
		if ((is_local ? localtime_r(&second, &tm) : gmtime_r(&second, &tm)) != NULL)
			st->n = time_in_words(st->text, sizeof(st->text), op->arg.p, &tm);
	}
	log_put_style(l, span_of(st->text, st->n), (enum log_style)op->style);
}

static inline void put_integer(struct log_line *l, const struct log_op *op, uint64_t v)
{
	log_put_number(l, v, op->digits, op->pad);
}

static unsigned digits_of(const struct log_op *op, unsigned otherwise)
{
	return op->max < 0 ? otherwise : (unsigned)MIN((int)op->max, 6);
}

static const uint32_t micros_per[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };

/* The whole part's width, of which point and fraction take some. */
static unsigned whole_width(const struct log_op *op, unsigned digits)
{
	return op->is_zero && op->width > digits + 1 ? op->width - digits - 1u : 1;
}

/* Squid writes milliseconds for .0, as if nothing were said. */
static void put_start(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	const uint64_t t = (uint64_t)MAX(r->rec->start_us, (int64_t)0);
	unsigned digits = digits_of(op, 3);

	digits = digits != 0 ? digits : 3;
	log_put_number(l, t / 1000000, whole_width(op, digits), '0');
	log_put_char(l, '.');
	log_put_number(l, t % 1000000 / micros_per[digits], digits, '0');
}

static void print_ms(struct log_line *l, const struct log_op *op, uint64_t us)
{
	const unsigned digits = digits_of(op, 0);

	if (digits == 0) {
		put_integer(l, op, us / 1000);
		return;
	}
	log_put_number(l, us / 1000, whole_width(op, digits), '0');
	log_put_char(l, '.');
	/* A fraction of a millisecond has three digits to tell; more are noughts. */
	log_put_number(l, us % 1000 * 1000 / micros_per[digits], digits, '0');
}

/* A negative duration is one that did not happen. */
static void put_ms(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	int64_t us;

	memcpy(&us, at(r, op), sizeof(us));
	if (us >= 0)
		print_ms(l, op, (uint64_t)us);
}

static void put_duration(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	print_ms(l, op, (uint64_t)MAX(r->rec->duration_us, (int64_t)0));
}

static void put_fraction(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	const uint64_t t = (uint64_t)MAX(r->rec->end_us, (int64_t)0);
	unsigned digits = digits_of(op, 3);

	digits = digits != 0 ? digits : 3;
	put_integer(l, op, t % 1000000 / micros_per[digits]);
}

/* --- parts of the record ---------------------------------------------------------------------- */

/*
 * The URL was canonical when the record was made: "scheme://host[:port]/path", "host:port" for a
 * CONNECT, or error:something, which has no parts.
 */
struct url_parts {
	struct span scheme, host, port, path;
};

static void split_authority(struct span s, struct url_parts *u)
{
	size_t colon = s.n;

	while (colon != 0 && s.p[colon - 1] != ':' && s.p[colon - 1] != ']')
		colon--;
	if (colon == 0 || s.p[colon - 1] == ']') {
		u->host = s;
		return;
	}
	u->host = span_of(s.p, colon - 1);
	u->port = span_skip(s, colon);
}

static struct span default_port(struct span scheme)
{
	return span_eq(scheme, SPAN("http"))    ? SPAN("80")
	       : span_eq(scheme, SPAN("https")) ? SPAN("443")
	       : span_eq(scheme, SPAN("ftp"))   ? SPAN("21")
	                                        : SPAN_NULL;
}

static struct url_parts url_parts(const struct log_rec *rec)
{
	struct url_parts u = { .path = SPAN_NULL };
	struct span rest = rec->url;
	size_t slash;

	if (span_starts(rest, SPAN("error:")))
		return u;
	if (span_eq(rec->method, SPAN("CONNECT"))) {
		split_authority(rest, &u);
		return u;
	}
	const size_t colon = span_find(rest, ':');

	if (!span_starts(span_skip(rest, colon), SPAN("://")))
		return u;
	u.scheme = span_of(rest.p, colon);
	rest = span_skip(rest, colon + 3);
	slash = span_find(rest, '/');
	split_authority(span_of(rest.p, slash), &u);
	u.path = span_skip(rest, slash);
	if (u.port.n == 0)
		u.port = default_port(u.scheme);
	return u;
}

/* "name=value" in a list, case and all, as Squid looks for it; quotes hold what they hold. */
static struct span element_of(struct span list, struct span name, char separator)
{
	size_t at = 0;

	while (at < list.n) {
		size_t end = at;
		bool is_quoted = false;

		for (; end < list.n && (is_quoted || list.p[end] != separator); end++) {
			if (list.p[end] == '\\' && is_quoted && end + 1 < list.n)
				end++;
			else if (list.p[end] == '"')
				is_quoted = !is_quoted;
		}
		const struct span item = span_trim(span_of(list.p + at, end - at));

		if (span_starts(item, name) && item.n > name.n && item.p[name.n] == '=')
			return span_skip(item, name.n + 1);
		at = end + 1;
	}
	return SPAN_NULL;
}

static struct span field_text(const struct log_op *op, const struct log_rec *rec)
{
	const struct span text = log_pack_get(rec->fields, op->field);

	return op->element.n == 0 ? text : element_of(text, op->element, op->separator);
}

static bool has_server(const struct log_rec *rec)
{
	return rec->server.port != 0;
}

/* Squid has a page's name for a client that has gone, too. */
static struct span error_name(const struct log_rec *rec)
{
	const struct why_row *row = why_row((enum why)rec->cause);

	if (row->page != NULL)
		return span_str(row->page);
	return rec->cause == WHY_CLIENT_GONE || rec->cause == WHY_CLIENT_WRITE
	               ? SPAN("ERR_CLIENT_GONE")
	               : SPAN_NULL;
}

static struct span error_detail(const struct log_rec *rec)
{
	return error_name(rec).n != 0 ? span_str(why_row((enum why)rec->cause)->symbol) : SPAN_NULL;
}

static struct span verdict_text(const struct log_rec *rec)
{
	switch ((enum log_verdict)rec->verdict) {
	case LOG_VERDICT_NONE:
		return SPAN_NULL;
	case LOG_VERDICT_ALLOW:
		return SPAN("allow");
	case LOG_VERDICT_DENY:
		return SPAN("deny");
	}
	UNREACHABLE("verdict");
}

/* --- values ----------------------------------------------------------------------------------- */

static void put_text(struct log_line *l, const struct log_op *op, struct span s)
{
	if (s.n != 0)
		log_put_style(l, s, (enum log_style)op->style);
}

static void put_span(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	struct span s;

	memcpy(&s, at(r, op), sizeof(s));
	put_text(l, op, s);
}

static void put_u64(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	uint64_t v;

	memcpy(&v, at(r, op), sizeof(v));
	put_integer(l, op, v);
}

static void put_u16(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	uint16_t v;

	memcpy(&v, at(r, op), sizeof(v));
	put_integer(l, op, v);
}

/* Ports and statuses, of which 0 is none. */
static void put_u16_not_0(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	uint16_t v;

	memcpy(&v, at(r, op), sizeof(v));
	if (v != 0)
		put_integer(l, op, v);
}

static void put_ip(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	static const struct ip zero;
	struct ip ip;

	memcpy(&ip, at(r, op), sizeof(ip));
	if (!ip_eq(&ip, &zero))
		log_put_ip(l, &ip);
}

static void put_client_ip(struct log_line *l, const struct log_run *r,
                          const struct log_op *op UNUSED)
{
	const struct ip ip = log_client_ip(r->rec, &r->format->conf.client_netmask);

	log_put_ip(l, &ip);
}

static void put_field(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, field_text(op, r->rec));
}

static void put_client_name(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	const struct span name = field_text(op, r->rec);
	const struct ip shown = log_client_ip(r->rec, &r->format->conf.client_netmask);

	/* A name would tell what the mask hides. */
	if (name.n != 0 && ip_eq(&shown, &r->rec->client.ip))
		put_text(l, op, name);
	else
		put_client_ip(l, r, op);
}

static void put_server_name(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	if (has_server(r->rec))
		put_text(l, op, r->rec->server_name);
}

static void put_attempts(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_integer(l, op, r->rec->attempts);
}

static void put_end(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_integer(l, op, (uint64_t)MAX(r->rec->end_us, (int64_t)0) / 1000000);
}

static void put_url(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, log_url_text(r->rec, r->format->conf.strip_query_terms));
}

static void put_scheme(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, url_parts(r->rec).scheme);
}

static void put_host(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, url_parts(r->rec).host);
}

static void put_port(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, url_parts(r->rec).port);
}

static void put_path(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, url_parts(r->rec).path);
}

static void put_dotted(struct log_line *l, unsigned version)
{
	log_put_number(l, version / 10, 1, '0');
	log_put_char(l, '.');
	log_put_number(l, version % 10, 1, '0');
}

static void put_version(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	put_dotted(l, r->rec->version);
}

static void put_client_version(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	if (r->rec->version != 0)
		put_version(l, r, op);
}

/* Requests to servers are always of the same version; a tunnel sends none. */
static void put_server_version(struct log_line *l, const struct log_run *r,
                               const struct log_op *op UNUSED)
{
	if (has_server(r->rec) && !span_eq(r->rec->method, SPAN("CONNECT")))
		put_dotted(l, 11);
}

static void put_proto(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	log_put_text(l, r->rec->version != 0 ? "HTTP/" : "NONE/");
	put_dotted(l, r->rec->version);
}

static void put_type(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, log_media_type(r->rec->content_type));
}

static void put_result(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	log_put_result(l, r->rec);
}

static void put_hier(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	log_put_span(l, log_hier_span((enum log_hier)r->rec->hier));
}

static void put_err_code(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, error_name(r->rec));
}

static void put_err_detail(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, error_detail(r->rec));
}

static void put_all_bytes(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_integer(l, op, r->rec->client_in_bytes + r->rec->client_out_bytes);
}

static void put_server_body(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	if (r->rec->server_status != 0)
		put_integer(l, op, r->rec->server_in_bytes);
}

static void put_sequence(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_integer(l, op, r->state->sequence);
}

static void put_why(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, span_str(why_row((enum why)r->rec->why)->symbol));
}

static void put_verdict(struct log_line *l, const struct log_run *r, const struct log_op *op)
{
	put_text(l, op, verdict_text(r->rec));
}

/* Zones change at most on a quarter of an hour. */
static int zone_minutes(struct log_state *s, int64_t us)
{
	const time_t second = (time_t)(us / 1000000);
	struct tm tm;

	if (second / 900 != s->zone_of) {
		s->zone_of = second / 900;
		s->zone_minutes = localtime_r(&second, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
	}
	return s->zone_minutes;
}

/* --- whole lines, and what is none of the record's -------------------------------------------- */

static void put_literal(struct log_line *l, const struct log_run *r UNUSED, const struct log_op *op)
{
	log_put_span(l, op->arg);
}

static void put_native(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	log_put_native(l, r->rec, &r->format->conf);
}

static void put_facts(struct log_line *l, const struct log_run *r, const struct log_op *op UNUSED)
{
	log_facts_line(l, r->rec, zone_minutes(r->state, r->rec->start_us));
}

static void put_nothing(struct log_line *l UNUSED, const struct log_run *r UNUSED,
                        const struct log_op *op UNUSED)
{
}

/* clang-format off */
#define TEXT(m)   { put_span, true, offsetof(struct log_rec, m) }
#define NUMBER(m) { put_u64, false, offsetof(struct log_rec, m) }
#define MS(m)     { put_ms, false, offsetof(struct log_rec, m) }
#define OF(m, f)  (offsetof(struct log_rec, m) + offsetof(struct endpoint, f))
#define IP(m)     { put_ip, true, OF(m, ip) }
#define PORT(m)   { put_u16_not_0, false, OF(m, port) }
#define U16(m)    { put_u16_not_0, false, offsetof(struct log_rec, m) }
#define WORD(fn)  { (fn), true, 0 }
#define COUNT(fn) { (fn), false, 0 }

const struct log_printer log_printers[LOG_CODE_N] = {
	[LOG_CODE_LITERAL]        = COUNT(put_literal),
	[LOG_CODE_NATIVE]         = COUNT(put_native),
	[LOG_CODE_FACTS]          = COUNT(put_facts),
	[LOG_CODE_BYTE]           = COUNT(put_literal),
	[LOG_CODE_DASH]           = COUNT(put_nothing),
	[LOG_CODE_PROTO]          = WORD(put_proto),
	[LOG_CODE_CLIENT_IP]      = WORD(put_client_ip),
	[LOG_CODE_CLIENT_PORT]    = PORT(client),
	[LOG_CODE_CLIENT_NAME]    = WORD(put_client_name),
	[LOG_CODE_LOCAL_IP]       = IP(local),
	[LOG_CODE_LOCAL_PORT]     = PORT(local),
	[LOG_CODE_CONNECTION]     = NUMBER(id),
	[LOG_CODE_MASTER]         = NUMBER(id),
	[LOG_CODE_SERVER_IP]      = IP(server),
	[LOG_CODE_SERVER_PORT]    = PORT(server),
	[LOG_CODE_SERVER_NAME]    = WORD(put_server_name),
	[LOG_CODE_SOURCE_IP]      = IP(source),
	[LOG_CODE_SOURCE_PORT]    = PORT(source),
	[LOG_CODE_ATTEMPTS]       = COUNT(put_attempts),
	[LOG_CODE_SECONDS]        = COUNT(put_end),
	[LOG_CODE_FRACTION]       = COUNT(put_fraction),
	[LOG_CODE_LOCAL_TIME]     = WORD(put_time),
	[LOG_CODE_UTC_TIME]       = WORD(put_time),
	[LOG_CODE_START]          = COUNT(put_start),
	[LOG_CODE_DURATION]       = COUNT(put_duration),
	[LOG_CODE_PEER_TIME]      = MS(peer_us),
	[LOG_CODE_SERVER_TIME]    = MS(server_us),
	[LOG_CODE_DNS_TIME]       = MS(dns_us),
	[LOG_CODE_METHOD]         = TEXT(method),
	[LOG_CODE_URL]            = WORD(put_url),
	[LOG_CODE_CLIENT_URL]     = TEXT(url),
	[LOG_CODE_SCHEME]         = WORD(put_scheme),
	[LOG_CODE_HOST]           = WORD(put_host),
	[LOG_CODE_PORT]           = WORD(put_port),
	[LOG_CODE_PATH]           = WORD(put_path),
	[LOG_CODE_VERSION]        = WORD(put_version),
	[LOG_CODE_CLIENT_VERSION] = WORD(put_client_version),
	[LOG_CODE_SERVER_VERSION] = WORD(put_server_version),
	[LOG_CODE_REQUEST_FIELD]  = WORD(put_field),
	[LOG_CODE_REPLY_FIELD]    = WORD(put_field),
	[LOG_CODE_NOTE]           = WORD(put_field),
	[LOG_CODE_CLIENT_MARK]    = WORD(put_field),
	[LOG_CODE_USER]           = TEXT(user),
	[LOG_CODE_LOGIN]          = TEXT(user),
	[LOG_CODE_STATUS]         = { put_u16, false, offsetof(struct log_rec, status) },
	[LOG_CODE_SERVER_STATUS]  = U16(server_status),
	[LOG_CODE_TYPE]           = WORD(put_type),
	[LOG_CODE_RESULT]         = WORD(put_result),
	[LOG_CODE_HIER]           = WORD(put_hier),
	[LOG_CODE_ERR_CODE]       = WORD(put_err_code),
	[LOG_CODE_ERR_DETAIL]     = WORD(put_err_detail),
	[LOG_CODE_IN_BYTES]       = NUMBER(client_in_bytes),
	[LOG_CODE_IN_HEAD]        = NUMBER(client_head_bytes),
	[LOG_CODE_OUT_BYTES]      = NUMBER(client_out_bytes),
	[LOG_CODE_OUT_HEAD]       = NUMBER(reply_head_bytes),
	[LOG_CODE_ALL_BYTES]      = COUNT(put_all_bytes),
	[LOG_CODE_SERVER_BODY]    = COUNT(put_server_body),
	[LOG_CODE_BODY]           = NUMBER(server_in_bytes),
	[LOG_CODE_SEQUENCE]       = COUNT(put_sequence),
	[LOG_CODE_WHY]            = WORD(put_why),
	[LOG_CODE_DETAIL]         = TEXT(detail),
	[LOG_CODE_VERDICT]        = WORD(put_verdict),
	[LOG_CODE_RULE]           = TEXT(rule),
	[LOG_CODE_PLACE]          = TEXT(rule_place),
	[LOG_CODE_REPORTED]       = TEXT(reported),
	[LOG_CODE_SHADOW]         = TEXT(shadow),
};
/* clang-format on */
