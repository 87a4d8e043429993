/*
 * Cache-Status: an item of structured fields (RFC 8941).
 */
#include "cache/status_field.h"

#include "http/head.h"

static const char *fwd_text(enum status_field_fwd f)
{
	switch (f) {
	case STATUS_FWD_BYPASS:
		return "bypass";
	case STATUS_FWD_METHOD:
		return "method";
	case STATUS_FWD_URI_MISS:
		return "uri-miss";
	case STATUS_FWD_VARY_MISS:
		return "vary-miss";
	case STATUS_FWD_MISS:
		return "miss";
	case STATUS_FWD_REQUEST:
		return "request";
	case STATUS_FWD_STALE:
		return "stale";
	case STATUS_FWD_PARTIAL:
		return "partial";
	}
	UNREACHABLE("reason to forward");
}

/* RFC 8941 3.3.4. */
static bool is_sf_token(struct span s)
{
	if (s.n == 0 ||
	    !((ascii_lower(s.p[0]) >= 'a' && ascii_lower(s.p[0]) <= 'z') || s.p[0] == '*'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ':' && s.p[i] != '/' && !http_is_token(span_of(s.p + i, 1)))
			return false;
	return true;
}

/* As a token if it is one, else as a string (3.3.3), where only printable ASCII may stand. */
static struct span sf_text(struct span s, struct arena *a)
{
	char *text, *p;

	if (is_sf_token(s))
		return s;
	text = p = arena_alloc(a, 2 * s.n + 2);
	*p++ = '"';
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			*p++ = '\\';
		*p++ = (char)(s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
	}
	*p++ = '"';
	return span_of(text, (size_t)(p - text));
}

/* A parameter that may be missing. */
struct parameter {
	char text[48];
};

static struct parameter number(bool is_there, const char *name, long long v)
{
	struct parameter p = { "" };

	if (is_there)
		snprintf(p.text, sizeof(p.text), ";%s=%lld", name, v);
	return p;
}

/* Integers have 15 digits at most (RFC 8941 3.3.1). */
static long long limited(int64_t v)
{
	const long long limit = 999999999999999LL;

	return v > limit ? limit : v < -limit ? -limit : v;
}

struct span status_field_text(const struct status_field *f, struct arena *a)
{
	const struct parameter status =
		number(!f->hit && f->fwd_status != 0, "fwd-status", f->fwd_status);
	const struct parameter ttl = number(f->has_ttl, "ttl", limited(f->ttl_s));
	const struct span name = sf_text(f->cache, a);
	const struct span detail = f->detail.n != 0 ? sf_text(f->detail, a) : SPAN("");

	return arena_printf(a, "%.*s%s%s%s%s%s%s%s%.*s", SPAN_ARG(name),
	                    f->hit ? ";hit" : ";fwd=", f->hit ? "" : fwd_text(f->fwd), status.text,
	                    ttl.text, !f->hit && f->stored ? ";stored" : "",
	                    f->collapsed ? ";collapsed" : "", detail.n != 0 ? ";detail=" : "",
	                    SPAN_ARG(detail));
}
