/*
 * URIs: the forms of a request target (RFC 9112 3.2) and the value of Host, taken apart strictly.
 *
 * What policy judges must be what is dialled: so a host has one spelling (lower case, addresses in
 * canonical text, no final dot), also an IPv4 address in one of the forms that inet_aton() takes.
 */
#include "http/uri.h"

#include "http/chars_int.h"

#define HOST_BYTES_MAX  253u /* RFC 1035 2.3.4, as text without the final dot */
#define LABEL_BYTES_MAX 63u

static bool refuse(const char **detail, const char *why)
{
	*detail = why;
	return false;
}

/* ---- hosts ---- */

/* "123", "0x7f": the kind of last label that makes inet_aton() take a name for an address. */
static bool is_number(struct span label)
{
	const char *const end = label.p + label.n;

	if (label.n >= 2 && label.p[0] == '0' && ascii_lower(label.p[1]) == 'x')
		return char_class_end(label.p + 2, end, CHAR_HEX) == end;
	return char_class_end(label.p, end, CHAR_DIGIT) == end;
}

/* One part of an address: decimal, 0x and hexadecimal digits, or 0 and octal digits. */
static bool parse_part(struct span s, uint64_t *value)
{
	const bool is_hex = s.n > 2 && s.p[0] == '0' && ascii_lower(s.p[1]) == 'x';
	const unsigned base = is_hex ? 16 : s.n > 1 && s.p[0] == '0' ? 8 : 10;
	uint64_t v = 0;

	s = span_skip(s, is_hex ? 2 : 0);
	for (size_t i = 0; i < s.n; i++) {
		const bool is_digit = char_is(s.p[i], CHAR_DIGIT);

		if (!is_digit && !(is_hex && char_is(s.p[i], CHAR_HEX)))
			return false;
		const unsigned digit =
			(unsigned)(is_digit ? s.p[i] - '0' : ascii_lower(s.p[i]) - 'a' + 10);

		if (digit >= base)
			return false;
		v = v * base + digit;
		if (v > UINT32_MAX)
			return false;
	}
	*value = v;
	return s.n != 0;
}

/*
 * An IPv4 address in the looser forms that inet_aton() and with it most programs take (RFC 6943
 * 3.1.1): one to four parts, of which the last fills what is left.
 */
static bool parse_loose_address(struct span s, struct ip *ip)
{
	uint32_t address = 0;

	for (unsigned parts = 1; parts <= 4; parts++) {
		const size_t n = span_find(s, '.');
		const unsigned bits_left = 8 * (5 - parts);
		uint64_t part;

		if (!parse_part(span_of(s.p, n), &part))
			return false;
		if (n == s.n) {
			if (part >> bits_left != 0)
				return false;
			*ip = ip_from_v4(address | (uint32_t)part);
			return true;
		}
		if (part > 255)
			return false;
		address |= (uint32_t)part << (bits_left - 8);
		s = span_skip(s, n + 1);
	}
	return false;
}

/* The labels of a name of host bytes; *last is the last one. */
static bool check_labels(struct span name, struct span *last, const char **detail)
{
	size_t start = 0;

	for (size_t i = 0; i <= name.n; i++) {
		if (i != name.n && name.p[i] != '.')
			continue;
		if (i == start)
			return refuse(detail, "an empty label in the host name");
		if (i - start > LABEL_BYTES_MAX)
			return refuse(detail, "a label of more than 63 bytes in the host name");
		*last = span_of(name.p + start, i - start);
		start = i + 1;
	}
	return true;
}

/* The bytes that end the authority of a URI (RFC 3986 3.2). */
static bool is_path_start(char byte)
{
	return byte == '/' || byte == '?' || byte == '#';
}

