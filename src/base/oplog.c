/*
 * The operator log: from a sentence to a line, from lines to a file and to stderr.
 *
 * Shared by all threads; two locks. `oplog_lock` guards everything but the writing: it is held
 * to format, to look for repeats and to append to a queue, never over a write in async mode.
 * `write_lock` (taken first) keeps writers in order. Repeats are found in a short list of what was
 * said lately (repeats.h), so that two complaints that take turns are summarised too.
 */
#include "base/oplog.h"

#include "base/oplog_sink.h"
#include "base/repeats.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

/* Time, level word and newline beside the text. */
#define LINE_MAX_BYTES (OPLOG_TEXT_MAX + 64)
#define WINDOW_US      (10 * 1000000LL)
/* How long the end of the process may be held up by a stderr that takes nothing. */
#define LAST_WAIT_MS 1000

static int64_t kernel_now_us(void);

static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t oplog_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int most_level = OPLOG_NOTICE; /* relaxed: a setting */
static struct {
	struct sink file, err; /* file.fd is -1: stderr only */
	enum oplog_level also_stderr;
	bool is_async;
	bool failure_is_told; /* guarded by write_lock */
	struct repeats repeats;
	int64_t (*now_us)(void);
	time_t stamp_s; /* the second that `stamp` spells */
	char stamp[32];
} log_state = {
	/* guarded by oplog_lock; the sinks' output halves by write_lock */
	.file = { .fd = -1 },
	.err = { .fd = STDERR_FILENO, .is_stderr = true },
	.also_stderr = OPLOG_DEBUG,
	.now_us = kernel_now_us,
	.stamp_s = -1,
};

static const char *const level_words[] = {
	[OPLOG_FATAL] = "FATAL: ", [OPLOG_ERROR] = "ERROR: ", [OPLOG_WARNING] = "WARNING: ",
	[OPLOG_NOTICE] = "",       [OPLOG_DEBUG] = "",
};

static int64_t kernel_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* --- lines ------------------------------------------------------------------------------------ */

static const char *stamp_of(int64_t now_us)
{
	const time_t s = (time_t)(now_us / 1000000);
	struct tm tm;

	if (s != log_state.stamp_s && localtime_r(&s, &tm) != NULL &&
	    strftime(log_state.stamp, sizeof(log_state.stamp), "%Y/%m/%d %H:%M:%S", &tm) != 0)
		log_state.stamp_s = s;
	return log_state.stamp;
}

/* With oplog_lock held. */
static void emit(int64_t now_us, enum oplog_level level, const char *text)
{
	char line[LINE_MAX_BYTES];
	const int n = snprintf(line, sizeof(line), "%s| %s%s\n", stamp_of(now_us),
	                       level_words[level], text);
	const struct span s = span_of(line, MIN((size_t)n, sizeof(line) - 1));

	if (log_state.file.fd >= 0)
		sink_put(&log_state.file, s);
	if (log_state.file.fd < 0 || level <= log_state.also_stderr)
		sink_put(&log_state.err, s);
}

static void emit_count(int64_t now_us, const struct repeat *r)
{
	char text[OPLOG_TEXT_MAX];
	const char *s = r->n_more == 1 ? "" : "s";

	if (r->was_last)
		snprintf(text, sizeof(text), "last message repeated %u time%s", r->n_more, s);
	else
		snprintf(text, sizeof(text), "message repeated %u time%s: %s", r->n_more, s,
		         r->head);
	emit(now_us, (enum oplog_level)r->tag, text);
}

/* The counts of texts whose window is over. With oplog_lock held. */
static void emit_counts(int64_t now_us, int64_t window_us)
{
	struct repeat r;

	while (repeats_take_expired(&log_state.repeats, now_us, window_us, &r))
		emit_count(now_us, &r);
}

