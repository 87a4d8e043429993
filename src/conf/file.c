/*
 * Files: each is read once, whole, into memory that stays until the reader goes.
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

static int open_plainly(UNUSED void *arg, const char *path, int *errnum)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		*errnum = errno;
	return fd;
}

/* Fill f->bytes from the fd until its end. */
static void read_all(struct conf_file *f, int fd, size_t size_hint)
{
	size_t room = size_hint + 1; /* one more, so that the end is seen without growing */

	f->bytes = check_malloc(room);
	for (;;) {
		if (f->n == room) {
			room += room / 2 + READ_AHEAD;
			f->bytes = check_realloc(f->bytes, room);
		}
		const ssize_t got = read(fd, f->bytes + f->n, room - f->n);

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

static void read_fd(struct conf_file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		f->errnum = errno;
		return;
	}
	f->device = st.st_dev;
	f->inode = st.st_ino;
	if (S_ISDIR(st.st_mode)) {
		f->is_folder = true;
		f->why = "it is a directory";
		return;
	}
	const bool has_size = S_ISREG(st.st_mode) && st.st_size >= 0;

	if (has_size && st.st_size > CONF_FILE_MAX) {
		f->why = "larger than 1 GB";
		return;
	}
	read_all(f, fd, has_size ? (size_t)st.st_size : READ_AHEAD);
}

static void remember_name(struct conf_reader *r, const char *path)
{
	r->file_names =
		check_realloc(r->file_names, (r->n_file_names + 2) * sizeof(r->file_names[0]));
	r->file_names[r->n_file_names++] = path;
	r->file_names[r->n_file_names] = NULL;
}

struct conf_file *conf_file_load(struct conf_reader *r, const char *path)
{
	for (struct conf_file *f = r->files; f != NULL; f = f->next)
		if (strcmp(f->path, path) == 0)
			return f;
	struct conf_file *f = ARENA_NEW(&r->arena, struct conf_file);

	f->path = conf_intern(r, span_str(path));
	f->position = conf_position(r);
	f->next = r->files;
	r->files = f;
	if (r->is_without_files) {
		f->why = "reading files is not allowed here";
		return f;
	}
	const int fd = (r->open_file != NULL ? r->open_file : open_plainly)(r->open_arg, f->path,
	                                                                    &f->errnum);

	if (fd < 0)
		return f;
	read_fd(f, fd);
	close(fd);
	if (f->is_usable)
		remember_name(r, f->path);
	return f;
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
		free(f->bytes);
		f->bytes = NULL;
		*link = f->next; /* its name stays in conf_files() */
	}
}

void conf_files_fini(struct conf_reader *r)
{
	for (struct conf_file *f = r->files; f != NULL; f = f->next)
		free(f->bytes);
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

void conf_forbid_files(struct conf_reader *r)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	r->is_without_files = true;
}
