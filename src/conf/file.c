/*
 * Files: each is read once, whole, into memory that stays until the reader goes, or, if nobody
 * keeps values of it, until they have been taken.
 *
 * Not mapped: a list that is rewritten in place while it is mapped would end the process with
 * SIGBUS.
 */
#include "conf/conf_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_AHEAD 65536 /* room kept for a file whose size is not known beforehand */
#define READ_TRIES 3u    /* of a file that changes meanwhile */

static int open_plainly(UNUSED void *arg, const char *path, int *errnum)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		*errnum = errno;
	return fd;
}

/* --- stamps ----------------------------------------------------------------------------------- */

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * Clocks of file systems tick: what is written twice between two ticks has the same times. So a
 * change is trusted only when it is some ticks old. Where times are whole seconds, a tick is one,
 * or two (FAT).
 */
static bool is_old(const struct stat *st)
{
	const bool is_coarse = st->st_mtim.tv_nsec == 0 && st->st_ctim.tv_nsec == 0;
	const int64_t ticks_ns = is_coarse ? 4000000000 : 100000000;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ns_of(st->st_ctim) < ns_of(now) - ticks_ns &&
	       ns_of(st->st_mtim) < ns_of(now) - ticks_ns;
}

static struct conf_stamp stamp_of(const struct stat *st)
{
	return (struct conf_stamp){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.modified_ns = ns_of(st->st_mtim),
		.changed_ns = ns_of(st->st_ctim),
		.is_sure = S_ISREG(st->st_mode) && is_old(st),
	};
}

/* Whether a file that is open is still what it was when its stamp was taken. */
static bool is_unchanged(const struct conf_file *f)
{
	const struct conf_stamp *was = &f->stamp;
	struct stat st;

	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return true; /* nothing can be told */
	return ns_of(st.st_mtim) == was->modified_ns && ns_of(st.st_ctim) == was->changed_ns &&
	       (uint64_t)st.st_size == was->size;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Fill f->bytes from the fd until its end. */
static void read_all(struct conf_file *f)
{
	/* One more than there is, so that the end is seen without growing. */
	size_t room = (f->stamp.size != 0 ? (size_t)f->stamp.size : READ_AHEAD) + 1;

	f->bytes = check_malloc(room);
	f->n = 0;
	for (;;) {
		if (f->n == room) {
			room += room / 2 + READ_AHEAD;
			f->bytes = check_realloc(f->bytes, room);
		}
		const ssize_t got = read(f->fd, f->bytes + f->n, room - f->n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			f->errnum = errno;
		if (got <= 0)
			break;
		f->n += (size_t)got;
		if (f->n > CONF_FILE_MAX) {
			f->why = "larger than 1 GB";
			break;
		}
	}
	f->is_usable = f->errnum == 0 && f->why == NULL;
}

/* Take the stamp, and find out whether it can be read at all. */
static void look_at(struct conf_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0) {
		f->errnum = errno;
		return;
	}
	f->stamp = stamp_of(&st);
	if (S_ISDIR(st.st_mode)) {
		f->is_folder = true;
		f->why = "it is a directory";
	} else if (!S_ISREG(st.st_mode) || st.st_size < 0) {
		f->stamp.size = 0; /* not known */
	} else if (st.st_size > CONF_FILE_MAX) {
		f->why = "larger than 1 GB";
	}
}

static void close_fd(struct conf_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/*
 * What was read while somebody wrote may be half of the old and half of the new. A writer who
 * renames a new file into place never comes to this.
 */
void conf_file_read(struct conf_file *f)
{
	if (f->is_usable || f->fd < 0)
		return;
	for (unsigned i = 0; i < READ_TRIES; i++) {
		free(f->bytes);
		read_all(f);
		if (!f->is_usable || is_unchanged(f))
			break;
		f->is_usable = false;
		look_at(f);
		if (i + 1 == READ_TRIES || lseek(f->fd, 0, SEEK_SET) != 0)
			f->why = "it is being changed; write to another name, and rename that";
		if (f->why != NULL || f->errnum != 0)
			break;
	}
	close_fd(f);
}

static void remember_name(struct conf_reader *r, const char *path)
{
	r->file_names =
		check_realloc(r->file_names, (r->n_file_names + 2) * sizeof(r->file_names[0]));
	r->file_names[r->n_file_names++] = path;
	r->file_names[r->n_file_names] = NULL;
}

static struct conf_file *file_of(struct conf_reader *r, const char *path)
{
	for (struct conf_file *f = r->files; f != NULL; f = f->next)
		if (strcmp(f->path, path) == 0)
			return f;
	struct conf_file *f = ARENA_NEW(&r->arena, struct conf_file);

	f->path = conf_intern(r, span_str(path));
	f->position = conf_position(r);
	f->fd = -1;
	f->next = r->files;
	r->files = f;
	return f;
}

struct conf_file *conf_file_open(struct conf_reader *r, const char *path)
{
	struct conf_file *f = file_of(r, path);
	const bool is_known = f->stamp.inode != 0;

	if (f->is_usable || f->fd >= 0 || f->why != NULL || f->errnum != 0)
		return f;
	if (r->is_without_files) {
		f->why = "reading files is not allowed here";
		return f;
	}
	f->fd = (r->open_file != NULL ? r->open_file : open_plainly)(r->open_arg, f->path,
	                                                             &f->errnum);
	if (f->fd < 0)
		return f;
	look_at(f);
	if (f->why != NULL || f->errnum != 0)
		close_fd(f);
	else if (!is_known)
		remember_name(r, f->path);
	return f;
}

struct conf_file *conf_file_load(struct conf_reader *r, const char *path)
{
	struct conf_file *f = conf_file_open(r, path);

	conf_file_read(f);
	f->is_kept = true;
	return f;
}

void conf_file_drop(struct conf_file *f)
{
	close_fd(f);
	if (f->is_source || f->is_kept)
		return;
	free(f->bytes);
	f->bytes = NULL;
	f->n = 0;
	f->is_usable = false;
}

const char *conf_file_why(const struct conf_file *f)
{
	return f->why != NULL ? f->why : strerrordesc_np(f->errnum);
}

void conf_drop_lists(struct conf_reader *r)
{
	struct conf_file **link = &r->files;

	CHECK_OBJ(r, CONF_READER_MAGIC);
	while (*link != NULL) {
		struct conf_file *f = *link;

		if (f->is_source) {
			link = &f->next;
			continue;
		}
		f->is_kept = false;
		conf_file_drop(f);
		*link = f->next; /* its name stays in conf_files() */
	}
}

void conf_files_fini(struct conf_reader *r)
{
	for (struct conf_file *f = r->files; f != NULL; f = f->next) {
		close_fd(f);
		free(f->bytes);
	}
	free(r->file_names);
	r->files = NULL;
	r->file_names = NULL;
}

const char *const *conf_files(const struct conf_reader *r)
{
	static const char *const none[] = { NULL };

	CHECK_OBJ(r, CONF_READER_MAGIC);
	return r->file_names != NULL ? r->file_names : none;
}

void conf_set_open(struct conf_reader *r, conf_open_fn *open_file, void *arg)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->open_file = open_file;
	r->open_arg = arg;
}

void conf_set_progress(struct conf_reader *r, conf_progress_fn *fn, void *arg)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->progress = fn;
	r->progress_arg = arg;
}

void conf_forbid_files(struct conf_reader *r)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->is_without_files = true;
}