/* With oplog_lock held. */
static void say(enum oplog_level level, const char *text)
{
	const int64_t now_us = log_state.now_us();
	struct repeat last;

	emit_counts(now_us, WINDOW_US);
	if (repeats_note(&log_state.repeats, now_us, WINDOW_US, (int)level, text, &last))
		return;
	if (last.n_more > 0)
		emit_count(now_us, &last);
	emit(now_us, level, text);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* With write_lock held: take what is queued and write it, without holding up those who log. */
static bool drain(struct sink *s, const char *name, int wait_ms)
{
	char text[128];

	for (;;) {
		pthread_mutex_lock(&oplog_lock);
		const uint64_t lost = sink_turn(s);

		if (lost > 0) {
			snprintf(text, sizeof(text), "%llu lines were lost: %s could not take them",
			         (unsigned long long)lost, name);
			emit(log_state.now_us(), OPLOG_WARNING, text);
		}
		pthread_mutex_unlock(&oplog_lock);
		if (!sink_has_output(s) && lost == 0)
			return true;
		if (!sink_write(s, wait_ms))
			return false;
	}
}

/* Once for each time that the log stops being writable. With write_lock held. */
static void tell_failure(bool ok)
{
	const bool tell = !ok && !log_state.failure_is_told;
	char why[128];

	log_state.failure_is_told = !ok;
	if (tell)
		dprintf(STDERR_FILENO, "cuttle: WARNING: the cache log cannot be written: %s\n",
		        strerror_r(log_state.file.failure, why, sizeof(why)));
}

/* stderr may be a terminal that nobody reads: wait for it at most stderr_wait_ms. */
static bool flush(int64_t window_us, int stderr_wait_ms)
{
	pthread_mutex_lock(&write_lock);
	pthread_mutex_lock(&oplog_lock);
	emit_counts(log_state.now_us(), window_us);
	const bool has_file = log_state.file.fd >= 0;

	pthread_mutex_unlock(&oplog_lock);
	const bool ok = !has_file || drain(&log_state.file, "the cache log", 0);

	tell_failure(ok);
	(void)drain(&log_state.err, "stderr", stderr_wait_ms);
	pthread_mutex_unlock(&write_lock);
	return ok;
}

/* A line is one line, whatever was in an argument. */
static void flatten(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n' || *text == '\r')
			*text = ' ';
}

void oplog(enum oplog_level level, const char *fmt, ...)
{
	const int saved_errno = errno;
	char text[OPLOG_TEXT_MAX];
	va_list ap;

	if (!oplog_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flatten(text);

	pthread_mutex_lock(&oplog_lock);
	say(level, text);
	const bool is_async = log_state.is_async;

	pthread_mutex_unlock(&oplog_lock);
	if (!is_async || level == OPLOG_FATAL)
		(void)flush(WINDOW_US, is_async ? LAST_WAIT_MS : -1);
	errno = saved_errno;
}

bool oplog_flush(void)
{
	return flush(WINDOW_US, 0);
}

/* --- settings --------------------------------------------------------------------------------- */

static void replace_file(int fd)
{
	pthread_mutex_lock(&write_lock);
	pthread_mutex_lock(&oplog_lock);
	const int old = log_state.file.fd;

	log_state.file.fd = fd;
	pthread_mutex_unlock(&oplog_lock);
	pthread_mutex_unlock(&write_lock);
	if (old >= 0)
		close(old);
}

void oplog_set_file(int fd, const char *path, enum oplog_level also_stderr)
{
	(void)oplog_flush();
	pthread_mutex_lock(&oplog_lock);
	log_state.also_stderr = also_stderr;
	pthread_mutex_unlock(&oplog_lock);
	replace_file(path != NULL ? fd : -1);
}

void oplog_reopen(int fd)
{
	replace_file(fd);
}

void oplog_set_level(enum oplog_level most)
{
	atomic_store_explicit(&most_level, most, memory_order_relaxed);
}

bool oplog_wants(enum oplog_level level)
{
	return (int)level <= atomic_load_explicit(&most_level, memory_order_relaxed);
}

void oplog_run_async(void)
{
	pthread_mutex_lock(&oplog_lock);
	log_state.is_async = true;
	pthread_mutex_unlock(&oplog_lock);
}

void oplog_set_clock(int64_t (*now_us)(void))
{
	pthread_mutex_lock(&oplog_lock);
	log_state.now_us = now_us != NULL ? now_us : kernel_now_us;
	pthread_mutex_unlock(&oplog_lock);
}

void oplog_fini(void)
{
	(void)flush(0, LAST_WAIT_MS);
	replace_file(-1);
	sink_fini(&log_state.file);
	sink_fini(&log_state.err);
	log_state.repeats = (struct repeats){ 0 };
	log_state.is_async = false;
	log_state.also_stderr = OPLOG_DEBUG;
	log_state.failure_is_told = false;
}

const char *oplog_escape(struct span s, char *buf, size_t cap)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	CHECK(cap > 0);
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		if (n + (plain ? 1 : 4) >= cap)
			break;
		if (plain) {
			buf[n++] = (char)c;
			continue;
		}
		buf[n++] = '\\';
		buf[n++] = 'x';
		buf[n++] = hex[c >> 4];
		buf[n++] = hex[c & 15];
	}
	buf[n] = '\0';
	return buf;
}

int oplog_fd(void)
{
	/*
	 * Not locked: the thread that died may hold the lock. At worst the last word goes to stderr
	 * only.
	 */
	const int fd = log_state.file.fd;

	return fd >= 0 ? fd : STDERR_FILENO;
}
