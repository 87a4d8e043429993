/*
 * Opening for a proxy that is not trusted.
 *
 * Root must not follow a link that the proxy's user has laid: a log that is really /etc/shadow would
 * be root's gift. So what he may open himself is opened as him; where he may not, root opens only
 * what he cannot have prepared: no folder on the way is his to write.
 */
#include "daemon/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MODE = 0640, GENERATION_DIGITS_MAX = 4 };

/* Act as the proxy's user from now on / as root again. Only the effective ids change. */
static bool become(const struct identity *id)
{
	return setgroups((size_t)id->n_groups, id->groups) == 0 && setegid(id->gid) == 0 &&
	       seteuid(id->uid) == 0;
}

static void become_root(void)
{
	/* Going on as somebody else than we think would be worse than stopping. */
	CHECK(seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0);
}

static bool has_group(const struct identity *id, gid_t gid)
{
	for (int i = 0; i < id->n_groups; i++)
		if (id->groups[i] == gid)
			return true;
	return gid == id->gid;
}

static bool may_write(const struct stat *st, const struct identity *id)
{
	/* The owner may give himself the right to write at any time. */
	return st->st_uid == id->uid || (st->st_mode & S_IWOTH) != 0 ||
	       ((st->st_mode & S_IWGRP) != 0 && has_group(id, st->st_gid));
}

bool grant_is_beyond(const char *resolved_path, const struct identity *id)
{
	char part[PATH_MAX];
	struct stat dir, entry;
	size_t n = 0;

	if (resolved_path[0] != '/' || strlen(resolved_path) >= sizeof(part) || stat("/", &dir) != 0)
		return false;
	while (resolved_path[n] != '\0') {
		do {
			part[n] = resolved_path[n];
			n++;
		} while (resolved_path[n] != '/' && resolved_path[n] != '\0');
		part[n] = '\0';
		const bool exists = lstat(part, &entry) == 0;

		/* In a sticky folder (/tmp) he may add, but not touch what is another's. */
		if (may_write(&dir, id) && !((dir.st_mode & S_ISVTX) != 0 && dir.st_uid != id->uid &&
					     exists && entry.st_uid != id->uid))
			return false;
		if (!exists)
			return resolved_path[n] == '\0'; /* only the last part may be missing */
		if (S_ISLNK(entry.st_mode))
			return false; /* it was resolved: somebody is changing it now */
		dir = entry;
	}
	return true;
}

/* The path with all links resolved; the file itself may be missing. */
static bool path_resolve(const char *path, char resolved[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
	const size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	if (realpath(path, resolved) != NULL)
		return true;
	if (errno != ENOENT || base[0] == '\0' || strcmp(base, "..") == 0)
		return false;
	snprintf(folder, sizeof(folder), "%.*s", (int)MAX(n, 1u), slash == NULL ? "." :
		 n == 0 ? "/" : path);
	if (realpath(folder, resolved) == NULL)
		return false;
	const size_t at = strlen(resolved);

	return (size_t)snprintf(resolved + at, PATH_MAX - at, "%s%s", at > 1 ? "/" : "", base) <
	       PATH_MAX - at;
}

static int open_plainly(const char *path, enum scan_use use, int extra, const struct identity *id)
{
	const int how = use == SCAN_READ ? O_RDONLY : O_WRONLY | O_APPEND;
	const int flags = how | O_CLOEXEC | O_NOCTTY | extra;
	int fd = open(path, flags);

	if (fd >= 0 || errno != ENOENT || use == SCAN_READ)
		return fd;
	fd = open(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, LOG_MODE);
	if (fd >= 0 && id != NULL && geteuid() == 0 && fchown(fd, id->uid, id->gid) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int grant_open(const char *path, enum scan_use use, const struct identity *id, enum err *err)
{
	char resolved[PATH_MAX];
	int fd = -1;

	if (id == NULL) {
		fd = open_plainly(path, use, 0, NULL);
	} else {
		if (become(id))
			fd = open_plainly(path, use, 0, NULL);
		const int reason = errno;

		become_root();
		errno = reason;
		if (fd < 0 && (reason == EACCES || reason == EPERM) && path_resolve(path, resolved) &&
		    grant_is_beyond(resolved, id))
			fd = open_plainly(resolved, use, O_NOFOLLOW, id);
	}
	if (fd < 0)
		*err = err_from_errno(errno);
	return fd;
}

bool grant_is_generation(const char *from, const char *to)
{
	const size_t n = strlen(from);
	size_t digits = 0;

	if (strncmp(from, to, n) != 0 || to[n] != '.')
		return false;
	for (const char *p = to + n + 1; *p != '\0'; p++, digits++)
		if (*p < '0' || *p > '9')
			return false;
	return digits > 0 && digits <= GENERATION_DIGITS_MAX;
}

enum err grant_rename(const char *from, const char *to, const struct identity *id)
{
	char from_resolved[PATH_MAX], to_resolved[PATH_MAX];
	bool is_done = false;

	if (id == NULL)
		return rename(from, to) == 0 ? ERR_NONE : err_from_errno(errno);
	if (become(id))
		is_done = rename(from, to) == 0;
	const int reason = errno;

	become_root();
	errno = reason;
	if (!is_done && (reason == EACCES || reason == EPERM) && path_resolve(from, from_resolved) &&
	    path_resolve(to, to_resolved) && grant_is_beyond(from_resolved, id) &&
	    grant_is_beyond(to_resolved, id))
		is_done = rename(from_resolved, to_resolved) == 0;
	return is_done ? ERR_NONE : err_from_errno(errno);
}
