/*
 * include: other files read in place, by name or pattern, to a depth of 16.
 */
#include "conf/conf_int.h"

#include <glob.h>

static bool is_pattern(const char *path)
{
	return strpbrk(path, "*?[\\") != NULL;
}

static void include_pattern(struct conf_line *l, const char *pattern)
{
	glob_t found;

	if (l->reader->is_without_files) {
		conf_error_both(l, "%s: reading files is not allowed here", pattern);
		return;
	}
	/*
	 * Unsafe in threads only by GLOB_TILDE and a changed environment, of which there is
	 * neither.
	 */
	const int e = glob(pattern, 0, NULL, &found); /* NOLINT(concurrency-mt-unsafe) */

	if (e != 0) {
		conf_error_both(l, "%s: %s", pattern,
		                e == GLOB_NOMATCH ? "no file matches"
		                                  : "the folder cannot be read");
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)conf_source_include(l->reader, l->place, found.gl_pathv[i]);
	globfree(&found);
}

/* A word as a shell would split it: blanks may be quoted, and nothing else is special. */
static bool next_path(struct conf_line *l, char *path, size_t cap)
{
	size_t n = 0, i = 0;
	char quote = '\0';

	l->rest = span_trim(l->rest);
	if (l->rest.n == 0 || l->rest.p[0] == '#') {
		if (l->rest.n != 0) {
			conf_difference(l->reader, l->place, "a comment may follow include");
			conf_as_squid(l->reader, "takes its words for files and does not start");
		}
		return false;
	}
	for (; i < l->rest.n; i++) {
		const char c = l->rest.p[i];

		if (quote == '\0' && conf_is_blank(c))
			break;
		if (c == quote)
			quote = '\0';
		else if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (n + 1 < cap)
			path[n++] = c;
	}
	path[n] = '\0';
	if (quote != '\0') {
		conf_error(l, "the closing quote is missing");
		conf_as_squid(l->reader, "reads on as if it stood at the end of the line");
	} else if (n + 1 == cap)
		conf_error_both(l, "the path is too long");
	l->rest = span_skip(l->rest, i);
	return true;
}

void conf_set_include(struct conf_line *l, UNUSED void *field)
{
	char path[4096];
	unsigned n = 0;

	for (; next_path(l, path, sizeof(path)); n++) {
		if (path[0] == '!' || path[0] == '|')
			conf_error_both(
				l,
				"%s: the output of a command is not read; write it to a file "
				"and include that",
				path);
		else if (is_pattern(path))
			include_pattern(l, path);
		else
			(void)conf_source_include(l->reader, l->place, path);
	}
	if (n == 0)
		conf_error_both(l, "a file is missing; write include FILE...");
	l->rest = SPAN_NULL;
}
