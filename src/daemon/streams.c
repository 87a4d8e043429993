/*
 * The standard streams of a process that may outlive its terminal.
 */
#include "daemon/streams.h"

#include "base/base.h"

#include <fcntl.h>
#include <unistd.h>

void streams_exist(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void streams_to_null(void)
{
	const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}
