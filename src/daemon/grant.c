/*
 * Opening for a proxy that is not trusted.
 *
 * Root must not follow a link that the proxy's user has laid: a log that is really /etc/shadow
 * would be root's gift. So what he may open himself is opened as him; where he may not, root opens
 * only what he cannot have prepared: no folder on the way is his to write, those in which links
 * stand too.
 */
#include "daemon/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MODE = 0640, GENERATION_DIGITS_MAX = 4, PARTS_MAX = 256 };

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

/* In a sticky folder (/tmp) he may add, but not touch what is another's. */
static bool may_replace(const struct stat *dir, const struct stat *entry, const struct identity *id)
{
	if (!may_write(dir, id))
		return false;
	return (dir->st_mode & S_ISVTX) == 0 || dir->st_uid == id->uid || entry == NULL ||
	       entry->st_uid == id->uid;
}

/* Put what a link says before what is left of the path; from the root again if it is absolute. */
static bool link_follow(char *at, char rest[PATH_MAX])
{
	char target[PATH_MAX], joined[PATH_MAX];
	const ssize_t n = readlink(at, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	if ((size_t)snprintf(joined, sizeof(joined), "%s/%s", target, rest) >= sizeof(joined))
		return false;
	if (target[0] == '/')
		at[0] = '\0';
	else
		*strrchr(at, '/') = '\0';
	memcpy(rest, joined, sizeof(joined));
	return true;
}

/* Cut the first part off the path; false if none is left. */
static bool part_cut(char *rest, char part[NAME_MAX + 2])
{
	const size_t skip = strspn(rest, "/"), n = strcspn(rest + skip, "/");

	if (n == 0 || n > NAME_MAX)
		return false;
	memcpy(part, rest + skip, n);
	part[n] = '\0';
	memmove(rest, rest + skip + n, strlen(rest + skip + n) + 1);
	return true;
}

/* One part further from the folder `at`. False: he could have put something else there, or it leads
 * nowhere. */
static bool step(char at[PATH_MAX], const char *part, char rest[PATH_MAX],
                 const struct identity *id)
{
	const size_t n = strlen(at);
	struct stat dir, entry;

	if (strcmp(part, ".") == 0)
		return true;
	if (strcmp(part, "..") == 0) {
		if (n > 0)
			*strrchr(at, '/') = '\0';
		return true;
	}
	if (stat(n > 0 ? at : "/", &dir) != 0 ||
	    (size_t)snprintf(at + n, PATH_MAX - n, "/%s", part) >= PATH_MAX - n)
		return false;
	const bool exists = lstat(at, &entry) == 0;

	if (may_replace(&dir, exists ? &entry : NULL, id))
		return false;
	if (!exists)
		return errno == ENOENT &&
		       rest[strspn(rest, "/")] == '\0'; /* the file itself may be missing */
	return !S_ISLNK(entry.st_mode) || link_follow(at, rest);
}

bool grant_is_beyond(const char *path, const struct identity *id, char resolved[PATH_MAX])
{
	char rest[PATH_MAX], folder[PATH_MAX] = "", part[NAME_MAX + 2];
	int steps = 0;

	if (path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
		return false;
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", folder, path) >= sizeof(rest))
		return false;
	resolved[0] = '\0';
	while (part_cut(rest, part))
		if (++steps > PARTS_MAX || !step(resolved, part, rest, id))
			return false;
	/* Something is left if a part is too long. */
	return rest[strspn(rest, "/")] == '\0' && resolved[0] != '\0';
}

static int open_plainly(const char *path, enum scan_use use, int extra, const struct identity *id)
{
	const int how = use == SCAN_READ ? O_RDONLY : O_WRONLY | O_APPEND;
	/* O_NONBLOCK: a FIFO without its other end must not hold up the keeper. */
	const int flags = how | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | extra;
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
		const bool is_refused = fd < 0 && (reason == EACCES || reason == EPERM);

		if (is_refused && grant_is_beyond(path, id, resolved))
			fd = open_plainly(resolved, use, O_NOFOLLOW, id);
		else
			errno = reason;
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
	if (is_done)
		return ERR_NONE;
	if ((reason != EACCES && reason != EPERM) || !grant_is_beyond(from, id, from_resolved) ||
	    !grant_is_beyond(to, id, to_resolved))
		return err_from_errno(reason);
	return rename(from_resolved, to_resolved) == 0 ? ERR_NONE : err_from_errno(errno);
}
