/*
 * Error pages and the URLs of deny_info: filling in the macros.
 */
#include "error/errorpage_int.h"
#include "http/date.h"

/* Rendering runs twice: with p NULL to learn the length, then into that many bytes. */
struct page {
	char *p;
	size_t n;
	const struct errorpages *e;
	const struct errorpage_facts *f;
	const char *name;
	bool is_url; /* not HTML, but a URL that is being made */
};

static void put_raw(struct page *pg, struct span s)
{
	if (pg->p != NULL && s.n != 0)
		memcpy(pg->p + pg->n, s.p, s.n);
	pg->n += s.n;
}

/* Percent-encoded but for unreserved bytes (RFC 3986 2.3) and those of `also`. */
static void put_encoded(struct page *pg, struct span s, const char *also)
{
	static const char unreserved[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char code[4];

	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c != '\0' && (strchr(unreserved, c) != NULL || strchr(also, c) != NULL)) {
			put_raw(pg, span_of(s.p + i, 1));
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned char)c);
		put_raw(pg, span_of(code, 3));
	}
}

/*
 * Text from outside: in HTML, nothing in it can begin a tag, end an attribute, or be taken for
 * another charset; in a URL, it stays one part of it.
 */
static void put_escaped(struct page *pg, struct span s)
{
	char number[8];

	if (pg->is_url) {
		put_encoded(pg, s, "");
		return;
	}

	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c == '<')
			put_raw(pg, SPAN("&lt;"));
		else if (c == '>')
			put_raw(pg, SPAN("&gt;"));
		else if (c == '&')
			put_raw(pg, SPAN("&amp;"));
		else if (c == '"')
			put_raw(pg, SPAN("&quot;"));
		else if (c == '\'' || c >= 0x7f || (c < 0x20 && c != '\n' && c != '\t'))
			put_raw(pg, span_of(number,
			                    (size_t)snprintf(number, sizeof(number), "&#%u;", c)));
		else
			put_raw(pg, span_of(s.p + i, 1));
	}
}

static void put_or(struct page *pg, struct span s, const char *otherwise)
{
	put_escaped(pg, s.n != 0 ? s : span_str(otherwise));
}

static const char *system_text(int e)
{
	const char *text = strerrordesc_np(e);

	return text != NULL ? text : "unknown error";
}

/*
 * %D: all that is known of the reason. "A rule denies access (http_access deny CONNECT
 * !SSL_ports)."
 */
static void put_reason(struct page *pg)
{
	const struct errorpage_facts *f = pg->f;
	const struct span said = f->detail.n != 0 ? f->detail : f->dns_error;
	/* Where the rule is all that there is to tell, it is told once. */
	const struct span more = span_starts(f->acls, said) ? SPAN_NULL : said;

	if (f->sentence.n != 0) {
		const char first = f->sentence.p[0];
		const char upper = (char)(first >= 'a' && first <= 'z' ? first & ~0x20 : first);

		put_escaped(pg, span_of(&upper, 1));
		put_escaped(pg, span_skip(f->sentence, 1));
	}
	if (f->acls.n != 0) {
		put_raw(pg, SPAN(" ("));
		put_escaped(pg, f->acls);
		put_raw(pg, SPAN(")"));
	}
	if (more.n != 0 || f->sys_error != 0) {
		put_raw(pg, SPAN(": "));
		put_escaped(pg, more.n != 0 ? more : span_str(system_text(f->sys_error)));
	}
	put_raw(pg, SPAN("."));
}

/* %U: a CONNECT is shown as what the user asked for; what follows the host is not known. */
static void put_user_url(struct page *pg)
{
	const struct errorpage_facts *f = pg->f;

	if (span_eq(f->method, SPAN("CONNECT")) && span_ends_nocase(f->url, SPAN(":443"))) {
		put_raw(pg, SPAN("https://"));
		put_escaped(pg, span_of(f->url.p, f->url.n - 4));
		put_raw(pg, SPAN("/*"));
	} else {
		put_or(pg, f->url, "[no URL]");
	}
}

