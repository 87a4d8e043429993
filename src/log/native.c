/*
 * Squid's native format: "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt".
 *
 * Pure. Runs on the log thread for each record, so numbers are printed by hand. No byte from
 * outside can end a field or a line: what could is percent-encoded, as Squid does it for user names
 * and for URLs that hold a control character. Unlike Squid, that is also done for each URL, method
 * and type with any byte from 0x7f up or a blank, so that a log is always ASCII with ten fields a
 * line.
 */
#include "log/access_log.h"
#include "log/format_int.h"

#define LINE_FIXED_MAX (3 * 24 + 2 * IP_TEXT_MAX + 96)

static void put_field(struct log_line *l, struct span s)
{
	if (s.n == 0)
		log_put_char(l, '-');
	else
		log_put_style(l, s, LOG_STYLE_SAFE);
}

/* A mask is for addresses of its own family; Squid's are only for IPv4. */
struct ip log_client_ip(const struct log_rec *rec, const struct ip *mask)
{
	static const struct ip zero;
	struct ip out = rec->client.ip;

	if (ip_eq(mask, &zero) || ip_is_v4(&out) != ip_is_v4(mask))
		return out;
	for (unsigned i = 0; i < sizeof(out.b); i++)
		out.b[i] &= mask->b[i];
	return out;
}

void log_put_result(struct log_line *l, const struct log_rec *rec)
{
	if (rec->is_collapsed && span_starts(log_result_span(rec->result), SPAN("TCP_"))) {
		log_put_text(l, "TCP_CF_");
		log_put_span(l, span_skip(log_result_span(rec->result), 4));
	} else {
		log_put_span(l, log_result_span(rec->result));
	}
	switch (why_row(rec->why)->suffix) {
	case WHY_SUFFIX_NONE:
		break;
	case WHY_SUFFIX_ABORTED:
		log_put_text(l, "_ABORTED");
		break;
	case WHY_SUFFIX_TIMEDOUT:
		log_put_text(l, "_TIMEDOUT");
		break;
	}
}

struct span log_url_text(const struct log_rec *rec, bool strip_query)
{
	struct span url = rec->url;

	/* Squid keeps the question mark, and leaves a CONNECT's authority alone. */
	if (strip_query && !span_eq(rec->method, SPAN("CONNECT")))
		url.n = MIN(span_find(url, '?') + 1, url.n);
	return url;
}

/* Without parameters, as Squid's %mt. */
struct span log_media_type(struct span content_type)
{
	size_t n = 0;

	while (n < content_type.n && content_type.p[n] != ';' && content_type.p[n] != ' ' &&
	       content_type.p[n] != '\t')
		n++;
	return span_of(content_type.p, n);
}

size_t log_native_max(const struct log_rec *rec)
{
	return LINE_FIXED_MAX +
	       3 * (rec->method.n + rec->url.n + rec->user.n + rec->content_type.n);
}

void log_put_native(struct log_line *l, const struct log_rec *rec, const struct log_format_conf *c)
{
	const uint64_t end_ms = (uint64_t)MAX(rec->end_us, (int64_t)0) / 1000;
	const struct ip client = log_client_ip(rec, &c->client_netmask);

	log_put_number(l, end_ms / 1000, 9, ' ');
	log_put_char(l, '.');
	log_put_number(l, end_ms % 1000, 3, '0');
	log_put_char(l, ' ');
	log_put_number(l, (uint64_t)MAX(rec->duration_us, (int64_t)0) / 1000, 6, ' ');
	log_put_char(l, ' ');
	log_put_ip(l, &client);
	log_put_char(l, ' ');
	log_put_result(l, rec);
	log_put_char(l, '/');
	log_put_number(l, rec->status, 3, '0');
	log_put_char(l, ' ');
	log_put_number(l, rec->client_out_bytes, 1, '0');
	log_put_char(l, ' ');
	put_field(l, rec->method);
	log_put_char(l, ' ');
	put_field(l, log_url_text(rec, c->strip_query_terms));
	log_put_char(l, ' ');
	if (rec->user.n == 0)
		log_put_char(l, '-');
	else
		log_put_style(l, rec->user, LOG_STYLE_USER);
	log_put_char(l, ' ');
	log_put_span(l, log_hier_span(rec->hier));
	log_put_char(l, '/');
	log_put_ip(l, &rec->server.ip);
	log_put_char(l, ' ');
	put_field(l, log_media_type(rec->content_type));
}

size_t log_format_native(const struct log_rec *rec, const struct log_conf *c, char *buf, size_t cap)
{
	const struct log_format_conf conf = { .strip_query_terms = c->strip_query_terms,
		                              .client_netmask = c->client_netmask };
	struct log_line l = { buf, buf + cap - 1, false };

	CHECK(cap >= 2);
	log_put_native(&l, rec, &conf);
	*l.p++ = '\n';
	return (size_t)(l.p - buf);
}
