/*
 * Folders of the defaults.
 */
#include "daemon/folders.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

void folders_make(const char *path, uid_t uid, gid_t gid)
{
	char prefix[PATH_MAX];
	const size_t n = strlen(path);

	if (n >= sizeof(prefix))
		return;
	memcpy(prefix, path, n + 1);
	for (size_t i = 1; i < n; i++) {
		if (prefix[i] != '/')
			continue;
		prefix[i] = '\0';
		(void)mkdir(prefix, 0755);
		prefix[i] = '/';
	}
	if (mkdir(path, 0755) == 0 && uid != (uid_t)-1)
		(void)!chown(path, uid, gid);
}