static bool is_secret(struct span field)
{
	static const char *const names[] = { "authorization:", "proxy-authorization:", "cookie:" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_starts_nocase(field, span_str(names[i])))
			return true;
	return false;
}

/* %R, without what a page that is passed on must not tell. */
static void put_request(struct page *pg)
{
	struct span rest = pg->f->request_head;

	if (rest.n == 0)
		put_escaped(pg, SPAN("[no request]"));
	while (rest.n != 0) {
		struct span line = span_cut(&rest, '\n');

		if (line.n != 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (is_secret(line)) {
			put_escaped(pg, span_of(line.p, span_find(line, ':')));
			put_raw(pg, SPAN(": (not shown)"));
		} else {
			put_escaped(pg, line);
		}
		put_raw(pg, SPAN("\n"));
	}
}

static void put_gmt(struct page *pg)
{
	char text[HTTP_DATE_LEN + 1];

	http_date_print(pg->f->now, text);
	put_escaped(pg, span_str(text));
}

static void put_local_time(struct page *pg)
{
	const time_t now = (time_t)pg->f->now;
	char text[64];
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL)
		put_escaped(pg, span_of(text,
		                        strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S %z", &tm)));
}

static void put_system_error(struct page *pg)
{
	char text[128];
	const int e = pg->f->sys_error;

	if (e == 0)
		snprintf(text, sizeof(text), "[No Error]");
	else
		snprintf(text, sizeof(text), "(%d) %s", e, system_text(e));
	put_escaped(pg, span_str(text));
}

static void put_errno(struct page *pg)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pg->f->sys_error);
	put_escaped(pg, span_str(text));
}

static void put_signature(struct page *pg)
{
	put_raw(pg, SPAN("<footer>Generated "));
	put_gmt(pg);
	put_raw(pg, SPAN(" by "));
	put_escaped(pg, pg->f->proxy_host);
	put_raw(pg, SPAN(" ("));
	put_escaped(pg, pg->f->product);
	put_raw(pg, SPAN(")</footer>"));
}

