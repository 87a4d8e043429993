/*
 * Error pages: loading the templates, and choosing a language.
 *
 * A template is text with %macros as Squid has them. Names that a folder lacks are taken from
 * the copies compiled in, so that a folder of a few own pages is enough.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error/errorpage_builtin.h"
#include "error/errorpage_int.h"
#include "http/head.h"

#define TEMPLATE_MAX      (1u << 20)
#define TEMPLATES_MAX     5000
#define LANGUAGE_MAX      16
#define STYLESHEET_NAME   "errorpage.css"
#define STYLESHEET_FOLDER SYSCONFDIR "/cuttle/"

/* --- loading ---------------------------------------------------------------------------------- */

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

static void add(struct errorpages *e, struct page_set *set, const char *name, struct span text,
                bool is_builtin)
{
	struct template *t = check_calloc(1, sizeof(*t));

	t->name = check_strdup(name);
	t->text = text;
	t->is_builtin = is_builtin;
	t->next = set->templates;
	set->templates = t;
	e->n_templates++;
}

static const struct template *find(const struct page_set *set, struct span name)
{
	for (const struct template *t = set->templates; t != NULL; t = t->next)
		if (span_eq(span_str(t->name), name))
			return t;
	return NULL;
}

const struct template *errorpage_template(const struct errorpages *e, const struct page_set *set,
                                          struct span name)
{
	const struct template *t = find(set, name);

	return t != NULL ? t : find(e->sets, name);
}

static struct page_set *add_set(struct errorpages *e, const char *language)
{
	struct page_set **end = &e->sets, *set = check_calloc(1, sizeof(*set));

	if (language != NULL) {
		set->language = check_strdup(language);
		for (char *p = set->language; *p != '\0'; p++)
			*p = ascii_lower(*p);
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = set;
	return set;
}

static void load_page(struct errorpages *e, struct page_set *set, int folder, const char *path,
                      const char *name, struct conf_reader *r)
{
	size_t n = 0;
	char *text = read_file(folder, name, &n);

	if (text != NULL)
		add(e, set, name, span_of(text, n), false);
	else
		report(r, path, "an error page in this folder cannot be read");
}

/* "de", "pt-br": RFC 5646, as far as folders are named after it. */
static bool is_language(const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0'; n++) {
		const char c = ascii_lower(name[n]);

		if (!((c >= 'a' && c <= 'z') || (n >= 2 && (c == '-' || (c >= '0' && c <= '9')))))
			return false;
	}
	return n >= 2 && n <= LANGUAGE_MAX;
}

/* Folders of languages are looked for at the top only. */
static void load_folder(struct errorpages *e, struct page_set *set, const char *path,
                        bool has_languages, struct conf_reader *r)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[PATH_MAX];

	if (dir == NULL) {
		if (r != NULL && !e->is_negotiated)
			report(r, path, "this folder of error pages cannot be read");
		return;
	}
	/* Safe, as each thread has a stream of its own (glibc says so too). */
	while ((entry = readdir(dir)) != NULL && /* NOLINT(concurrency-mt-unsafe) */
	       e->n_templates < TEMPLATES_MAX) {
		const char *name = entry->d_name;

		if (span_starts(span_str(name), SPAN("ERR_"))) {
			load_page(e, set, dirfd(dir), path, name, r);
		} else if (has_languages && is_language(name) &&
		           snprintf(below, sizeof(below), "%s/%s", path, name) <
		                   (int)sizeof(below)) {
			load_folder(e, add_set(e, name), below, false, r);
		}
	}
	closedir(dir);
}

const char *errorpage_stylesheet(const struct errorpages *e)
{
	const struct errorpage_builtin *b = errorpage_builtins;

	if (e->stylesheet != NULL)
		return e->stylesheet;
	while (b->name != NULL && strcmp(b->name, STYLESHEET_NAME) != 0)
		b++;
	return b->name != NULL ? b->text : "";
}

static void add_builtins(struct errorpages *e, struct page_set *set)
{
	for (const struct errorpage_builtin *b = errorpage_builtins; b->name != NULL; b++)
		if (strcmp(b->name, STYLESHEET_NAME) != 0 && find(set, span_str(b->name)) == NULL)
			add(e, set, b->name, span_str(b->text), true);
}

static struct page_set *set_of(const struct errorpages *e, struct span language)
{
	for (struct page_set *set = e->sets; set != NULL; set = set->next)
		if (set->language != NULL && span_eq_nocase(span_str(set->language), language))
			return set;
	return NULL;
}

