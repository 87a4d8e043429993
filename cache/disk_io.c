/*
 * The store's system calls.
 *
 * Residency is asked by cachestat(), which is new (Linux 6.5), or else by mincore() on a mapping
 * that is made for it. Both are asked about whole pages.
 */
#include "cache/disk_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_MODE   0640
#define FOLDER_MODE 0750

/* --- faults ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned calls;
} call_names[] = {
	{ "open", 1u << DISK_CALL_OPEN },     { "read", 1u << DISK_CALL_READ },
	{ "write", 1u << DISK_CALL_WRITE },   { "sync", 1u << DISK_CALL_SYNC },
	{ "unlink", 1u << DISK_CALL_UNLINK }, { "rename", 1u << DISK_CALL_RENAME },
	{ "all", (1u << DISK_CALL_N) - 1 },
};

static const struct {
	const char *name;
	int error;
} error_names[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "ENOENT", ENOENT }, { "EROFS", EROFS }
};

static bool parse_number(struct span word, const char *name, uint64_t *out)
{
	struct span rest = word;
	const struct span left = span_cut(&rest, '=');

	return rest.p != NULL && span_eq(left, span_str(name)) && span_to_u64(rest, out);
}

static bool parse_effect(struct disk_fault *f, struct span word)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_LEN(error_names); i++)
		if (span_eq(word, span_str(error_names[i].name)))
			return (f->error = error_names[i].error) != 0;
	if (span_eq(word, SPAN("skip")))
		return f->is_skipped = true;
	if (span_eq(word, SPAN("short")))
		return f->is_short = true;
	if (parse_number(word, "slow", &n) && n < 1000000) {
		f->ms = (unsigned)n;
		return true;
	}
	if (span_starts(word, SPAN("until=")) && word.n - 6 < sizeof(f->until)) {
		memcpy(f->until, word.p + 6, word.n - 6);
		return true;
	}
	return parse_number(word, "from", &f->from) || parse_number(word, "count", &f->count);
}

static bool parse_fault(struct disk_fault *f, struct span text)
{
	const struct span call = span_cut(&text, ':');

	f->from = 1;
	f->count = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_LEN(call_names); i++)
		if (span_eq(call, span_str(call_names[i].name)))
			f->calls = call_names[i].calls;
	while (text.p != NULL)
		if (!parse_effect(f, span_cut(&text, ':')))
			return false;
	return f->calls != 0;
}

bool disk_faults_parse(struct disk_faults *f, struct span text)
{
	*f = (struct disk_faults){ 0 };
	while (text.p != NULL) {
		if (f->n == DISK_FAULT_RULES || !parse_fault(&f->rules[f->n], span_cut(&text, ',')))
			return false;
		f->n++;
	}
	return true;
}

/* The rule that strikes at this call, or NULL. */
static const struct disk_fault *strikes(struct disk_io *io, enum disk_call call)
{
	struct disk_faults *const fs = io->faults;
	const struct disk_fault *hit = NULL;

	if (likely(fs == NULL))
		return NULL;
	/* Relaxed: counts. */
	atomic_fetch_add_explicit(&fs->calls, 1, memory_order_relaxed);
	for (unsigned i = 0; i < fs->n; i++) {
		struct disk_fault *const f = &fs->rules[i];

		if ((f->calls & 1u << call) == 0)
			continue;
		const uint64_t nth =
			atomic_fetch_add_explicit(&f->seen, 1, memory_order_relaxed) + 1;

		if (hit == NULL && nth >= f->from && nth - f->from < f->count)
			hit = f;
	}
	return hit;
}

#define SKIPPED       (-1)
#define UNTIL_POLL_MS 5

/* The fault's errno, or 0 if the call is to be made; *n may be cut. */
static int suffer(struct disk_io *io, enum disk_call call, size_t *n)
{
	const struct disk_fault *const f = strikes(io, call);

	if (likely(f == NULL))
		return 0;
	if (f->ms > 0)
		(void)poll(NULL, 0, (int)f->ms);
	while (f->until[0] != 0 && access(f->until, F_OK) != 0)
		(void)poll(NULL, 0, UNTIL_POLL_MS);
	if (f->is_skipped)
		return SKIPPED;
	if (f->is_short && n != NULL && *n > 1)
		*n = *n / 2;
	return f->error;
}

/* --- folders ---------------------------------------------------------------------------------- */

enum err disk_io_open_folder(struct disk_io *io, const char *path, bool create, bool lock,
                             struct disk_faults *faults)
{
	*io = (struct disk_io){ -1, faults };
	int e = suffer(io, DISK_CALL_OPEN, NULL);