static COLD bool bad_host_byte(char byte, const char **detail)
{
	if (byte == '%')
		return refuse(detail, "percent-encoding in the host");
	if (byte == ':')
		return refuse(detail, "more than one colon in the host and port");
	if (byte == ',')
		return refuse(detail, "more than one host");
	if (char_is_blank(byte))
		return refuse(detail, "a blank in the host");
	if ((uint8_t)byte >= 0x80)
		return refuse(detail, "a byte outside ASCII in the host");
	return refuse(detail, "a byte that no host name may hold");
}

static struct span lower(struct span s, struct arena *a)
{
	char *const copy = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = ascii_lower(s.p[i]);
	return span_of(copy, s.n);
}

static void set_address(struct uri *u, struct ip ip, struct arena *a)
{
	char text[IP_TEXT_MAX];

	u->host_is_ip = true;
	u->ip = ip;
	u->host = arena_dup(a, span_str(ip_text(&ip, text)));
}

/* Take a name or an IPv4 address off the front. */
static bool take_name(struct span *s, struct uri *u, struct arena *a, const char **detail)
{
	struct span host = SPAN(""), last = SPAN("");
	unsigned classes = 0;
	struct ip ip;

	for (size_t i = 0; i < s->n && char_is(s->p[i], CHAR_HOST); i++) {
		classes |= http_chars[(uint8_t)s->p[i]];
		host = span_of(s->p, i + 1);
	}
	if (host.n == 0) /* what there is instead is told by bad_authority() */
		return s->n == 0 || *s->p == ':' || is_path_start(*s->p)
		               ? refuse(detail, "an empty host")
		               : false;
	*s = span_skip(*s, host.n);
	u->has_final_dot = host.p[host.n - 1] == '.';
	host.n -= u->has_final_dot;
	if (host.n > HOST_BYTES_MAX)
		return refuse(detail, "a host name of more than 253 bytes");
	if (!check_labels(host, &last, detail))
		return false;
	if (!is_number(last)) {
		u->host = (classes & CHAR_UPPER) != 0 ? lower(host, a) : host;
		return true;
	}
	if (!parse_loose_address(host, &ip))
		return refuse(detail, "a host that ends in a number but is no address");
	set_address(u, ip, a);
	return true;
}

/* Take "[" address "]" off the front (RFC 3986 3.2.2). A zone is of no use to a proxy. */
static bool take_literal(struct span *s, struct uri *u, struct arena *a, const char **detail)
{
	const size_t close = span_find(*s, ']');
	struct ip ip;

	if (close == s->n)
		return refuse(detail, "a bracket without its pair");
	const struct span inner = span_of(s->p + 1, close - 1);

	if (span_find(inner, ':') == inner.n || !ip_parse(inner, &ip))
		return refuse(detail, "brackets that hold no IPv6 address");
	set_address(u, ip, a);
	*s = span_skip(*s, close + 1);
	return true;
}

/* Take ":" port off the front. */
static bool take_port(struct span *s, struct uri *u, const char **detail)
{
	uint64_t port;
	size_t n = 1;

	while (n < s->n && char_is(s->p[n], CHAR_DIGIT))
		n++;
	if (n == 1)
		return refuse(detail, "an empty port, or one that is no number");
	if (n > 6 || !span_to_u64(span_of(s->p + 1, n - 1), &port) || port == 0 ||
	    port > UINT16_MAX)
		return refuse(detail, "a port that is no number from 1 to 65535");
	u->port = (uint16_t)port;
	u->has_port = true;
	*s = span_skip(*s, n);
	return true;
}

static bool take_host_and_port(struct span *s, struct uri *u, struct arena *a, const char **detail)
{
	const bool is_literal = s->n != 0 && *s->p == '[';

	u->port = uri_default_port(u->scheme);
	return (is_literal ? take_literal : take_name)(s, u, a, detail) &&
	       (s->n == 0 || *s->p != ':' || take_port(s, u, detail));
}

