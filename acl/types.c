/*
 * The table of acl types, and the subjects that they look at.
 *
 * A subject function is asked for the 0th, 1st, ... thing to compare until it says that this was
 * the last or that there are no more. What it does where a fact is absent or failed stands in the
 * row, not in the function.
 */
#include "acl/type.h"

#include "conf/suggest.h"
#include "http/uri.h"

/*
 * True if the type's i-th fact is no value. Then *got is what the subject function returns: that
 * the fact is needed, or what the row says instead of it.
 */
static bool is_lacking(const struct acl *a, struct acl_eval *e, unsigned i, struct acl_subject *s,
                       enum acl_got *got)
{
	const struct acl_read *r = &a->type->reads[i];
	const enum fact_state state = (enum fact_state)e->f->state[r->fact];

	if (likely(state == FACT_VALUE))
		return false;
	if (state == FACT_UNKNOWN) {
		e->need = r->fact;
		*got = GOT_NEED;
		return true;
	}
	*got = GOT_LAST;
	switch (state == FACT_ABSENT ? r->absent : r->failed) {
	case LACK_MISMATCH:
		*got = GOT_END;
		break;
	case LACK_NONE_NAME:
		s->text = SPAN("none");
		break;
	case LACK_NO_ADDRESS:
		memset(s->ip.b, 0xff, sizeof(s->ip.b));
		break;
	}
	return true;
}

/* The same for the request, which without a URI is of no use. */
static bool is_lacking_uri(const struct acl *a, struct acl_eval *e, struct acl_subject *s,
                           enum acl_got *got)
{
	if (is_lacking(a, e, 0, s, got))
		return true;
	*got = GOT_END;
	return e->f->uri == NULL;
}

#define SUBJECT(name)                                                                              \
	static enum acl_got name(const struct acl *a, struct acl_eval *e, UNUSED unsigned i,       \
	                         struct acl_subject *s)

SUBJECT(subject_src)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->ip = e->f->src.ip;
	return GOT_LAST;
}

SUBJECT(subject_local)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->ip = e->f->local.ip;
	s->number = e->f->local.port;
	return GOT_LAST;
}

/* The URL's address if it is one; else all that its name resolves to. */
SUBJECT(subject_dst)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	if (e->f->uri->host_is_ip) {
		s->ip = e->f->uri->ip;
		return GOT_LAST;
	}
	if (a->no_lookup)
		return GOT_END;
	if (is_lacking(a, e, 1, s, &got))
		return got;
	if (i >= e->f->n_dst)
		return GOT_END;
	s->ip = e->f->dst[i];
	return GOT_VALUE;
}

/* The URL's host as it is; if that is an address, then also its name. */
SUBJECT(subject_dst_name)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	if (i == 0) {
		s->text = e->f->uri->host;
		return e->f->uri->host_is_ip && !a->no_lookup ? GOT_VALUE : GOT_LAST;
	}
	if (is_lacking(a, e, 1, s, &got))
		return got;
	s->text = e->f->dst_name;
	return GOT_LAST;
}

SUBJECT(subject_src_name)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = e->f->src_name;
	return GOT_LAST;
}

SUBJECT(subject_port)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	s->number = e->f->uri->port;
	return GOT_LAST;
}

SUBJECT(subject_port_name)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = e->f->port_name;
	return GOT_LAST;
}

SUBJECT(subject_scheme)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	s->text = e->f->uri->scheme_text;
	return s->text.n != 0 ? GOT_LAST : GOT_END; /* CONNECT has none */
}

SUBJECT(subject_method)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->method = e->f->method;
	s->text = e->f->method_name;
	return GOT_LAST;
}

SUBJECT(subject_url)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = acl_eval_url(e);
	return s->text.n != 0 ? GOT_LAST : GOT_END;
}

SUBJECT(subject_url_path)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	/* A CONNECT has no path: nothing matches, as in Squid. */
	if (e->f->uri->scheme == URI_NONE || e->f->uri->path.n == 0)
		return GOT_END;
	s->text = e->f->uri->path;
	if (memchr(s->text.p, '%', s->text.n) != NULL)
		s->text = uri_decode(s->text, acl_eval_arena(e));
	return GOT_LAST;
}

SUBJECT(subject_browser)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	if (e->f->request == NULL)
		return GOT_END;
	const struct http_field *field = http_head_get(e->f->request, HTTP_F_USER_AGENT);

	if (field == NULL)
		return GOT_END;
	s->text = field->value;
	return GOT_LAST;
}

SUBJECT(subject_clock)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->weekday = e->f->weekday % 7;
	s->number = e->f->minute;
	return GOT_LAST;
}

SUBJECT(subject_nothing)
{
	(void)a;
	(void)e;
	(void)s;
	return GOT_LAST;
}

/* --- the table ------------------------------------------------------------------------------ */