	if (e != 0)
		return err_from_errno(e);
	if (create && mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST)
		return err_from_errno(errno);
	io->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (io->folder < 0)
		return err_from_errno(errno);
	/* On the folder itself: it stays the same while files in it are replaced. */
	if (!lock || flock(io->folder, LOCK_EX | LOCK_NB) == 0)
		return ERR_NONE;
	e = errno;
	disk_io_close_folder(io);
	return e == EWOULDBLOCK ? ERR_IN_USE : err_from_errno(e);
}

void disk_io_close_folder(struct disk_io *io)
{
	disk_io_close(&io->folder);
}

enum err disk_io_names(struct disk_io *io, disk_io_name_fn *see, void *arg)
{
	const struct dirent *entry = NULL;
	const int fault = suffer(io, DISK_CALL_READ, NULL);
	/* A description of its own: the folder's offset is shared by duplicates. */
	const int fd =
		fault != 0 ? -1 : openat(io->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const names = fd < 0 ? NULL : fdopendir(fd);

	if (names == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return err_from_errno(fault != 0 ? fault : errno);
	}
	bool go_on = true;

	errno = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
	while (go_on && (entry = readdir(names)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			go_on = see(arg, entry->d_name);
		errno = 0;
	}
	const int e = errno;

	(void)closedir(names);
	return go_on && e != 0 ? err_from_errno(e) : ERR_NONE;
}

bool disk_io_parse_name(const char *name, const char *prefix, uint32_t *number)
{
	const size_t n = strlen(prefix);
	uint32_t v = 0;

	if (strncmp(name, prefix, n) != 0 || strlen(name) != n + 8)
		return false;
	for (const char *p = name + n; *p != 0; p++) {
		const bool is_letter = *p >= 'a' && *p <= 'f';

		if (!is_letter && (*p < '0' || *p > '9'))
			return false;
		v = v << 4 | (uint32_t)(is_letter ? *p - 'a' + 10 : *p - '0');
	}
	*number = v;
	return true;
}

/* --- files ------------------------------------------------------------------------------------ */

static int flags_of(enum disk_open_mode mode)
{
	switch (mode) {
	case DISK_OPEN_READ:
		return O_RDONLY;
	case DISK_OPEN_WRITE:
		return O_RDWR;
	case DISK_OPEN_NEW:
		return O_RDWR | O_CREAT | O_TRUNC;
	case DISK_OPEN_APPEND:
		return O_RDWR | O_CREAT | O_APPEND;
	}
	UNREACHABLE("disk_open_mode");
}

enum err disk_io_open(struct disk_io *io, const char *name, enum disk_open_mode mode, int *out)
{
	const int e = suffer(io, DISK_CALL_OPEN, NULL);

	if (e != 0)
		return err_from_errno(e);
	/* Nobody waits for the other end of a pipe that somebody has put there. */
	const int fd = openat(io->folder, name,
	                      flags_of(mode) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : err_from_errno(errno);
	/*
	 * No readahead: what is read is always a whole record or fragment, and what else came along
	 * would be resident without anybody having looked at its checksum.
	 */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	*out = fd;
	return ERR_NONE;
}

void disk_io_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

enum err disk_io_size(struct disk_io *io, int fd, uint64_t *bytes)
{
	struct stat st;
	const int e = suffer(io, DISK_CALL_READ, NULL);

	if (e != 0 || fstat(fd, &st) != 0)
		return err_from_errno(e != 0 ? e : errno);
	*bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	return ERR_NONE;
}

enum err disk_io_read(struct disk_io *io, int fd, void *to, size_t n, uint64_t offset, size_t *got)
{
	size_t done = 0;

	while (done < n) {
		size_t part = n - done;
		const int fault = suffer(io, DISK_CALL_READ, &part);
		const ssize_t r =
			fault != 0 ? -1
				   : pread(fd, (char *)to + done, part, (off_t)(offset + done));

		if (r < 0 && fault == 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_from_errno(fault != 0 ? fault : errno);
		if (r == 0)
			break;
		done += (size_t)r;
	}
	*got = done;
	return ERR_NONE;
}

/*
 * A disk that is slow or broken has nothing in the page cache: what does not wait is not hurt by
 * it.
 */
static bool is_hidden(struct disk_io *io)
{
	const struct disk_fault *const f = strikes(io, DISK_CALL_READ);

	return unlikely(f != NULL);
}

bool disk_io_read_resident(struct disk_io *io, int fd, void *to, size_t n, uint64_t offset)
{
	struct iovec v = { to, n };

	return !is_hidden(io) && preadv2(fd, &v, 1, (off_t)offset, RWF_NOWAIT) == (ssize_t)n;
}

/* Not in the C library's headers of Debian 12. */
struct page_range {
	uint64_t offset, bytes;
};
struct page_counts {
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
};
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

static bool is_mapped_resident(int fd, uint64_t from, uint64_t n, uint64_t page)
{
	unsigned char pages[1024];
	const uint64_t n_pages = n / page;

	if (n_pages > sizeof(pages))
		return false;
	void *const at = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, (off_t)from);

	if (at == MAP_FAILED)
		return false;
	bool ok = mincore(at, n, pages) == 0;

	for (uint64_t i = 0; ok && i < n_pages; i++)
		ok = (pages[i] & 1) != 0;
	(void)munmap(at, n);
	return ok;
}

bool disk_io_is_resident(struct disk_io *io, int fd, uint64_t offset, uint64_t n)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t from = offset / page * page;
	const uint64_t end = (offset + n + page - 1) / page * page;
	struct page_range range = { from, end - from };
	struct page_counts counts = { 0 };

	if (is_hidden(io))
		return false;
	if (syscall(SYS_cachestat, fd, &range, &counts, 0) == 0)
		return counts.cached >= range.bytes / page;
	return is_mapped_resident(fd, from, end - from, page);
}

enum err disk_io_write(struct disk_io *io, int fd, const void *from, size_t n, uint64_t offset)
{
	size_t done = 0;

	while (done < n) {
		size_t part = n - done;
		const int fault = suffer(io, DISK_CALL_WRITE, &part);
		const ssize_t w = fault != 0 ? -1
		                             : pwrite(fd, (const char *)from + done, part,
		                                      (off_t)(offset + done));

		if (w < 0 && fault == 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_from_errno(fault != 0 ? fault : errno);
		done += (size_t)w;
	}
	return ERR_NONE;
}

enum err disk_io_append(struct disk_io *io, int fd, const void *from, size_t n)
{
	size_t part = n;
	const int fault = suffer(io, DISK_CALL_WRITE, &part);
	const ssize_t w = fault != 0 ? -1 : write(fd, from, part);

	if (w < 0)
		return err_from_errno(fault != 0 ? fault : errno);
	return (size_t)w == n ? ERR_NONE : ERR_SYSTEM;
}

enum err disk_io_cut(struct disk_io *io, int fd, uint64_t bytes)
{
	const int e = suffer(io, DISK_CALL_WRITE, NULL);

	if (e != 0 || ftruncate(fd, (off_t)bytes) != 0)
		return err_from_errno(e != 0 ? e : errno);
	return ERR_NONE;
}

enum err disk_io_sync(struct disk_io *io, int fd)
{
	const int e = suffer(io, DISK_CALL_SYNC, NULL);

	if (e == SKIPPED)
		return ERR_NONE;
	if (e != 0 || fdatasync(fd) != 0)
		return err_from_errno(e != 0 ? e : errno);
	return ERR_NONE;
}

enum err disk_io_sync_folder(struct disk_io *io)
{
	const int e = suffer(io, DISK_CALL_SYNC, NULL);

	if (e == SKIPPED)
		return ERR_NONE;
	if (e != 0 || fsync(io->folder) != 0)
		return err_from_errno(e != 0 ? e : errno);
	return ERR_NONE;
}

enum err disk_io_unlink(struct disk_io *io, const char *name)
{
	const int e = suffer(io, DISK_CALL_UNLINK, NULL);

	if (e != 0 || unlinkat(io->folder, name, 0) != 0)
		return err_from_errno(e != 0 ? e : errno);
	return ERR_NONE;
}

enum err disk_io_rename(struct disk_io *io, const char *from, const char *to)
{
	const int e = suffer(io, DISK_CALL_RENAME, NULL);

	if (e != 0 || renameat(io->folder, from, io->folder, to) != 0)
		return err_from_errno(e != 0 ? e : errno);
	return ERR_NONE;
}

void disk_io_boot(char boot[DISK_BOOT_BYTES])
{
	const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, DISK_BOOT_BYTES);
	if (fd < 0)
		return;
	if (read(fd, boot, DISK_BOOT_BYTES) != DISK_BOOT_BYTES)
		memset(boot, 0, DISK_BOOT_BYTES);
	(void)close(fd);
}
