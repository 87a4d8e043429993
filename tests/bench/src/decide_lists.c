/*
 * Made-up policies and requests for decide.c.
 *
 * The expressions are modelled on what lists for squidGuard and E2guardian and conversions of ad
 * blockers' lists have: paths, host names with optional subdomains, parameters, alternatives, file
 * suffixes; some have nothing longer than two or three letters in common with all they match.
 */
#include "tests/bench/src/decide_lists.h"

#include "acl/decide.h"

static const char *const words[] = {
	"ad",     "track", "pixel", "count", "stat",   "metric",  "click",  "banner",  "promo",
	"spon",   "aff",   "media", "cdn",   "push",   "beacon",  "log",    "collect", "event",
	"view",   "pop",   "under", "over",  "site",   "traffic", "geo",    "smart",   "quant",
	"serve",  "bid",   "rtb",   "sync",  "match",  "tag",     "zone",   "net",     "link",
	"widget", "live",  "game",  "video", "casino", "poker",   "dating", "cash",    "shop",
};

static const char *const tlds[] = { "com", "net", "org", "info",  "de", "ru",
	                            "io",  "biz", "xyz", "co.uk", "top" };

/* Of the paths of requests. */
static const char *const dirs[] = { "news",   "article", "images", "static",
	                            "assets", "product", "forum",  "wiki" };

uint64_t lists_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Always the same number for the same pair. */
static unsigned of(unsigned i, unsigned salt, size_t below)
{
	uint64_t state = (uint64_t)i << 20 | salt;

	return (unsigned)(lists_random(&state) % below);
}

static const char *word(unsigned i, unsigned salt)
{
	return words[of(i, salt, ARRAY_LEN(words))];
}

const char *lists_host(unsigned i, bool listed, char *buf, size_t cap)
{
	/* The number makes each name another one; "q" is where no listed name has a letter. */
	snprintf(buf, cap, "%s%s%s%s%x.%s", of(i, 1, 3) == 0 ? word(i, 2) : "",
	         of(i, 1, 3) == 0 ? "." : "", word(i, 3), listed ? "" : "q", i,
	         tlds[of(i, 4, ARRAY_LEN(tlds))]);
	return buf;
}

void lists_write_domains(FILE *f, unsigned n)
{
	char name[100];

	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s%s\n", of(i, 5, 2) == 0 ? "." : "",
		        lists_host(i, true, name, sizeof(name)));
}

/*
 * From 16.0.0.0 to 127.255.255.255, and one in ten of 2001:db8::/32; requests come from 10.0.0.0/8.
 */
void lists_write_prefixes(FILE *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const unsigned r = of(i, 6, 1u << 31);

		if (i % 10 == 0)
			fprintf(f, "2001:db8:%x:%x::/64\n", r >> 16, r & 0xffff);
		else if (i % 10 < 6)
			fprintf(f, "%u.%u.%u.0/24\n", 16 + r % 112, r >> 8 & 255, r >> 16 & 255);
		else
			fprintf(f, "%u.%u.%u.%u\n", 16 + r % 112, r >> 8 & 255, r >> 16 & 255,
			        r >> 24);
	}
}

/* --- regular expressions ---------------------------------------------------------------------- */