#define READS_SRC      { { FACT_SRC, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_LOCAL    { { FACT_LOCAL, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_NAME     { { FACT_PORT_NAME, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_CLOCK    { { FACT_CLOCK, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_REQUEST  { { FACT_REQUEST, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_SRC_NAME { { FACT_SRC_NAME, LACK_NONE_NAME, LACK_NONE_NAME } }, 1
#define READS_DST                                                                                  \
	{ { FACT_REQUEST, LACK_MISMATCH, LACK_MISMATCH },                                          \
	  { FACT_DST_ADDRS, LACK_NO_ADDRESS, LACK_NO_ADDRESS } },                                  \
		2
#define READS_DST_NAME                                                                             \
	{ { FACT_REQUEST, LACK_MISMATCH, LACK_MISMATCH },                                          \
	  { FACT_DST_NAME, LACK_NONE_NAME, LACK_NONE_NAME } },                                     \
		2

#define NAMES "example.com (that name) and .example.com (that name and all below it)"
#define REGEX "regular expressions, after -i without regard to case"
#define ADDRS "192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32, all, ipv4, ipv6"
#define PORTS "numbers and ranges such as 1025-65535"

#define UNBUILT(name_, what)                                                                       \
	{                                                                                          \
		.name = (name_), .note = (what)                                                        \
	}
#define NEEDS_USERS  "it needs users, whom Cuttle does not authenticate yet"
#define NEEDS_TLS    "it needs TLS interception, which Cuttle does not have yet"
#define NEEDS_HELPER "it needs helper programs, which Cuttle does not have yet"
#define NEEDS_WORK   "Cuttle does not have it yet"

/* clang-format off */
static const struct acl_type types[] = {
	{ "src",	    &acl_kind_addrs,   subject_src,	  0, READS_SRC, ADDRS },
	{ "dst",	    &acl_kind_addrs,   subject_dst,	  TYPE_TAKES_N, READS_DST, ADDRS },
	{ "localip",	    &acl_kind_addrs,   subject_local,	  0, READS_LOCAL, ADDRS },
	{ "dstdomain",	    &acl_kind_domains, subject_dst_name,  TYPE_TAKES_N, READS_DST_NAME, NAMES },
	{ "srcdomain",	    &acl_kind_domains, subject_src_name,  0, READS_SRC_NAME, NAMES },
	{ "dstdom_regex",   &acl_kind_regexes, subject_dst_name,  TYPE_TAKES_N | TYPE_TAKES_I, READS_DST_NAME, REGEX },
	{ "srcdom_regex",   &acl_kind_regexes, subject_src_name,  TYPE_TAKES_I, READS_SRC_NAME, REGEX },
	{ "port",	    &acl_kind_ports,   subject_port,	  0, READS_REQUEST, PORTS },
	{ "localport",	    &acl_kind_ports,   subject_local,	  0, READS_LOCAL, PORTS },
	{ "myportname",	    &acl_kind_words,   subject_port_name, 0, READS_NAME, "names of listening ports (name=)" },
	{ "proto",	    &acl_kind_schemes, subject_scheme,	  0, READS_REQUEST, "URL schemes such as HTTP and FTP" },
	{ "method",	    &acl_kind_methods, subject_method,	  0, READS_REQUEST, "methods such as GET and CONNECT" },
	{ "url_regex",	    &acl_kind_regexes, subject_url,	  TYPE_TAKES_I, READS_REQUEST, REGEX },
	{ "urlpath_regex",  &acl_kind_regexes, subject_url_path,  TYPE_TAKES_I, READS_REQUEST, REGEX },
	{ "browser",	    &acl_kind_regexes, subject_browser,	  TYPE_TAKES_I, READS_REQUEST, REGEX, .field = "User-Agent" },
	{ "time",	    &acl_kind_time,    subject_clock,	  0, READS_CLOCK, "days (SMTWHFA, D) and hh:mm-hh:mm" },
	{ "any-of",	    &acl_kind_any_of,  NULL,		  0, { { 0 } }, 0, "names of acls, each perhaps after a !" },
	{ "all-of",	    &acl_kind_all_of,  NULL,		  0, { { 0 } }, 0, "names of acls, each perhaps after a !" },

	{ .name = "myip",   .new_name = "localip" },
	{ .name = "myport", .new_name = "localport" },

	UNBUILT("adaptation_service", NEEDS_WORK),
	UNBUILT("annotate_client", NEEDS_WORK),
	UNBUILT("annotate_transaction", NEEDS_WORK),
	UNBUILT("arp", NEEDS_WORK),
	UNBUILT("at_step", NEEDS_TLS),
	UNBUILT("ca_cert", NEEDS_TLS),
	UNBUILT("client_connection_mark", NEEDS_WORK),
	UNBUILT("clientside_mark", NEEDS_WORK),
	UNBUILT("connections_encrypted", NEEDS_TLS),
	UNBUILT("eui64", NEEDS_WORK),
	UNBUILT("ext_user", NEEDS_HELPER),
	UNBUILT("ext_user_regex", NEEDS_HELPER),
	UNBUILT("external", NEEDS_HELPER),
	UNBUILT("has", NEEDS_WORK),
	UNBUILT("hier_code", NEEDS_WORK),
	UNBUILT("http_status", NEEDS_WORK),
	UNBUILT("max_user_ip", NEEDS_USERS),
	UNBUILT("maxconn", NEEDS_WORK),
	UNBUILT("note", NEEDS_WORK),
	UNBUILT("peername", NEEDS_WORK),
	UNBUILT("peername_regex", NEEDS_WORK),
	UNBUILT("proxy_auth", NEEDS_USERS),
	UNBUILT("proxy_auth_regex", NEEDS_USERS),
	UNBUILT("random", NEEDS_WORK),
	UNBUILT("referer_regex", NEEDS_WORK),
	UNBUILT("rep_header", NEEDS_WORK),
	UNBUILT("rep_mime_type", NEEDS_WORK),
	UNBUILT("req_header", NEEDS_WORK),
	UNBUILT("req_mime_type", NEEDS_WORK),
	UNBUILT("server_cert_fingerprint", NEEDS_TLS),
	UNBUILT("snmp_community", "Cuttle does not speak SNMP"),
	UNBUILT("squid_error", NEEDS_WORK),
	UNBUILT("ssl_error", NEEDS_TLS),
	UNBUILT("ssl::server_name", NEEDS_TLS),
	UNBUILT("ssl::server_name_regex", NEEDS_TLS),
	UNBUILT("tag", NEEDS_HELPER),
	UNBUILT("transaction_initiator", NEEDS_WORK),
	UNBUILT("urllogin", "Cuttle refuses URLs with user names in them"),
	UNBUILT("user_cert", NEEDS_TLS),

	UNBUILT("dst_as", "Squid has dropped it"),
	UNBUILT("ident", "Squid has dropped it"),
	UNBUILT("ident_regex", "Squid has dropped it"),
	UNBUILT("src_as", "Squid has dropped it"),
	UNBUILT("urlgroup", "Squid has dropped it"),
};
/* clang-format on */