/* Why there is no authority at the start of `all`, of which `rest` was not taken. */
static COLD bool bad_authority(struct span all, struct span rest, bool is_whole,
                               const char **detail)
{
	size_t n = 0;

	while (n < all.n && (is_whole || !is_path_start(all.p[n])))
		n++;
	/* RFC 9110 4.2.4: user information is used to hide the real host */
	if (n != 0 && memchr(all.p, '@', n) != NULL)
		return refuse(detail, "user information before the host");
	return *detail != NULL ? false : bad_host_byte(*rest.p, detail);
}

/* Take host [ ":" port ] off the front; a path may follow, or with is_whole nothing. */
static bool take_authority(struct span *s, bool is_whole, struct uri *u, struct arena *a,
                           const char **detail)
{
	const struct span all = *s;

	*detail = NULL;
	if (take_host_and_port(s, u, a, detail) &&
	    (s->n == 0 || (!is_whole && is_path_start(*s->p))))
		return true;
	return bad_authority(all, *s, is_whole, detail);
}

/* ---- schemes ---- */

static const struct {
	struct span name;
	enum uri_scheme scheme;
	uint16_t port;
} schemes[] = {
	{ { "http", 4 }, URI_HTTP, 80 },
	{ { "https", 5 }, URI_HTTPS, 443 },
	{ { "ftp", 3 }, URI_FTP, 21 },
	{ { "urn", 3 }, URI_URN, 0 },
};

static enum uri_scheme scheme_of(struct span text)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (span_eq_nocase(schemes[i].name, text))
			return schemes[i].scheme;
	return URI_WS_OTHER;
}

static struct span scheme_name(enum uri_scheme s)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (schemes[i].scheme == s)
			return schemes[i].name;
	return SPAN("");
}

uint16_t uri_default_port(enum uri_scheme s)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (schemes[i].scheme == s)
			return schemes[i].port;
	return 0;
}

/* Take scheme "://" off the front (RFC 3986 3.1). */
static bool take_scheme(struct span *s, struct uri *u, const char **detail)
{
	const size_t n = span_find(*s, ':');

	if (n == s->n || n == 0 || !char_is(*s->p, CHAR_ALPHA))
		return refuse(detail, "a target without a scheme");
	for (size_t i = 1; i < n; i++)
		if (!char_is(s->p[i], CHAR_ALPHA | CHAR_DIGIT) && memchr("+-.", s->p[i], 3) == NULL)
			return refuse(detail, "a target without a scheme");
	u->scheme_text = span_of(s->p, n);
	u->scheme = scheme_of(u->scheme_text);
	*s = span_skip(*s, n);
	if (!span_starts(*s, SPAN("://")))
		return refuse(detail, "a scheme that is not followed by \"://\"");
	*s = span_skip(*s, 3);
	return true;
}

/* ---- paths ---- */

static bool check_path(struct span s, const char **detail)
{
	const char *const end = s.p + s.n;
	const char *p = char_class_end(s.p, end, CHAR_PATH);

	if (p < end && *p == '?')
		p = char_class_end(p, end, CHAR_QUERY);
	if (p == end)
		return true;
	if (*p == '#')
		return refuse(detail, "a fragment");
	if (*p == '\\')
		return refuse(detail, "a backslash in the path");
	return refuse(detail, "a byte that no URI may hold");
}

bool uri_parse_path(struct span target, struct span *path, const char **detail)
{
	if (!span_eq(target, SPAN("*"))) {
		if (target.n == 0 || *target.p != '/')
			return refuse(detail,
			              "a target that begins with neither \"/\" nor a scheme");
		if (!check_path(target, detail))
			return false;
	}
	*path = target;
	return true;
}

static bool set_path(struct uri *u, struct span s, struct arena *a, const char **detail)
{
	if (s.n != 0 && !check_path(s, detail))
		return false;
	u->path_was_empty = s.n == 0 || *s.p == '?';
	if (s.n == 0)
		u->path = SPAN("/");
	else if (*s.p == '?')
		u->path = arena_printf(a, "/%.*s", SPAN_ARG(s));
	else
		u->path = s;
	return true;
}

/* ---- whole forms ---- */

