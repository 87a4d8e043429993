/*
 * The text travels in an anonymous file, which nobody but the proxies and their keeper can open. It
 * names list files as the configuration does: those are read as they are by then.
 */
#include "daemon/kept_conf.h"

#include "base/oplog.h"
#include "daemon/keeper_client.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (64u << 20) /* bytes; more than any configuration without its lists has */

static bool write_all(int fd, const char *text, size_t n)
{
	while (n != 0) {
		const ssize_t done = write(fd, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text += done;
		n -= (size_t)done;
	}
	return true;
}

void kept_conf_give(const struct snapshot *s)
{
	const int fd = memfd_create("cuttle.conf", MFD_CLOEXEC);
	char *text = snapshot_text(s);

	if (fd < 0 || !write_all(fd, text, strlen(text)) || keeper_client_keep(fd) != ERR_NONE)
		oplog(OPLOG_WARNING,
		      "The configuration cannot be kept for the next proxy: %s; should this one "
		      "die, it "
		      "has to start with the file as it is then",
		      strerrordesc_np(errno));
	free(text);
	if (fd >= 0)
		close(fd);
}

/* NUL-terminated, on the heap; NULL: it is not what a proxy would have given. */
static char *read_all(int fd)
{
	struct stat st;
	size_t n = 0;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > TEXT_MAX)
		return NULL;
	char *text = check_malloc((size_t)st.st_size + 1);

	while (n < (size_t)st.st_size) {
		const ssize_t got = pread(fd, text + n, (size_t)st.st_size - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	return text;
}

struct snapshot *kept_conf_load(const struct proxy_options *o, int fd, proxy_report_fn *report)
{
	char *text = fd >= 0 ? read_all(fd) : NULL;

	if (text == NULL)
		return NULL;
	struct proxy_options kept = *o;

	kept.conf_path = NULL;
	kept.conf_text = text;
	kept.extra_port = 0; /* it is in the text */
	struct snapshot *s = proxy_load(&kept, report, NULL);

	free(text);
	return s;
}
