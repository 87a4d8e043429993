/*
 * Opening and rotating cache_log.
 */
#include "log/cache_log.h"

const char *log_cache_path(const struct log_conf *c)
{
	/* Standard error is where lines go anyway. */
	if (c->cache_log == NULL || strcmp(c->cache_log, "/dev/stderr") == 0 ||
	    strcmp(c->cache_log, "/dev/fd/2") == 0 || strcmp(c->cache_log, "/proc/self/fd/2") == 0)
		return NULL;
	return c->cache_log;
}

bool log_cache_open(const struct log_io *io, const char *now, const char *wanted, int *fd)
{
	enum err err = ERR_SYSTEM;

	*fd = -1;
	if (wanted == NULL || (now != NULL && strcmp(now, wanted) == 0))
		return true;
	*fd = io->open(io->open_arg, wanted, &err);
	if (*fd >= 0)
		return true;
	oplog(OPLOG_ERROR,
	      "cache_log %s cannot be opened: %s; make sure that its folder exists and belongs to "
	      "the user of the proxy, or name another file, /dev/stderr or none",
	      wanted, err_text(err));
	return false;
}

void log_cache_use(int fd, const char *wanted, enum oplog_level also_stderr)
{
	oplog_set_file(fd, wanted, also_stderr);
}

void log_cache_rotate(const struct log_io *io, const char *path, unsigned generations)
{
	enum err err = ERR_SYSTEM;
	int fd;

	oplog_flush();
	log_rotate_file(path, generations, io->rename, io->rename_arg);
	fd = io->open(io->open_arg, path, &err);
	if (fd >= 0)
		oplog_reopen(fd);
	else
		oplog(OPLOG_ERROR,
		      "cache_log %s cannot be opened anew: %s; lines go on to the renamed file",
		      path, err_text(err));
}

unsigned log_cache_generations(const char *debug_options, unsigned otherwise)
{
	struct span rest = debug_options != NULL ? span_str(debug_options) : SPAN_NULL;
	uint64_t v;

	while (rest.p != NULL) {
		const struct span word = span_cut(&rest, ' ');

		if (span_starts(word, SPAN("rotate=")) && span_to_u64(span_skip(word, 7), &v) &&
		    v <= LOG_GENERATIONS_MAX)
			return (unsigned)v;
	}
	return otherwise;
}