bool uri_parse_absolute(struct span target, struct arena *a, struct uri *u, const char **detail)
{
	struct uri found = { .scheme = URI_NONE };
	struct span rest = target;

	if (!take_scheme(&rest, &found, detail) ||
	    !take_authority(&rest, false, &found, a, detail) || !set_path(&found, rest, a, detail))
		return false;
	*u = found;
	return true;
}

bool uri_parse_authority(struct span target, struct arena *a, struct uri *u, const char **detail)
{
	struct uri found = { .scheme = URI_NONE, .scheme_text = SPAN(""), .path = SPAN("") };

	if (!take_authority(&target, true, &found, a, detail))
		return false;
	if (!found.has_port) /* RFC 9112 3.2.3 */
		return refuse(detail, "a CONNECT target without a port");
	*u = found;
	return true;
}

bool uri_parse_host(struct span value, enum uri_scheme scheme, struct arena *a, struct uri *u,
                    const char **detail)
{
	struct uri found = { .scheme = scheme,
		             .scheme_text = scheme_name(scheme),
		             .path = SPAN("/") };

	if (!take_authority(&value, true, &found, a, detail))
		return false;
	*u = found;
	return true;
}

/* ---- text ---- */

#define PORT_TEXT_MAX 6u /* ":65535" */

static char *put(char *p, struct span s)
{
	if (s.n != 0)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

/* "host" or "host:port", in at most host.n + 2 + PORT_TEXT_MAX bytes. */
static char *put_authority(char *p, const struct uri *u)
{
	const bool is_v6 = u->host_is_ip && !ip_is_v4(&u->ip);

	if (is_v6)
		*p++ = '[';
	p = put(p, u->host);
	if (is_v6)
		*p++ = ']';
	if (u->port == 0 || (u->scheme != URI_NONE && u->port == uri_default_port(u->scheme)))
		return p;
	*p++ = ':';
	unsigned unit = 10000;

	while (unit > u->port)
		unit /= 10;
	for (; unit != 0; unit /= 10)
		*p++ = (char)('0' + u->port / unit % 10);
	return p;
}

struct span uri_text(const struct uri *u, struct arena *a)
{
	char *const text = arena_alloc(a, u->scheme_text.n + sizeof("://[]") + u->host.n +
	                                          PORT_TEXT_MAX + u->path.n);
	char *p = text;

	if (u->scheme != URI_NONE) {
		for (size_t i = 0; i < u->scheme_text.n; i++)
			*p++ = ascii_lower(u->scheme_text.p[i]);
		p = put(p, SPAN("://"));
	}
	p = put_authority(p, u);
	/* RFC 9112 3.3: asterisk-form asks for the URI with an empty path */
	if (u->scheme != URI_NONE && !span_eq(u->path, SPAN("*")))
		p = put(p, u->path);
	return span_of(text, (size_t)(p - text));
}

struct span uri_host_text(const struct uri *u, struct arena *a)
{
	char *const text = arena_alloc(a, u->host.n + sizeof("[]") + PORT_TEXT_MAX);

	return span_of(text, (size_t)(put_authority(text, u) - text));
}

/* ---- percent-encoding ---- */

static unsigned hex_value(char c)
{
	return (unsigned)(char_is(c, CHAR_DIGIT) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

static bool is_triplet(struct span s)
{
	return s.n >= 3 && s.p[0] == '%' && char_is(s.p[1], CHAR_HEX) && char_is(s.p[2], CHAR_HEX);
}

struct span uri_decode(struct span s, struct arena *a)
{
	if (span_find(s, '%') == s.n)
		return s;
	char *const text = arena_alloc(a, s.n);
	char *p = text;

	for (size_t i = 0; i < s.n; i++) {
		if (is_triplet(span_skip(s, i))) {
			*p++ = (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
			i += 2;
		} else {
			*p++ = s.p[i];
		}
	}
	return span_of(text, (size_t)(p - text));
}
