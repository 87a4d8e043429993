/*
 * One sink: lines that wait, writing them, what to do when that fails.
 */
#include "log/sink.h"

#include "base/counters.h"
#include "base/oplog.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_SINK_MAGIC 0x10651417u
#define BUFFER_MIN     ((size_t)64 << 10)
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
#define GATHER_MS      1000  /* buffered_logs: a line waits at most this long */
#define TELL_EVERY_MS  60000 /* while lines are being lost */

struct log_sink {
	uint32_t magic;
	const struct log_io *io;
	int kind;   /* of struct log_target */
	char *path; /* or the name of a standard stream, for messages */
	struct log_sink_conf conf;

	int fd; /* -1: to be opened when there is something to write */
	bool is_blocked;
	char *buf; /* heap, NULL while empty; [start, start + len) is whole lines */
	size_t cap, start, len;
	size_t torn;                /* bytes of the first line that are written already */
	int64_t gathering_since_ms; /* valid while len != 0 */

	int failure;       /* errno of the last write, 0 when it succeeded */
	int64_t retry_ms;  /* not before this time, while failure != 0 */
	int64_t reopen_ms; /* INT64_MAX: the file that is open is the right one */
	unsigned backoff_ms;
	bool has_fatal, has_told_fatal;
	uint64_t lost; /* in this episode */
	time_t lost_since;
	int64_t tell_lost_ms;
};

struct log_sink *log_sink_new(const struct log_io *io, int kind, const char *path, int fd)
{
	struct log_sink *s;

	OBJ_NEW(s, LOG_SINK_MAGIC);
	s->io = io;
	s->kind = kind;
	s->path = check_strdup(path);
	s->fd = fd;
	s->reopen_ms = INT64_MAX;
	s->conf = (struct log_sink_conf){ .is_active = true, .rotate = -1 };
	return s;
}

void log_sink_configure(struct log_sink *s, const struct log_sink_conf *c)
{
	CHECK_OBJ(s, LOG_SINK_MAGIC);
	CHECK(c->buffer_bytes >= 0);
	s->conf = *c;
}

bool log_sink_is_same(const struct log_sink *s, int kind, const char *path)
{
	return s->kind == kind && (kind != LOG_TARGET_FILE || strcmp(s->path, path) == 0);
}

size_t log_sink_pending(const struct log_sink *s)
{
	return s->len - s->torn;
}

static bool is_regular(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static const char *error_text(int e)
{
	const char *text = strerrordesc_np(e);

	return text != NULL ? text : "unknown error";
}

static const char *remedy(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return "free some space on its file system";
	case EFBIG:
		return "rotate it, or raise the limit for the size of files";
	case EPIPE:
		return "nobody reads it any more; start its reader again";
	case EROFS:
		return "its file system is read-only; see the kernel's log";
	case EIO:
		return "the disk may be failing; see the kernel's log";
	default:
		return "check the file and its file system";
	}
}

static void time_text(time_t t, char *buf, size_t cap)
{
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL || strftime(buf, cap, "%Y/%m/%d %H:%M:%S", &tm) == 0)
		snprintf(buf, cap, "%lld", (long long)t);
}

/* --- lines are lost --------------------------------------------------------------------------- */

static size_t backlog_max(const struct log_sink *s)
{
	return MAX((size_t)LOG_BACKLOG_MAX, (size_t)s->conf.buffer_bytes);
}

static COLD void lose(struct log_sink *s, uint64_t n, int64_t now_ms)
{
	char since[32];

	count_add(COUNT_LOG_DROPPED, n);
	s->has_fatal = s->has_fatal || s->conf.is_on_error_die;
	if (s->lost == 0) {
		s->lost_since = time(NULL);
		s->tell_lost_ms = now_ms + TELL_EVERY_MS;
		oplog(OPLOG_ERROR,
		      "access log %s: lines are being lost from now on, because %s and %zu KB wait "
		      "already",
		      s->path,
		      s->failure != 0 ? error_text(s->failure)
		      : s->fd < 0     ? "it cannot be opened"
		                      : "its reader is too slow",
		      s->len >> 10);
	}
	s->lost += n;
	if (now_ms >= s->tell_lost_ms) {
		s->tell_lost_ms = now_ms + TELL_EVERY_MS;
		time_text(s->lost_since, since, sizeof(since));
		oplog(OPLOG_ERROR, "access log %s: %llu lines lost since %s", s->path,
		      (unsigned long long)s->lost, since);
	}
}

static void tell_recovered(struct log_sink *s)
{
	char since[32];

	if (s->lost != 0) {
		time_text(s->lost_since, since, sizeof(since));
		oplog(OPLOG_WARNING,
		      "access log %s is written again; %llu lines were lost since %s", s->path,
		      (unsigned long long)s->lost, since);
	} else if (s->failure != 0) {
		oplog(OPLOG_NOTICE, "access log %s is written again; no line was lost", s->path);
	}
	s->lost = 0;
	s->failure = 0;
	s->backoff_ms = 0;
}

