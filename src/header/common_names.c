/*
 * The field names that Squid knows by heart (Cache-Status since version 6). Rules for Other mean
 * all the others.
 */
#include "header/rules.h"

#include "conf/suggest.h"

/* In lower case, sorted. */
static const char *const names[] = {
	"accept",
	"accept-charset",
	"accept-encoding",
	"accept-language",
	"accept-ranges",
	"age",
	"allow",
	"alternate-protocol",
	"authentication-info",
	"authorization",
	"cache-control",
	"cache-status",
	"cdn-loop",
	"connection",
	"content-base",
	"content-disposition",
	"content-encoding",
	"content-language",
	"content-length",
	"content-location",
	"content-md5",
	"content-range",
	"content-type",
	"cookie",
	"cookie2",
	"date",
	"etag",
	"expect",
	"expires",
	"forwarded",
	"from",
	"front-end-https",
	"ftp-arguments",
	"ftp-command",
	"ftp-pre",
	"ftp-reason",
	"ftp-status",
	"host",
	"http2-settings",
	"if-match",
	"if-modified-since",
	"if-none-match",
	"if-range",
	"if-unmodified-since",
	"keep-alive",
	"key",
	"last-modified",
	"link",
	"location",
	"max-forwards",
	"mime-version",
	"negotiate",
	"origin",
	"pragma",
	"proxy-authenticate",
	"proxy-authentication-info",
	"proxy-authorization",
	"proxy-connection",
	"proxy-support",
	"public",
	"range",
	"referer",
	"request-range",
	"retry-after",
	"server",
	"set-cookie",
	"set-cookie2",
	"surrogate-capability",
	"surrogate-control",
	"te",
	"title",
	"trailer",
	"transfer-encoding",
	"translate",
	"unless-modified-since",
	"upgrade",
	"user-agent",
	"vary",
	"via",
	"warning",
	"www-authenticate",
	"x-accelerator-vary",
	"x-cache",
	"x-cache-lookup",
	"x-forwarded-for",
	"x-next-services",
	"x-request-uri",
	"x-squid-error",
};

/* Like strcmp(), in any case of letters. */
static int compare(struct span a, const char *b)
{
	for (size_t i = 0; i < a.n; i++) {
		const int d = (unsigned char)ascii_lower(a.p[i]) - (unsigned char)b[i];

		if (d != 0)
			return d;
	}
	return b[a.n] == '\0' ? 0 : -1;
}

bool header_name_is_common(struct span name)
{
	size_t from = 0, to = ARRAY_LEN(names);

	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const int d = compare(name, names[mid]);

		if (d == 0)
			return true;
		if (d < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

const char *header_name_meant(struct span name)
{
	const char *near = conf_nearest(name, names, ARRAY_LEN(names));
	const unsigned most = span_starts_nocase(name, SPAN("x-")) ? 1 : 2;

	return near != NULL && conf_distance(name, span_str(near), most) <= most ? near : NULL;
}
