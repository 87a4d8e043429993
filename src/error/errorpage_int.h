/*
 * What loading and filling in of error pages share.
 */
#pragma once

#include "error/errorpage.h"

struct template
{
	struct template *next;
	char *name;
	struct span text; /* owned, unless is_builtin */
	bool is_builtin;
};

/* The templates of one language. */
struct page_set {
	struct page_set *next;
	char *language; /* in lower case: "de-at"; NULL: not known (error_directory) */
	struct template *templates;
};

struct errorpages {
	uint32_t magic;
	struct page_set *sets; /* the one that has every page first */
	struct page_set *default_set;
	bool is_negotiated;
	unsigned n_templates;
	char *stylesheet; /* owned; NULL: the one compiled in */
	char *html_text;  /* NULL: none */
};
#define ERRORPAGES_MAGIC 0x0e7709a6u

/*
 * The template of that name in the set, or else in the one that has every page; NULL: nobody has
 * it.
 */
const struct template *errorpage_template(const struct errorpages *e, const struct page_set *set,
                                          struct span name);
const char *errorpage_stylesheet(const struct errorpages *e);