const struct acl_type acl_type_broken = { "(broken)", &acl_kind_broken, subject_nothing,
	                                  0,          { { 0 } },        0,
	                                  "" };

const struct acl_type *acl_type_at(size_t i)
{
	return i < ARRAY_LEN(types) ? &types[i] : NULL;
}

const struct acl_type *acl_type_of(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq(name, span_str(types[i].name)))
			return &types[i];
	return NULL;
}

const char *acl_type_suggest(struct span name)
{
	const char *best = NULL;
	unsigned least = conf_distance_limit(name) + 1;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const unsigned d = conf_distance(name, span_str(types[i].name), least);

		if (d < least) {
			least = d;
			best = types[i].name;
		}
	}
	return best;
}

bool fact_may_wait(enum fact f)
{
	switch (f) {
	case FACT_DST_ADDRS:
	case FACT_SRC_NAME:
	case FACT_DST_NAME:
	case FACT_USER:
		return true;
	case FACT_SRC:
	case FACT_LOCAL:
	case FACT_PORT_NAME:
	case FACT_CLOCK:
	case FACT_REQUEST:
	case FACT_REPLY:
	case FACT_NOTES:
	case FACT_DRAW:
	case FACT_CONNECTIONS:
	case FACT_PEER:
	case FACT_HIER:
	case FACT_INITIATOR:
	case FACT_MARK:
	case FACT_ERROR:
		return false;
	case FACT_N:
		break;
	}
	UNREACHABLE("fact");
}

struct span acl_field_of(const struct acl *a)
{
	if (a->field != NULL)
		return span_str(a->field);
	return a->type->field != NULL ? span_str(a->type->field) : SPAN("");
}

unsigned acl_reads_itself(const struct acl *a)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < a->type->n_reads; i++)
		if (i == 0 || !a->no_lookup)
			bits |= 1u << a->type->reads[i].fact;
	return bits;
}

/* --- what could not be understood ----------------------------------------------------------- */

static void *broken_make(void)
{
	return NULL;
}

static void broken_free(void *data)
{
	(void)data;
}

static void broken_parse(struct acl *a, struct acl_parse *p, struct span value)
{
	(void)a;
	(void)p;
	(void)value;
}

static size_t broken_count(const void *data)
{
	(void)data;
	return 1;
}

static enum acl_match broken_match(const struct acl *a, const struct acl_subject *s,
                                   struct acl_eval *e)
{
	(void)a;
	(void)s;
	e->detail = "an acl could not be understood";
	return ACL_UNDECIDED;
}

static struct span broken_print(const struct acl_subject *s, struct arena *a)
{
	(void)s;
	(void)a;
	return SPAN("");
}

const struct acl_kind acl_kind_broken = {
	.make = broken_make,
	.free = broken_free,
	.parse = broken_parse,
	.count = broken_count,
	.match = broken_match,
	.print = broken_print,
};
