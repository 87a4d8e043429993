#include "tests/unit/daemon/folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[64];

void folder_make(void)
{
	snprintf(folder, sizeof(folder), "/tmp/cuttle-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
}

static int entry_remove(const char *path, const struct stat *st UNUSED, int flag UNUSED,
                        struct FTW *ftw UNUSED)
{
	return remove(path);
}

void folder_remove(void)
{
	(void)nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s%s%s", folder, name[0] != '\0' ? "/" : "", name);
	return path;
}

const char *folder_write(const char *name, const char *text)
{
	const char *path = folder_path(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

const char *folder_read(const char *name)
{
	static char text[4096];
	const int fd = open(folder_path(name), O_RDONLY);
	const ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}