static void write_regex(FILE *f, unsigned i)
{
	const char *a = word(i, 10), *b = word(i, 11), *c = word(i, 12);
	const char *tld = tlds[of(i, 13, ARRAY_LEN(tlds))];
	const unsigned n = i % 997;

	switch (of(i, 14, 14)) {
	case 0:
		fprintf(f, "^https?://([^/]+\\.)?%s%s%u[0-9]*\\.\n", a, b, n);
		break;
	case 1:
		fprintf(f, "(^|\\.)%s-?%s%u\\.(com|net|org)$\n", a, b, n);
		break;
	case 2:
		fprintf(f, "/%s/%s_?%u\\.(gif|jpe?g|png|js)\n", a, b, n);
		break;
	case 3:
		fprintf(f, "[?&]%s%s%u=[0-9a-f]+\n", a, b, n);
		break;
	case 4:
		fprintf(f, "://[^/]*%s%s%u\\.%s[:/]\n", a, b, n, tld);
		break;
	case 5:
		fprintf(f, "\\.%s%s%u\\.%s/\n", a, b, n, tld);
		break;
	case 6:
		fprintf(f, "/(%s%u|%s%u|%s%u)s?/\n", a, n, b, n, c, n);
		break;
	case 7:
		fprintf(f, "%s%u.*%s%u\n", a, n, b, n);
		break;
	case 8:
		fprintf(f, "\\<%s%u\\>\n", a, n);
		break;
	case 9:
		fprintf(f, "/%s[_-]?%s%u/.*\\.(html?|php|aspx?)(\\?|$)\n", a, b, n);
		break;
	case 10:
		fprintf(f, "^https?://[^/]*\\.%s%u\\.%s/(%s|%s)\n", a, n, tld, b, c);
		break;
	case 11:
		fprintf(f, "(%s|%s)%s%u[a-z]{2,4}\\.\n", a, b, c, n);
		break;
	case 12:
		fprintf(f, "^https?://([^/]+\\.)?%s%u[0-9]*\\.\n", of(i, 15, 2) != 0 ? "ads" : "ad",
		        n);
		break;
	case 13: /* short: an a and digits */
		fprintf(f, "[/.]a[dz]x?%u[^0-9]\n", n);
		break;
	}
}

static void write_without_literal(FILE *f, unsigned i)
{
	switch (i % 5) {
	case 0:
		fprintf(f, "^https?://[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]+)?/[a-z]{%u}$\n",
		        2 + i % 7);
		break;
	case 1:
		fprintf(f, "[0-9]{%u}x[0-9]{3,}\n", 11 + i % 10);
		break;
	case 2:
		fprintf(f, "\\.[a-z]{2}[0-9]%u$\n", i % 10);
		break;
	case 3:
		fprintf(f, "^[^:]*://[^/]{%u,}/\n", 60 + i % 20);
		break;
	case 4:
		fprintf(f, "(^|[/?&])%c[a-z]?=%u&\n", 'a' + (int)(i % 26), i % 10);
		break;
	}
}

void lists_write_regexes(FILE *f, unsigned n)
{
	/* One in 200 has nothing to filter by; a third of the lines regard no case. */
	for (unsigned i = 0; i < n; i++) {
		if (i % 200 == 77)
			write_without_literal(f, i);
		else
			write_regex(f, i);
	}
}

void lists_write_alike_regexes(FILE *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "^https?://.*/%s/.*-%u\\.(html|jpeg)$\n", dirs[i % ARRAY_LEN(dirs)], i);
}

void lists_write_bare_regexes(FILE *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		write_without_literal(f, i);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void write_header_acl(FILE *f, unsigned i, bool has_req_header)
{
	static const char *const agents[] = { "^Wget/",          "MSIE\\ [5-8]\\.",
		                              "libwww-perl",     "-i nikto",
		                              "^Java/1\\.[0-7]", "-i masscan",
		                              "^python-urllib",  "-i (curl|fetch)/[0-6]\\." };

	if (has_req_header && i % 2 == 0)
		fprintf(f, "acl header%u req_header X-%s-%u ^%s$\n", i, word(i, 20), i,
		        word(i, 21));
	else
		fprintf(f, "acl header%u browser %s\n", i, agents[i / 2 % ARRAY_LEN(agents)]);
}

static void write_acl(FILE *f, const char *kind, unsigned i, bool has_req_header)
{
	char name[100];

	if (strcmp(kind, "src") == 0)
		fprintf(f, "acl src%u src 172.16.%u.%u%s\n", i, i, i % 3 == 0 ? 0 : i,
		        i % 3 == 0 ? "/24" : "");
	else if (strcmp(kind, "dom") == 0)
		fprintf(f, "acl dom%u dstdomain .%s\n", i, lists_host(i, true, name, sizeof(name)));
	else if (strcmp(kind, "port") == 0)
		fprintf(f, "acl port%u %s\n", i,
		        i % 3 == 0   ? "method PUT"
		        : i % 3 == 1 ? "port 8000-8099"
		                     : "port 21 70");
	else if (strcmp(kind, "header") == 0)
		write_header_acl(f, i, has_req_header);
	else if (strcmp(kind, "regex") == 0)
		fprintf(f, "acl regex%u url_regex %s/%s%u/.*\\.(exe|zip)$\n", i,
		        i % 2 == 0 ? "-i " : "", word(i, 22), i);
	else
		fprintf(f, "acl time%u time SA %02u:00-%02u:30\n", i, 9 + i, 9 + i);
}

void lists_write_rules_200(FILE *f, bool has_req_header)
{
	static const struct {
		const char *name;
		unsigned n;
	} kinds[] = { { "src", 60 },    { "dom", 60 },   { "port", 30 },
		      { "header", 30 }, { "regex", 15 }, { "time", 5 } };
	unsigned left[ARRAY_LEN(kinds)], n = 0;

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		left[k] = kinds[k].n;
		n += kinds[k].n;
		for (unsigned i = 0; i < kinds[k].n; i++)
			write_acl(f, kinds[k].name, i, has_req_header);
	}
	/* In mixed order, always the same one. */
	for (unsigned i = 0; n > 0; n--) {
		unsigned at = of(i++, 30, n);
		size_t k = 0;

		while (at >= left[k])
			at -= left[k++];
		fprintf(f, "http_access deny %s%u\n", kinds[k].name, --left[k]);
	}
	fprintf(f, "http_access allow all\n");
}