/* The macros that are a fact each. False: another one. */
static bool put_fact(struct page *pg, char macro)
{
	const struct errorpage_facts *f = pg->f;
	const struct {
		char macro;
		struct span value;
		const char *otherwise; /* as Squid words it */
	} facts[] = {
		{ 'a', f->user, "-" },
		{ 'A', f->local_ip, "-" },
		{ 'b', f->local_port, "-" },
		{ 'B', f->url, "[no URL]" },
		{ 'c', span_str(pg->name), "" },
		{ 'f', SPAN_NULL, "" },
		{ 'F', SPAN_NULL, "" },
		{ 'g', SPAN_NULL, "" },
		{ 'h', f->proxy_host, "[unknown host]" },
		{ 'H', f->host, "[unknown host]" },
		{ 'i', f->client_ip, "-" },
		{ 'I', f->server_ip, "[unknown]" },
		{ 'm', f->detail, "[not available]" },
		{ 'M', f->method, "[unknown method]" },
		{ 'o', SPAN_NULL, "[not available]" },
		{ 'O', SPAN_NULL, "[not available]" },
		{ 'p', f->port, "[unknown port]" },
		{ 'P', f->scheme, "[unknown protocol]" },
		{ 's', f->product, "" },
		{ 'u', f->url, "[no URL]" },
		{ 'w', f->cache_mgr, "[unknown]" },
		{ 'W', SPAN_NULL, "" }, /* email_err_data off */
		{ 'x', SPAN_NULL, "[No Error Detail]" },
		{ 'z', f->dns_error, "[unknown]" },
		{ 'Z', f->detail, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		if (facts[i].macro != macro)
			continue;
		put_or(pg, facts[i].value, facts[i].otherwise);
		return true;
	}
	return false;
}

/* The macros that take work. False: not a macro. */
static bool put_composed(struct page *pg, char macro)
{
	const struct errorpages *e = pg->e;

	switch (macro) {
	case 'D':
		put_reason(pg);
		return true;
	case 'e':
		put_errno(pg);
		return true;
	case 'E':
		put_system_error(pg);
		return true;
	case 'l':
		/* The administrator's own text, as the next one: not escaped. */
		put_raw(pg, span_str(errorpage_stylesheet(e)));
		return true;
	case 'L':
		put_raw(pg, span_str(e != NULL && e->html_text != NULL ? e->html_text
		                                                       : "[not available]"));
		return true;
	case 'R':
		put_request(pg);
		return true;
	case 'S':
		put_signature(pg);
		return true;
	case 't':
		put_local_time(pg);
		return true;
	case 'T':
		put_gmt(pg);
		return true;
	case 'U':
		put_user_url(pg);
		return true;
	case '%':
		put_raw(pg, SPAN("%"));
		return true;
	default:
		return false;
	}
}

/* %R of a URL: the path and the query as they were asked for. */
static void put_path(struct page *pg)
{
	put_encoded(pg, pg->f->path, "/?:@!$&'()*+,;=%");
}

static const char in_url[] = "aAbeEhHiIMpPtTuw", left_out[] = "BcDfFglLmoOWxzZ";

/* The macros that mean something in a URL; the others of an error page are left out. */
static bool put_in_url(struct page *pg, char macro)
{
	switch (macro) {
	case 'R':
		put_path(pg);
		return true;
	case 's': /* what it was called in old configurations */
	case 'U':
		put_escaped(pg, pg->f->url);
		return true;
	case 'S':
		put_escaped(pg, pg->f->product);
		return true;
	case '%':
		put_raw(pg, SPAN("%25"));
		return true;
	default:
		break;
	}
	if (strchr(in_url, macro) != NULL)
		return put_composed(pg, macro) || put_fact(pg, macro);
	return strchr(left_out, macro) != NULL;
}

bool errorpage_location_knows(char macro)
{
	return macro != '\0' && (strchr(in_url, macro) != NULL || strchr(left_out, macro) != NULL ||
	                         strchr("RsUS%", macro) != NULL);
}

static void fill_in(struct page *pg, struct span text)
{
	while (text.n != 0) {
		const size_t at = span_find(text, '%');

		put_raw(pg, span_of(text.p, MIN(at, text.n)));
		text = span_skip(text, at);
		if (text.n == 0)
			break;
		const char macro = (char)(text.n >= 2 ? text.p[1] : '\0');
		const bool is_put = macro != '\0' &&
		                    (pg->is_url ? put_in_url(pg, macro)
		                                : put_composed(pg, macro) || put_fact(pg, macro));

		if (!is_put)
			put_raw(pg, SPAN("%"));
		text = span_skip(text, is_put ? 2 : 1);
	}
}

static struct span filled_in(struct page *pg, struct span text, struct arena *a)
{
	fill_in(pg, text);
	const size_t n = pg->n;

	pg->n = 0;
	/* A client's URL is in it, but only as long as a request's head may be. */
	pg->p = arena_alloc(a, n + 1);
	fill_in(pg, text);
	CHECK(pg->n == n);
	return span_of(pg->p, n);
}

struct span errorpage_render(const struct errorpages *e, const struct page_set *set,
                             const char *name, const struct errorpage_facts *f, struct arena *a)
{
	struct page pg = { .e = e, .f = f, .name = name };

	CHECK_OBJ(e, ERRORPAGES_MAGIC);
	const struct template *t = errorpage_template(e, set, span_str(name));

	if (t == NULL)
		return arena_printf(a, "Internal Error: Missing Template %s\n", name);
	return filled_in(&pg, t->text, a);
}

struct span errorpage_location(const char *url, const struct errorpage_facts *f, struct arena *a)
{
	struct page pg = { .f = f, .name = "", .is_url = true };

	return filled_in(&pg, span_str(url), a);
}
