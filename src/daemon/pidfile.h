/*
 * The pid file. Whether a Cuttle runs is told by the lock on the file, which the kernel drops when
 * the process ends in whatever way; the number in it is only used while the lock is held. So a file
 * left behind, or a number that now belongs to somebody else (always so in a container), fools
 * nobody.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

struct pidfile {
	char *path; /* NULL: none */
	int fd;     /* holds the lock; -1 */
};

/*
 * Take the lock, creating the file. ERR_DUPLICATE: somebody else holds it, *holder is his pid (0 if
 * he has not written it yet). Other errors are the file system's. path NULL: succeeds and does
 * nothing.
 */
enum err pidfile_lock(struct pidfile *f, const char *path, pid_t *holder) MUST_USE;
/* Write this process's id. */
enum err pidfile_write(struct pidfile *f) MUST_USE;
/* In a child: forget the file; it and its lock stay the parent's. */
void pidfile_forget(struct pidfile *f);
/* Remove the file and drop the lock. */
void pidfile_remove(struct pidfile *f);

/*
 * Who runs? ERR_NONE: *pid does. ERR_NOT_FOUND: nobody (no file, or nobody holds it). ERR_SYNTAX:
 * somebody holds it, but there is no pid in it (yet).
 */
enum err pidfile_read(const char *path, pid_t *pid) MUST_USE;
