/*
 * The opener of a process that needs no keeper: it opens by itself. May be called by any thread.
 */
#include "net/opener.h"

#include "base/lock.h"
#include "net/listen_set.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process has one set of ports, as it has one table of descriptors. */
static struct listen_set held; /* shared, guarded by held_lock */
static struct lock held_lock = LOCK_INIT(LOCK_RANK_OPENER);
static uid_t owner_uid = (uid_t)-1; /* written before threads start */
static gid_t owner_gid = (gid_t)-1;

void opener_direct_set_owner(unsigned uid, unsigned gid)
{
	owner_uid = uid;
	owner_gid = gid;
}

int opener_standard_stream(const char *path)
{
	static const struct {
		const char *path;
		int fd;
	} streams[] = {
		{ "/dev/stdout", STDOUT_FILENO },     { "/dev/stderr", STDERR_FILENO },
		{ "/dev/fd/1", STDOUT_FILENO },       { "/dev/fd/2", STDERR_FILENO },
		{ "/proc/self/fd/1", STDOUT_FILENO }, { "/proc/self/fd/2", STDERR_FILENO }
	};

	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		if (strcmp(path, streams[i].path) == 0)
			return streams[i].fd;
	return -1;
}

static int open_or_create(const char *path, int flags, unsigned mode)
{
	const int plain = (flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, plain);

	if (fd >= 0 || errno != ENOENT || (flags & O_CREAT) == 0)
		return fd;
	fd = open(path, plain | O_CREAT | O_EXCL, mode);
	if (fd < 0 && errno == EEXIST) /* somebody made it in between */
		return open(path, plain);
	/* What root makes before it is given up must be writable afterwards. */
	if (fd >= 0 && owner_uid != (uid_t)-1 && geteuid() == 0)
		(void)!fchown(fd, owner_uid, owner_gid);
	return fd;
}

static int direct_open_file(struct opener *o UNUSED, const char *path, int flags, unsigned mode,
                            enum err *err)
{
	const int stream = opener_standard_stream(path);
	/* A standard stream that belongs to another user cannot be opened by name, only copied. */
	const int fd = stream >= 0 ? fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
	                           : open_or_create(path, flags, mode);

	if (fd < 0)
		*err = err_from_errno(errno);
	return fd;
}

static int direct_listen(struct opener *o UNUSED, const struct endpoint *at, enum err *err)
{
	int fd = -1, copy = -1;

	lock_take(&held_lock);
	*err = listen_set_open(&held, at, &fd);
	if (*err == ERR_NONE) {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0)
			*err = err_from_errno(errno);
	}
	lock_give(&held_lock);
	return copy;
}

static void direct_unlisten(struct opener *o UNUSED, const struct endpoint *at)
{
	lock_take(&held_lock);
	listen_set_close(&held, at);
	lock_give(&held_lock);
}

static enum err direct_rename(struct opener *o UNUSED, const char *from, const char *to)
{
	return rename(from, to) == 0 ? ERR_NONE : err_from_errno(errno);
}

static const struct opener_ops direct_ops = {
	.open_file = direct_open_file,
	.listen = direct_listen,
	.unlisten = direct_unlisten,
	.rename = direct_rename,
};

struct opener opener_direct = { &direct_ops };
