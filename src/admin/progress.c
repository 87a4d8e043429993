/*
 * Written straight to stderr: the operator log has its own lines there, and only what waits for a
 * terminal is ours.
 */
#include "admin/progress.h"

#include <inttypes.h>
#include <unistd.h>

#define SHOWN_AFTER_MS  1000
#define SHOWN_EVERY_MS  250
#define WHAT_BYTES_MAX  50 /* so that the line fits 80 columns */
#define LINE_IS_CLEARED "\r\033[K"

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_begin(struct progress *p)
{
	*p = (struct progress){ .begun_ms = now_ms(), .is_terminal = isatty(STDERR_FILENO) == 1 };
}

static void put(const char *text, size_t n)
{
	(void)!write(STDERR_FILENO, text, n);
}

/* A name from a file goes to a terminal: control bytes do not pass. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			*text = '?';
}

/* False: it is not time to show anything. */
static bool is_due(struct progress *p)
{
	const int64_t now = now_ms();

	if (!p->is_terminal || now - p->begun_ms < SHOWN_AFTER_MS ||
	    now - p->shown_ms < SHOWN_EVERY_MS)
		return false;
	p->shown_ms = now;
	return true;
}

static void show(struct progress *p, const char *what, const char *how_far)
{
	char name[WHAT_BYTES_MAX + 4], line[WHAT_BYTES_MAX + 100];
	size_t n = strlen(what);

	p->is_shown = true;
	/* Of a long path, the end tells more. */
	snprintf(name, sizeof(name), "%s%s", n > WHAT_BYTES_MAX ? "..." : "",
	         n > WHAT_BYTES_MAX ? what + n - WHAT_BYTES_MAX : what);
	make_printable(name);
	n = (size_t)snprintf(line, sizeof(line), LINE_IS_CLEARED "cuttle: %d s: %s%s",
	                     (int)((p->shown_ms - p->begun_ms) / 1000), name, how_far);
	put(line, n);
}

void progress_tell(void *arg, const char *what, unsigned lines)
{
	struct progress *const p = arg;
	char how_far[40] = "";

	if (what == NULL) {
		if (p->is_shown)
			put(LINE_IS_CLEARED, strlen(LINE_IS_CLEARED));
		p->is_shown = false;
		return;
	}
	if (!is_due(p))
		return;
	if (lines != 0)
		snprintf(how_far, sizeof(how_far), ", %u lines", lines);
	show(p, what, how_far);
}

void progress_share(struct progress *p, const char *what, uint64_t done, uint64_t of)
{
	char how_far[64] = "";

	if (!is_due(p))
		return;
	if (of != 0)
		snprintf(how_far, sizeof(how_far), ", %" PRIu64 " of %" PRIu64, done, of);
	show(p, what, how_far);
}
