/*
 * log/access_log.h without its thread: each record becomes its line at once, in memory. The first
 * three columns (time, duration, client) are left out, so that lines can be compared.
 */
#include "log/access_log.h"

#include "tests/sim/sim_proxy.h"

#define LINES_MAX (1 << 20)

struct access_log {
	struct log_ring *ring;
	struct log_conf conf; /* borrowed members */
};

struct log_ring {
	struct access_log *log;
};

static char lines[LINES_MAX];
static size_t lines_n;

const char *sim_log(void)
{
	return lines;
}

void sim_log_clear(void)
{
	lines_n = 0;
	lines[0] = '\0';
}

struct access_log *access_log_new(log_open_fn *open_file UNUSED, void *arg UNUSED)
{
	return check_calloc(1, sizeof(struct access_log));
}

bool access_log_configure(struct access_log *al, struct log_conf *c)
{
	for (struct log_target *t = c->targets; t != NULL; t = t->next)
		t->sink = 0;
	al->conf = *c;
	return true;
}

void access_log_hold(struct access_log *al UNUSED, uint64_t sinks UNUSED)
{
}

void access_log_release(struct access_log *al UNUSED, uint64_t sinks UNUSED)
{
}

enum err access_log_start(struct access_log *al UNUSED)
{
	return ERR_NONE;
}

void access_log_stop(struct access_log **al)
{
	free((*al)->ring);
	free(*al);
	*al = NULL;
}

void access_log_rotate(struct access_log *al UNUSED, unsigned generations UNUSED)
{
}

void access_log_set_rename(struct access_log *al UNUSED, log_rename_fn *fn UNUSED, void *arg UNUSED)
{
}

void access_log_on_fatal(struct access_log *al UNUSED, void (*fatal)(void *) UNUSED,
                         void *arg UNUSED)
{
}

struct log_ring *log_ring_new(struct access_log *al, unsigned worker_id UNUSED)
{
	if (al->ring == NULL) /* one for all workers: there is one thread */
		al->ring = check_calloc(1, sizeof(*al->ring));
	al->ring->log = al;
	return al->ring;
}

void log_ring_put(struct log_ring *r, int sink UNUSED, const struct log_rec *rec)
{
	char *text = check_malloc(log_native_max(rec));
	const size_t n = log_format_native(rec, &r->log->conf, text, log_native_max(rec));
	struct span rest = span_of(text, n);

	for (int column = 0; column < 3; column++) {
		while (rest.n > 0 && rest.p[0] == ' ')
			rest = span_skip(rest, 1);
		(void)span_cut(&rest, ' ');
	}
	CHECK(lines_n + rest.n < sizeof(lines));
	memcpy(lines + lines_n, rest.p, rest.n);
	lines_n += rest.n;
	lines[lines_n] = '\0';
	free(text);
}
