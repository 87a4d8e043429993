/*
 * Two buffers that change places: lines go into one while the other is written without a lock.
 */
#include "base/oplog_sink.h"

#include "base/oplog.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define HALF_MAX  ((size_t)OPLOG_QUEUE_MAX / 2)
#define FIRST_CAP ((size_t)4096)
#define KEEP_CAP  ((size_t)65536)
/* A pipe that polls writable takes this much without blocking (PIPE_BUF). */
#define STDERR_PIECE ((size_t)4096)

static bool make_room(struct sink *s, size_t n)
{
	size_t cap = MAX(s->in_cap, FIRST_CAP);

	if (s->in_n + n > HALF_MAX)
		return false;
	while (cap < s->in_n + n)
		cap *= 2;
	if (cap == s->in_cap)
		return true;
	char *p = realloc(s->in, cap);

	if (p == NULL)
		return false;
	s->in = p;
	s->in_cap = cap;
	return true;
}

void sink_put(struct sink *s, struct span line)
{
	if (!make_room(s, line.n)) {
		s->lost++;
		return;
	}
	memcpy(s->in + s->in_n, line.p, line.n);
	s->in_n += line.n;
}

uint64_t sink_turn(struct sink *s)
{
	if (s->out_at < s->out_n)
		return 0;
	const uint64_t lost = s->lost;
	char *const empty = s->out;
	const size_t empty_cap = s->out_cap;

	s->out = s->in;
	s->out_n = s->in_n;
	s->out_cap = s->in_cap;
	s->out_at = 0;
	s->in = empty;
	s->in_cap = empty_cap;
	s->in_n = 0;
	s->lost = 0;
	return lost;
}

bool sink_has_output(const struct sink *s)
{
	return s->out_at < s->out_n;
}

static bool is_writable(const struct sink *s, int wait_ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	return !s->is_stderr || poll(&p, 1, wait_ms) == 1;
}

static void forget_output(struct sink *s)
{
	s->out_at = s->out_n = 0;
	if (s->out_cap > KEEP_CAP) {
		free(s->out);
		s->out = NULL;
		s->out_cap = 0;
	}
}

bool sink_write(struct sink *s, int wait_ms)
{
	while (s->out_at < s->out_n) {
		if (!is_writable(s, wait_ms))
			return false;
		const size_t left = s->out_n - s->out_at;
		const ssize_t n = write(s->fd, s->out + s->out_at,
		                        s->is_stderr ? MIN(left, STDERR_PIECE) : left);

		if (n > 0) {
			s->out_at += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		s->failure = n < 0 ? errno : ENOSPC;
		/* A closed stderr stays closed; a full disk may recover. */
		if (s->is_stderr && s->failure != EAGAIN)
			forget_output(s);
		return false;
	}
	forget_output(s);
	return true;
}

void sink_fini(struct sink *s)
{
	free(s->in);
	free(s->out);
	*s = (struct sink){ .fd = s->fd, .is_stderr = s->is_stderr };
}
