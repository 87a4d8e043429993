/*
 * All system calls on a directory of the store, and the faults that tests put between.
 *
 * Blocks, but for what is said not to; any thread. Partial transfers are completed here and errno
 * is translated here. A struct disk_io is immutable after disk_io_open_folder(); its faults are
 * atomic.
 */
#pragma once

#include <stdatomic.h>

#include "base/base.h"

enum disk_call {
	DISK_CALL_OPEN,
	DISK_CALL_READ,
	DISK_CALL_WRITE,
	DISK_CALL_SYNC,
	DISK_CALL_UNLINK,
	DISK_CALL_RENAME,
	DISK_CALL_N
};

#define DISK_FAULT_RULES 4
/*
 * What goes wrong, for tests. A rule strikes at the calls `from` to from + count - 1 of those it is
 * meant for (counted from 1).
 */
struct disk_fault {
	unsigned calls; /* set of 1 << enum disk_call; 0: no rule */
	uint64_t from, count;
	int error;       /* an errno, or 0 */
	bool is_skipped; /* nothing is done, and that is a success: of syncing */
	bool is_short;   /* transfers end in the middle; then go on */
	unsigned ms;     /* takes that long; what would not wait is not resident */
	char until[128]; /* takes until there is a file of this path; "": no such rule */
	_Atomic uint64_t seen;
};
struct disk_faults {
	struct disk_fault rules[DISK_FAULT_RULES];
	unsigned n;
	_Atomic uint64_t calls; /* all that were made, of any kind */
};
/*
 * "read:slow=2000,write:ENOSPC:from=10:count=3,all:short": rules with commas between. Calls: open
 * read write sync unlink rename all. Faults: slow=MS, until=PATH, short, skip, EIO, ENOSPC, ENOENT,
 * EROFS.
 */
bool disk_faults_parse(struct disk_faults *f, struct span text) MUST_USE;

struct disk_io {
	int folder;
	struct disk_faults *faults; /* NULL: none */
};

/*
 * Makes the folder if it is not there. ERR_IN_USE: somebody else holds its lock, if it is wanted.
 */
enum err disk_io_open_folder(struct disk_io *io, const char *path, bool create, bool lock,
                             struct disk_faults *faults) MUST_USE;
void disk_io_close_folder(struct disk_io *io);
/* Each name in the folder but "." and "..". `see` returns false to end it. */
typedef bool disk_io_name_fn(void *arg, const char *name);
enum err disk_io_names(struct disk_io *io, disk_io_name_fn *see, void *arg) MUST_USE;

/* "PREFIXxxxxxxxx", eight hexadecimal digits in lower case. */
bool disk_io_parse_name(const char *name, const char *prefix, uint32_t *number) MUST_USE;

enum disk_open_mode { DISK_OPEN_READ, DISK_OPEN_WRITE, DISK_OPEN_NEW, DISK_OPEN_APPEND };
/*
 * DISK_OPEN_NEW: for reading and writing, emptied; DISK_OPEN_APPEND: made if it is not there.
 * ERR_NOT_FOUND.
 */
enum err disk_io_open(struct disk_io *io, const char *name, enum disk_open_mode mode,
                      int *out) MUST_USE;
void disk_io_close(int *fd);
enum err disk_io_size(struct disk_io *io, int fd, uint64_t *bytes) MUST_USE;

/* As many as there are, at most n; *got is less at the end of the file only. */
enum err disk_io_read(struct disk_io *io, int fd, void *to, size_t n, uint64_t offset,
                      size_t *got) MUST_USE;
/* All n bytes, if they are in the page cache; never waits for the device. */
bool disk_io_read_resident(struct disk_io *io, int fd, void *to, size_t n, uint64_t offset);
/* Whether all of it is in the page cache; does not wait. */
bool disk_io_is_resident(struct disk_io *io, int fd, uint64_t offset, uint64_t n);
enum err disk_io_write(struct disk_io *io, int fd, const void *from, size_t n,
                       uint64_t offset) MUST_USE;
/* In one piece, behind the end of a file opened by DISK_OPEN_APPEND. */
enum err disk_io_append(struct disk_io *io, int fd, const void *from, size_t n) MUST_USE;
enum err disk_io_cut(struct disk_io *io, int fd, uint64_t bytes) MUST_USE;

enum err disk_io_sync(struct disk_io *io, int fd) MUST_USE;
enum err disk_io_sync_folder(struct disk_io *io);
enum err disk_io_unlink(struct disk_io *io, const char *name);
enum err disk_io_rename(struct disk_io *io, const char *from, const char *to) MUST_USE;

/* What differs between two boots of the machine; all zero where it cannot be told. */
#define DISK_BOOT_BYTES 36
void disk_io_boot(char boot[DISK_BOOT_BYTES]);
