/*
 * Error pages: loading the templates, and filling one in.
 *
 * A template is text with %macros as Squid has them. Names that a folder lacks are taken from
 * the copies compiled in, so that a folder of a few own pages is enough.
 */
#include "proxy/errorpage.h"

#include "http/date.h"
#include "proxy/errorpage_builtin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORPAGES_MAGIC  0x0e7709a6u
#define TEMPLATE_MAX      (1u << 20)
#define TEMPLATES_MAX     1000
#define ERRORS_FOLDER     PKGDATADIR "/errors"
#define STYLESHEET_NAME   "errorpage.css"
#define STYLESHEET_FOLDER SYSCONFDIR "/cuttle/"

struct template
{
	struct template *next;
	char *name;
	struct span text; /* owned, unless is_builtin */
	bool is_builtin;
};

struct errorpages {
	uint32_t magic;
	struct template *templates;
	unsigned n_templates;
	char *stylesheet; /* owned; NULL: the one compiled in */
	char *html_text;  /* NULL: none */
};

/* --- loading
 * --------------------------------------------------------------------------------------- */

static void report(struct conf_reader *r, const char *path, const char *what)
{
	if (r != NULL)
		conf_report(r, CONF_WARNING, (struct conf_place){ path, 0 },
		            "%s; the built-in text is used instead", what);
}

/* A whole file on the heap, NUL-terminated; NULL with errno. */
static char *read_file(int folder, const char *name, size_t *n)
{
	const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t got;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)TEMPLATE_MAX) {
		errno = EFBIG;
	} else {
		text = check_malloc((size_t)st.st_size + 1);
		got = pread(fd, text, (size_t)st.st_size, 0);
		*n = got > 0 ? (size_t)got : 0;
		text[*n] = '\0';
		if (got < 0) {
			free(text);
			text = NULL;
		}
	}
	close(fd);
	return text;
}

static void add(struct errorpages *e, const char *name, struct span text, bool is_builtin)
{
	struct template *t = check_calloc(1, sizeof(*t));

	t->name = check_strdup(name);
	t->text = text;
	t->is_builtin = is_builtin;
	t->next = e->templates;
	e->templates = t;
	e->n_templates++;
}

static const struct template *find(const struct errorpages *e, struct span name)
{
	for (const struct template *t = e->templates; t != NULL; t = t->next)
		if (span_eq(span_str(t->name), name))
			return t;
	return NULL;
}

static void load_folder(struct errorpages *e, const char *path, bool must_exist,
                        struct conf_reader *r)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL) {
		if (must_exist)
			report(r, path, "this folder of error pages cannot be read");
		return;
	}
	/* Safe, as each thread has a stream of its own (glibc says so too). */
	while ((entry = readdir(dir)) != NULL && /* NOLINT(concurrency-mt-unsafe) */
	       e->n_templates < TEMPLATES_MAX) {
		size_t n = 0;
		char *text;

		if (!span_starts(span_str(entry->d_name), SPAN("ERR_")))
			continue;
		text = read_file(dirfd(dir), entry->d_name, &n);
		if (text != NULL)
			add(e, entry->d_name, span_of(text, n), false);
		else
			report(r, path, "an error page in this folder cannot be read");
	}
	closedir(dir);
}

static const char *builtin_stylesheet(void)
{
	const struct errorpage_builtin *b = errorpage_builtins;

	while (b->name != NULL && strcmp(b->name, STYLESHEET_NAME) != 0)
		b++;
	return b->name != NULL ? b->text : "";
}

struct errorpages *errorpages_load(const char *dir, const char *stylesheet, const char *html_text,
                                   struct conf_reader *r)
{
	const char *const css = stylesheet != NULL ? stylesheet : STYLESHEET_FOLDER STYLESHEET_NAME;
	struct errorpages *e;
	size_t n;

	OBJ_NEW(e, ERRORPAGES_MAGIC);
	load_folder(e, dir != NULL ? dir : ERRORS_FOLDER, dir != NULL, r);
	for (const struct errorpage_builtin *b = errorpage_builtins; b->name != NULL; b++)
		if (strcmp(b->name, STYLESHEET_NAME) != 0 && find(e, span_str(b->name)) == NULL)
			add(e, b->name, span_str(b->text), true);
	e->stylesheet = read_file(AT_FDCWD, css, &n);
	if (e->stylesheet == NULL && stylesheet != NULL)
		report(r, css, "this style sheet of error pages cannot be read");
	e->html_text = html_text != NULL ? check_strdup(html_text) : NULL;
	return e;
}

void errorpages_free(struct errorpages **ep)
{
	struct errorpages *e = *ep;

	CHECK_OBJ(e, ERRORPAGES_MAGIC);
	while (e->templates != NULL) {
		struct template *t = e->templates;

		e->templates = t->next;
		if (!t->is_builtin)
			free((void *)(uintptr_t)t->text.p);
		free(t->name);
		free(t);
	}
	free(e->stylesheet);
	free(e->html_text);
	OBJ_FREE(*ep, ERRORPAGES_MAGIC);
}

/* --- filling in
 * ------------------------------------------------------------------------------------ */

/* Rendering runs twice: with p NULL to learn the length, then into that many bytes. */
struct page {
	char *p;
	size_t n;
	const struct errorpages *e;
	const struct errorpage_facts *f;
	const char *name;
};

static void put_raw(struct page *pg, struct span s)
{
	if (pg->p != NULL && s.n != 0)
		memcpy(pg->p + pg->n, s.p, s.n);
	pg->n += s.n;
}

/* Text from outside: nothing in it can begin a tag, end an attribute, or be taken for another
 * charset. */
static void put_escaped(struct page *pg, struct span s)
{
	char number[8];

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

/* %D: all that is known of the reason. "A rule denies access (http_access deny CONNECT !SSL_ports)." */
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
		put_raw(pg, span_str(e->stylesheet != NULL ? e->stylesheet : builtin_stylesheet()));
		return true;
	case 'L':
		put_raw(pg, span_str(e->html_text != NULL ? e->html_text : "[not available]"));
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

static void fill_in(struct page *pg, struct span text)
{
	while (text.n != 0) {
		const size_t at = span_find(text, '%');

		put_raw(pg, span_of(text.p, MIN(at, text.n)));
		text = span_skip(text, at);
		if (text.n == 0)
			break;
		if (text.n >= 2 && (put_composed(pg, text.p[1]) || put_fact(pg, text.p[1]))) {
			text = span_skip(text, 2);
		} else {
			put_raw(pg, SPAN("%"));
			text = span_skip(text, 1);
		}
	}
}

struct span errorpage_render(const struct errorpages *e, const char *name,
                             const struct errorpage_facts *f, struct arena *a)
{
	struct page pg = { .e = e, .f = f, .name = name };
	const struct template *t;
	size_t n;

	CHECK_OBJ(e, ERRORPAGES_MAGIC);
	t = find(e, span_str(name));
	if (t == NULL)
		return arena_printf(a, "Internal Error: Missing Template %s\n", name);
	fill_in(&pg, t->text);
	n = pg.n;
	pg.n = 0;
	/* A client's URL is in it, but only as long as a request's head may be. */
	pg.p = arena_alloc(a, n + 1);
	fill_in(&pg, t->text);
	CHECK(pg.n == n);
	return span_of(pg.p, n);
}