static void choose_default(struct errorpages *e, const struct error_conf *c, struct conf_reader *r)
{
	e->default_set = e->sets;
	if (c->error_default_language == NULL)
		return;
	struct page_set *set = set_of(e, span_str(c->error_default_language));

	if (set != NULL)
		e->default_set = set;
	else if (r != NULL && e->is_negotiated)
		conf_report(
			r, CONF_WARNING, (struct conf_place){ c->installed, 0 },
			"there are no error pages in the language \"%s\"; English ones are shown",
			c->error_default_language);
}

struct errorpages *errorpages_load(const struct error_conf *c, struct conf_reader *r)
{
	const char *css = c->err_page_stylesheet != NULL ? c->err_page_stylesheet
	                                                 : STYLESHEET_FOLDER STYLESHEET_NAME;
	const char *folder = c->error_directory != NULL ? c->error_directory : c->installed;
	struct errorpages *e;
	size_t n;

	OBJ_NEW(e, ERRORPAGES_MAGIC);
	e->is_negotiated = c->error_directory == NULL;
	struct page_set *first = add_set(e, e->is_negotiated ? "en" : NULL);

	load_folder(e, first, folder, e->is_negotiated, r);
	add_builtins(e, first);
	choose_default(e, c, r);
	e->stylesheet = read_file(AT_FDCWD, css, &n);
	if (e->stylesheet == NULL && c->err_page_stylesheet != NULL)
		report(r, css, "this style sheet of error pages cannot be read");
	e->html_text = c->err_html_text != NULL ? check_strdup(c->err_html_text) : NULL;
	return e;
}

static void set_free(struct page_set *set)
{
	while (set->templates != NULL) {
		struct template *t = set->templates;

		set->templates = t->next;
		if (!t->is_builtin)
			free((void *)(uintptr_t)t->text.p);
		free(t->name);
		free(t);
	}
	free(set->language);
	free(set);
}

void errorpages_free(struct errorpages **ep)
{
	struct errorpages *e = *ep;

	CHECK_OBJ(e, ERRORPAGES_MAGIC);
	while (e->sets != NULL) {
		struct page_set *set = e->sets;

		e->sets = set->next;
		set_free(set);
	}
	free(e->stylesheet);
	free(e->html_text);
	OBJ_FREE(*ep, ERRORPAGES_MAGIC);
}

bool errorpages_have(const struct errorpages *e, struct span name)
{
	return find(e->sets, name) != NULL;
}

/* --- languages -------------------------------------------------------------------------------- */

/* RFC 4647 3.4: the whole tag, then without its last part, and so on. */
static const struct page_set *lookup(const struct errorpages *e, struct span range)
{
	while (range.n != 0) {
		const struct page_set *set = set_of(e, range);

		if (set != NULL)
			return set;
		do
			range.n--;
		while (range.n != 0 && range.p[range.n] != '-');
	}
	return NULL;
}

/* A quality in thousandths (RFC 9110 12.4.2); what is no quality counts as 0. */
static unsigned quality(struct span parameters)
{
	static const unsigned places[] = { 1000, 100, 10, 1 };
	unsigned q = 0, place = 0;

	if (parameters.p == NULL)
		return 1000;
	parameters = span_trim(parameters);
	if (!span_starts_nocase(parameters, SPAN("q=")))
		return 0;
	for (size_t i = 2; i < parameters.n; i++) {
		const char c = parameters.p[i];

		if (i == 3 && c == '.')
			continue;
		if (c < '0' || c > '9' || place == ARRAY_LEN(places))
			return 0;
		q += (unsigned)(c - '0') * places[place++];
	}
	return MIN(q, 1000u);
}

const struct page_set *errorpages_choose(const struct errorpages *e, struct span accept_language)
{
	const struct page_set *best = NULL;
	unsigned best_quality = 0;
	struct span element;

	if (!e->is_negotiated)
		return e->sets;
	while (http_list_next(&accept_language, &element)) {
		const struct span range = span_trim(span_cut(&element, ';'));
		const unsigned q = quality(element);
		const struct page_set *set =
			span_eq(range, SPAN("*")) ? e->default_set : lookup(e, range);

		if (set != NULL && q > best_quality) {
			best = set;
			best_quality = q;
		}
	}
	return best != NULL ? best : e->default_set;
}

struct span errorpages_language(const struct errorpages *e, const struct page_set *set)
{
	return e->is_negotiated ? span_str(set->language) : SPAN_NULL;
}
