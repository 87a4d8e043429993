/*
 * The pid file: the lock on it is the truth, its text a convenience. The lock is one of the open
 * file description (F_OFD_SETLK), which lives on over fork like flock(2)'s, but can be asked about
 * without being taken: so "cuttle -k check" never makes a start at the same moment fail.
 */
#include "daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_TEXT_MAX = 32 };

/* The decimal number in the file, or 0. */
static pid_t pid_in(int fd)
{
	char text[PID_TEXT_MAX];
	const ssize_t n = pread(fd, text, sizeof(text), 0);
	struct span s = span_of(text, n > 0 ? (size_t)n : 0);
	uint64_t v;

	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	return span_to_u64(s, &v) && v > 0 && v <= INT32_MAX ? (pid_t)v : 0;
}

static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

/* Whether the path still names the file that is open: its owner may have removed it before we got
 * the lock. */
static bool path_names(const char *path, int fd)
{
	struct stat by_path, by_fd;

	return stat(path, &by_path) == 0 && fstat(fd, &by_fd) == 0 &&
	       by_path.st_ino == by_fd.st_ino && by_path.st_dev == by_fd.st_dev;
}

enum err pidfile_lock(struct pidfile *f, const char *path, pid_t *holder)
{
	*f = (struct pidfile){ NULL, -1 };
	if (path == NULL)
		return ERR_NONE;
	for (;;) {
		const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		struct flock lock = whole_file();

		if (fd < 0)
			return err_from_errno(errno);
		if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
			const bool is_taken = errno == EAGAIN || errno == EACCES;
			const enum err err = err_from_errno(errno);

			*holder = pid_in(fd);
			close(fd);
			return is_taken ? ERR_DUPLICATE : err;
		}
		if (path_names(path, fd)) {
			f->path = check_strdup(path);
			f->fd = fd;
			(void)fchmod(fd, 0644); /* -k may be anybody's, whatever the umask */
			/* A number left behind must not be read as ours. */
			return ftruncate(fd, 0) == 0 ? ERR_NONE : err_from_errno(errno);
		}
		close(fd);
	}
}

enum err pidfile_write(struct pidfile *f)
{
	char text[PID_TEXT_MAX];

	if (f->path == NULL)
		return ERR_NONE;
	const int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	errno = ENOSPC; /* for a short write */
	if (pwrite(f->fd, text, (size_t)n, 0) != n || ftruncate(f->fd, n) != 0)
		return err_from_errno(errno);
	return ERR_NONE;
}

void pidfile_forget(struct pidfile *f)
{
	if (f->path == NULL)
		return;
	/* Closing a copy does not unlock: the lock belongs to the open file that the parent shares.
	 */
	close(f->fd);
	free(f->path);
	*f = (struct pidfile){ NULL, -1 };
}

void pidfile_remove(struct pidfile *f)
{
	if (f->path == NULL)
		return;
	/* While the lock is held, so that nobody else's new file is removed. Where the folder is
	 * closed to us, empty it. */
	if (path_names(f->path, f->fd) && unlink(f->path) != 0)
		(void)!ftruncate(f->fd, 0);
	pidfile_forget(f);
}

enum err pidfile_read(const char *path, pid_t *pid)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct flock lock = whole_file();
	enum err err = ERR_NOT_FOUND;

	if (fd < 0)
		return err_from_errno(errno);
	if (fcntl(fd, F_OFD_GETLK, &lock) != 0) {
		err = err_from_errno(errno);
	} else if (lock.l_type != F_UNLCK) {
		const pid_t found = pid_in(fd);

		err = found != 0 ? ERR_NONE : ERR_SYNTAX;
		if (found != 0)
			*pid = found;
	}
	close(fd);
	return err;
}
