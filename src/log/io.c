/*
 * What a sink does to the world, done directly. Nothing here blocks on a pipe, socket or terminal.
 */
#include "log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_direct(void *arg UNUSED, const char *path, enum err *err)
{
	const int fd = open(path, LOG_OPEN_FLAGS, LOG_OPEN_MODE);

	if (fd < 0)
		*err = err_from_errno(errno);
	return fd;
}

static enum err rename_direct(void *arg UNUSED, const char *from, const char *to)
{
	return rename(from, to) == 0 ? ERR_NONE : err_from_errno(errno);
}

/*
 * A pipe or terminal. One that others share must not be made non-blocking, since that would change
 * it for them; if it polls writable, at least PIPE_BUF bytes can be written at once.
 */
static ssize_t write_polled(int fd, const char *p, size_t n)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	if (poll(&pfd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if ((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
		n = MIN(n, (size_t)PIPE_BUF);
	return write(fd, p, n);
}

static int write_direct(void *arg UNUSED, int fd, const char *p, size_t n, size_t *done)
{
	struct stat st;
	ssize_t r;

	if (fstat(fd, &st) != 0)
		return errno;
	if (S_ISREG(st.st_mode))
		r = write(fd, p, n);
	else if (S_ISSOCK(st.st_mode))
		r = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		r = write_polled(fd, p, n);
	if (r < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	*done = (size_t)r;
	return 0;
}

static int shorten_direct(void *arg UNUSED, int fd, size_t n)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return errno;
	if (st.st_size < (off_t)n)
		return EINVAL;
	return ftruncate(fd, st.st_size - (off_t)n) == 0 ? 0 : errno;
}

const struct log_io log_io_direct = {
	.open = open_direct,
	.rename = rename_direct,
	.write = write_direct,
	.shorten = shorten_direct,
};
