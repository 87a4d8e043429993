/*
 * Written straight to stderr: the operator log has its own lines there, and only what waits for a terminal
 * is ours.
 */
#include "admin/progress.h"

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

void progress_tell(void *arg, const char *what, unsigned lines)
{
	struct progress *p = arg;
	char name[WHAT_BYTES_MAX + 4], line[WHAT_BYTES_MAX + 60];
	size_t n;

	if (!p->is_terminal)
		return;
	if (what == NULL) {
		if (p->is_shown)
			put(LINE_IS_CLEARED, strlen(LINE_IS_CLEARED));
		p->is_shown = false;
		return;
	}
	const int64_t now = now_ms();

	if (now - p->begun_ms < SHOWN_AFTER_MS || now - p->shown_ms < SHOWN_EVERY_MS)
		return;
	p->shown_ms = now;
	p->is_shown = true;
	/* Of a long path, the end tells more. */
	n = strlen(what);
	snprintf(name, sizeof(name), "%s%s", n > WHAT_BYTES_MAX ? "..." : "",
	         n > WHAT_BYTES_MAX ? what + n - WHAT_BYTES_MAX : what);
	make_printable(name);
	n = (size_t)snprintf(line, sizeof(line), LINE_IS_CLEARED "cuttle: %d s: %s",
	                     (int)((now - p->begun_ms) / 1000), name);
	if (lines != 0)
		n += (size_t)snprintf(line + n, sizeof(line) - n, ", %u lines", lines);
	put(line, n);
}
