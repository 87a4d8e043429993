/*
 * The four forms of a request's target (RFC 9112 3.2).
 */
#include "http/target.h"

bool http_target_uri(const struct http_head *h, struct arena *a, struct uri *u, const char **detail)
{
	const struct http_field *host = http_head_get(h, HTTP_F_HOST);
	struct uri from_host;

	if (host != NULL && host->value.n != 0 &&
	    !uri_parse_host(host->value, URI_HTTP, a, &from_host, detail))
		return false;
	if (h->method == HTTP_CONNECT)
		return uri_parse_authority(h->target, a, u, detail);
	const bool is_asterisk = span_eq(h->target, SPAN("*"));

	if (h->target.n != 0 && h->target.p[0] != '/' && !is_asterisk)
		return uri_parse_absolute(h->target, a, u, detail);
	if (is_asterisk && h->method != HTTP_OPTIONS) {
		*detail = "the target * is for OPTIONS only";
		return false;
	}
	if (host == NULL || host->value.n == 0) {
		*detail = "the target has no host, and there is no Host";
		return false;
	}
	*u = from_host;
	return uri_parse_path(h->target, &u->path, detail);
}