/* --- requests --------------------------------------------------------------------------------- */

#define AGENT                                                                                      \
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"                   \
	" Chrome/126.0.0.0 Safari/537.36"

static struct ip address(const char *text)
{
	struct ip ip;

	CHECK(ip_parse(span_str(text), &ip));
	return ip;
}

/* "http://HOST/..." of 100 bytes. */
static struct span url_of(struct arena *a, unsigned i, const char *host)
{
	char text[400];
	int n = snprintf(text, sizeof(text), "http://%s/%s/%u/%s-%s-", host, dirs[of(i, 40, 8)],
	                 of(i, 41, 100000), dirs[of(i, 42, 8)], dirs[of(i, 43, 8)]);

	for (; n < 95; n++)
		text[n] = (char)('a' + (int)of(i, 50 + (unsigned)n, 26));
	n = MIN(n, 95);
	snprintf(text + n, sizeof(text) - (size_t)n, "%s", of(i, 44, 2) == 0 ? ".html" : ".jpeg");
	return arena_dup(a, span_str(text));
}

struct lists_request *lists_request_new(struct arena *a, unsigned i, const char *host)
{
	struct lists_request *r = ARENA_NEW(a, struct lists_request);
	const char *detail = "";
	char src[40];

	snprintf(src, sizeof(src), "10.%u.%u.%u", of(i, 45, 256), of(i, 46, 256), of(i, 47, 256));
	r->facts = (struct facts){ .src = { address(src), 40000 },
		                   .local = { address("192.0.2.1"), 3128 },
		                   .port_name = SPAN("3128"),
		                   .weekday = 1,
		                   .minute = 12 * 60,
		                   .method = HTTP_GET,
		                   .method_name = SPAN("GET"),
		                   .uri = &r->uri,
		                   .request = &r->head };
	CHECK(uri_parse_absolute(url_of(a, i, host), a, &r->uri, &detail));
	r->facts.url = uri_text(&r->uri, a);
	http_head_init(&r->head, a);
	http_head_add(&r->head, HTTP_F_HOST, r->uri.host);
	http_head_add(&r->head, HTTP_F_USER_AGENT, SPAN(AGENT));
	http_head_add(&r->head, HTTP_F_ACCEPT_ENCODING, SPAN("gzip, deflate"));
	http_head_add_named(&r->head, SPAN("Accept-Language"), SPAN("en-GB,en;q=0.9"));
	http_head_add_named(&r->head, SPAN("Referer"), SPAN("http://www.example.com/"));
	for (size_t k = 0; k < FACT_N; k++)
		r->facts.state[k] = fact_may_wait((enum fact)k) ? FACT_UNKNOWN : FACT_VALUE;
	r->facts.state[FACT_REPLY] = FACT_ABSENT;
	return r;
}
