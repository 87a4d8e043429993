/*
 * The operator log's file, opened and renamed through the opener like all logs.
 */
#include "proxy/cache_log.h"

#include <fcntl.h>
#include <unistd.h>

int cache_log_open_file(void *arg, const char *path, enum err *err)
{
	struct opener *o = arg;

	return o->ops->open_file(o, path, LOG_OPEN_FLAGS, LOG_OPEN_MODE, err);
}

enum err cache_log_rename_file(void *arg, const char *from, const char *to)
{
	struct opener *o = arg;

	return o->ops->rename(o, from, to);
}

/* Standard error, which is used without a file too, or a file? */
static bool is_file(const char *path)
{
	return path != NULL && opener_standard_stream(path) != STDERR_FILENO;
}

static int open_reported(const char *path, struct opener *o, const char *meanwhile)
{
	enum err err = ERR_NONE;
	const int fd = cache_log_open_file(o, path, &err);

	if (fd < 0)
		oplog(OPLOG_WARNING,
		      "cache_log %s cannot be opened: %s; its folder must exist and be writable; "
		      "%s",
		      path, err_text(err), meanwhile);
	return fd;
}

void cache_log_use(const struct log_conf *c, const struct log_conf *was, struct opener *o,
                   enum oplog_level also_stderr)
{
	const char *path = is_file(c->cache_log) ? c->cache_log : NULL;
	const char *old = was != NULL && is_file(was->cache_log) ? was->cache_log : NULL;
	int fd = -1;

	if ((path == NULL && old == NULL) ||
	    (path != NULL && old != NULL && strcmp(path, old) == 0))
		return;
	if (path != NULL) {
		fd = open_reported(path, o,
		                   was != NULL ? "messages stay where they went until now"
		                               : "messages go to standard error, and nowhere "
		                                 "once Cuttle is in the background");
		if (fd < 0)
			return;
	}
	oplog_set_file(fd, path, also_stderr);
}

void cache_log_rotate(const struct log_conf *c, unsigned generations, struct opener *o)
{
	int fd;

	if (!is_file(c->cache_log) || opener_standard_stream(c->cache_log) >= 0)
		return;
	if (generations > 0 &&
	    !log_rotate_file(c->cache_log, generations, cache_log_rename_file, o))
		return;
	fd = open_reported(c->cache_log, o, "messages still go to the renamed file");
	if (fd >= 0)
		oplog_reopen(fd);
}