/* --- the queue -------------------------------------------------------------------------------- */

/* Make room for n bytes behind the waiting ones. */
static bool make_room(struct log_sink *s, size_t n)
{
	size_t cap = MAX(s->cap, BUFFER_MIN);
	char *buf;

	if (s->len + n > backlog_max(s))
		return false;
	if (s->start + s->len + n <= s->cap)
		return true;
	if (s->start != 0) {
		memmove(s->buf, s->buf + s->start, s->len);
		s->start = 0;
	}
	while (cap < s->len + n)
		cap *= 2;
	if (cap == s->cap)
		return true;
	buf = realloc(s->buf, cap);
	if (buf == NULL)
		return false;
	s->buf = buf;
	s->cap = cap;
	return true;
}

void log_sink_append(struct log_sink *s, struct span line, int64_t now_ms)
{
	CHECK_OBJ(s, LOG_SINK_MAGIC);
	if (!make_room(s, line.n)) {
		lose(s, 1, now_ms);
		return;
	}
	if (s->len == 0)
		s->gathering_since_ms = now_ms;
	memcpy(s->buf + s->start + s->len, line.p, line.n);
	s->len += line.n;
}

/* n more bytes are written. Whole lines go; the first bytes of an unfinished one stay, counted as
 * torn. */
static void consume(struct log_sink *s, size_t n)
{
	const size_t written = s->torn + n;
	const char *from = s->buf + s->start;
	const char *newline = memrchr(from, '\n', written);
	const size_t whole = newline != NULL ? (size_t)(newline + 1 - from) : 0;

	s->start += whole;
	s->len -= whole;
	s->torn = written - whole;
	if (s->len != 0)
		return;
	s->start = 0;
	if (s->cap > 4 * BUFFER_MIN) {
		free(s->buf);
		s->buf = NULL;
		s->cap = 0;
	}
}

