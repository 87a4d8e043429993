/*
 * Asking the keeper: one request and its reply at a time.
 */
#include "daemon/keeper_client.h"

#include "base/lock.h"
#include "daemon/keeper_msg.h"

#include <fcntl.h>
#include <unistd.h>

static struct {
	struct opener opener;
	struct lock lock; /* over a request and its reply */
	int sock;
} client = { .lock = LOCK_INIT(LOCK_RANK_OPENER), .sock = -1 };

/*
 * With the descriptor `along`, unless -1. The one that was granted, or -1; *err as the keeper says.
 */
static int ask_with(const struct keeper_msg *request, int along, enum err *err)
{
	struct keeper_msg reply;
	int fd = -1;

	lock_take(&client.lock);
	*err = keeper_msg_send(client.sock, request, along);
	if (*err == ERR_NONE)
		*err = keeper_msg_receive(client.sock, &reply, &fd);
	lock_give(&client.lock);
	if (*err == ERR_NONE)
		*err = reply.kind == KEEPER_REPLY ? reply.err : ERR_SYNTAX;
	if (*err != ERR_NONE && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int ask(const struct keeper_msg *request, enum err *err)
{
	return ask_with(request, -1, err);
}

static bool path_take(const char *path, char to[PATH_MAX])
{
	return span_to_cstr(span_str(path), to, PATH_MAX) && path[0] != '\0';
}

static int client_open_file(struct opener *o UNUSED, const char *path, int flags, unsigned mode,
                            enum err *err)
{
	const int access = flags & O_ACCMODE;
	struct keeper_msg m = { .kind = access == O_RDONLY ? KEEPER_OPEN_READ
		                                           : KEEPER_OPEN_APPEND };

	/* The keeper opens for reading or for appending, nothing else; files it makes have mode
	 * 0640. */
	if ((access != O_RDONLY && (flags & O_APPEND) == 0) || !path_take(path, m.path)) {
		*err = ERR_UNSUPPORTED;
		return -1;
	}
	/* Standard streams are the same here as in the keeper, and need no permission. */
	if (opener_standard_stream(path) >= 0)
		return opener_direct.ops->open_file(&opener_direct, path, flags, mode, err);
	const int fd = ask(&m, err);

	if (fd < 0 && *err == ERR_NONE)
		*err = ERR_SYSTEM;
	return fd;
}

static int client_listen(struct opener *o UNUSED, const struct endpoint *at, enum err *err)
{
	const struct keeper_msg m = { .kind = KEEPER_LISTEN, .at = *at };
	const int fd = ask(&m, err);

	if (fd < 0 && *err == ERR_NONE)
		*err = ERR_SYSTEM;
	return fd;
}

static void client_unlisten(struct opener *o UNUSED, const struct endpoint *at)
{
	const struct keeper_msg m = { .kind = KEEPER_UNLISTEN, .at = *at };
	enum err err;

	(void)ask(&m, &err); /* a keeper that is gone holds nothing */
}

static enum err client_rename(struct opener *o UNUSED, const char *from, const char *to)
{
	struct keeper_msg m = { .kind = KEEPER_RENAME };
	enum err err;

	if (!path_take(from, m.path) || !path_take(to, m.to))
		return ERR_UNSUPPORTED;
	(void)ask(&m, &err);
	return err;
}

static const struct opener_ops client_ops = {
	.open_file = client_open_file,
	.listen = client_listen,
	.unlisten = client_unlisten,
	.rename = client_rename,
};

struct opener *keeper_client_init(int sock)
{
	client.opener.ops = &client_ops;
	client.sock = sock;
	return &client.opener;
}

enum err keeper_client_ready(void)
{
	const struct keeper_msg m = { .kind = KEEPER_READY };
	enum err err;

	(void)ask(&m, &err);
	return err;
}

enum err keeper_client_keep(int fd)
{
	const struct keeper_msg m = { .kind = KEEPER_KEEP };
	enum err err;

	(void)ask_with(&m, fd, &err);
	return err;
}