/* Take a half line back out of the file, so that it can be written as a whole elsewhere. */
static void take_back_torn(struct log_sink *s)
{
	if (s->torn != 0 && is_regular(s->fd) && s->io->shorten(s->io->arg, s->fd, s->torn) == 0)
		s->torn = 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void back_off(struct log_sink *s, int64_t *when_ms, int64_t now_ms)
{
	s->backoff_ms = MAX(2 * s->backoff_ms, (unsigned)BACKOFF_MIN_MS);
	s->backoff_ms = MIN(s->backoff_ms, (unsigned)BACKOFF_MAX_MS);
	*when_ms = now_ms + s->backoff_ms;
}

static COLD void write_failed(struct log_sink *s, int e, int64_t now_ms)
{
	count(COUNT_LOG_ERRORS);
	if (s->failure != e)
		oplog(OPLOG_ERROR,
		      "access log %s cannot be written: %s; %s. Meanwhile lines wait in memory, up "
		      "to %zu KB",
		      s->path, error_text(e), remedy(e), backlog_max(s) >> 10);
	s->failure = e;
	s->has_fatal = s->has_fatal || s->conf.is_on_error_die;
	back_off(s, &s->retry_ms, now_ms);
	/* A FIFO's next reader starts with a whole line. */
	if (e == EPIPE && s->kind == LOG_TARGET_FILE) {
		close(s->fd);
		s->fd = -1;
		s->torn = 0;
	}
}

/* Open the path (again). The old file stays in use if that fails. */
static bool reopen(struct log_sink *s, int64_t now_ms)
{
	enum err err = ERR_NONE;
	const int fd = s->io->open(s->io->open_arg, s->path, &err);

	if (fd < 0) {
		count(COUNT_LOG_ERRORS);
		s->has_fatal = s->has_fatal || s->conf.is_on_error_die;
		oplog(OPLOG_ERROR,
		      "access log %s cannot be opened: %s; check that its folder exists and that "
		      "the user of the proxy may write there",
		      s->path, err_text(err));
		back_off(s, &s->reopen_ms, now_ms);
		return false;
	}
	if (s->fd >= 0) {
		take_back_torn(s);
		close(s->fd);
	}
	if (s->reopen_ms != INT64_MAX)
		oplog(OPLOG_NOTICE, "access log %s is open again", s->path);
	s->fd = fd;
	s->reopen_ms = INT64_MAX;
	s->retry_ms = now_ms;
	s->is_blocked = false;
	return true;
}

static bool is_gathering(const struct log_sink *s, int64_t now_ms)
{
	return s->conf.is_buffered && s->len < (size_t)s->conf.buffer_bytes &&
	       now_ms - s->gathering_since_ms < GATHER_MS;
}

/* An inactive sink is opened again for a late line of an old configuration. */
static void close_if_unused(struct log_sink *s)
{
	if (s->conf.is_active || s->len != 0 || s->fd < 0 || s->kind != LOG_TARGET_FILE)
		return;
	close(s->fd);
	s->fd = -1;
	s->reopen_ms = INT64_MAX;
}

void log_sink_flush(struct log_sink *s, int64_t now_ms, bool force)
{
	CHECK_OBJ(s, LOG_SINK_MAGIC);
	if (s->reopen_ms <= now_ms)
		reopen(s, now_ms);
	s->is_blocked = false;
	if (s->len == 0) {
		close_if_unused(s);
		return;
	}
	if ((s->failure != 0 && now_ms < s->retry_ms) || (!force && is_gathering(s, now_ms)))
		return;
	if (s->fd < 0 && (s->reopen_ms != INT64_MAX || !reopen(s, now_ms)))
		return;
	while (s->len != 0) {
		const char *from = s->buf + s->start + s->torn;
		size_t done = 0;
		const int e = s->io->write(s->io->arg, s->fd, from, s->len - s->torn, &done);

		if (e == EINTR)
			continue;
		if (e == EAGAIN) {
			s->is_blocked = true;
			return;
		}
		if (e != 0 || done == 0) {
			write_failed(s, e != 0 ? e : EIO, now_ms);
			return;
		}
		consume(s, done);
	}
	tell_recovered(s);
	close_if_unused(s);
}

bool log_sink_is_blocked(const struct log_sink *s, int *fd)
{
	*fd = s->fd;
	return s->is_blocked;
}

int64_t log_sink_due_ms(const struct log_sink *s)
{
	int64_t due = INT64_MAX;

	if (s->len == 0 || s->is_blocked)
		due = INT64_MAX;
	else if (s->fd < 0)
		due = s->reopen_ms != INT64_MAX ? s->reopen_ms : s->retry_ms;
	else if (s->failure != 0)
		due = s->retry_ms;
	else
		due = s->conf.is_buffered ? s->gathering_since_ms + GATHER_MS : 0;
	return MIN(due, s->reopen_ms);
}

bool log_sink_take_fatal(struct log_sink *s)
{
	if (!s->has_fatal || s->has_told_fatal)
		return false;
	s->has_told_fatal = true;
	return true;
}

/* --- rotation --------------------------------------------------------------------------------- */

bool log_rotate_file(const char *path, unsigned generations, log_rename_fn *rename_file, void *arg)
{
	const size_t cap = strlen(path) + 16;
	char *from = check_malloc(2 * cap), *to = from + cap;
	enum err err = ERR_NONE;

	for (unsigned i = generations; i > 1; i--) {
		snprintf(from, cap, "%s.%u", path, i - 2);
		snprintf(to, cap, "%s.%u", path, i - 1);
		err = rename_file(arg, from, to);
		if (err != ERR_NONE && err != ERR_NOT_FOUND)
			oplog(OPLOG_ERROR, "%s cannot be renamed to %s: %s", from, to,
			      err_text(err));
	}
	if (generations > 0) {
		snprintf(to, cap, "%s.0", path);
		err = rename_file(arg, path, to);
		if (err != ERR_NONE && err != ERR_NOT_FOUND)
			oplog(OPLOG_ERROR,
			      "%s cannot be renamed to %s: %s; it goes on growing. The user of the "
			      "proxy needs to write to its folder, or logfile_rotate 0 leaves the "
			      "renaming to others",
			      path, to, err_text(err));
	}
	free(from);
	return err == ERR_NONE || err == ERR_NOT_FOUND;
}

void log_sink_rotate(struct log_sink *s, unsigned generations, int64_t now_ms)
{
	CHECK_OBJ(s, LOG_SINK_MAGIC);
	if (s->kind != LOG_TARGET_FILE || (s->fd < 0 && !s->conf.is_active))
		return;
	if (s->conf.rotate >= 0)
		generations = (unsigned)s->conf.rotate;
	/* The open file tells whether there is something to rename; a FIFO is only opened again. */
	if (is_regular(s->fd))
		log_rotate_file(s->path, generations, s->io->rename, s->io->rename_arg);
	reopen(s, now_ms);
}

void log_sink_free(struct log_sink **sp)
{
	struct log_sink *s = *sp;
	unsigned long long lines = 0;

	CHECK_OBJ(s, LOG_SINK_MAGIC);
	take_back_torn(s);
	for (size_t i = 0; i < s->len; i++)
		lines += s->buf[s->start + i] == '\n';
	if (lines != 0) {
		count_add(COUNT_LOG_DROPPED, lines);
		oplog(OPLOG_ERROR,
		      "access log %s: the last %llu lines could not be written and are lost",
		      s->path, lines + s->lost);
	}
	if (s->fd >= 0)
		close(s->fd);
	free(s->buf);
	free(s->path);
	OBJ_FREE(*sp, LOG_SINK_MAGIC);
}
