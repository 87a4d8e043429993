/*
 * Whether the keeper, as root, opens what a proxy asks for. Two questions: does the configuration
 * name it for this use, and could the proxy's user have put something else in its place?
 */
#pragma once

#include <limits.h>

#include "daemon/conf_scan.h"
#include "daemon/privileges.h"

/*
 * Open for reading or appending. As the proxy's user, if he may; else as root, if only others than
 * he can change what the path leads to. id NULL: the keeper is not root and just opens. -1 with
 * *err.
 */
int grant_open(const char *path, enum scan_use use, const struct identity *id, enum err *err);
enum err grant_rename(const char *from, const char *to, const struct identity *id) MUST_USE;

/* Whether `to` is `from` with a generation's number ("access.log.3"), so that a log may take that
 * name. Pure. */
bool grant_is_generation(const char *from, const char *to);
/*
 * Whether nobody with this identity could have renamed or replaced any part of the way to the file,
 * links included; the file itself may be missing. If so, resolved is the way without links.
 */
bool grant_is_beyond(const char *path, const struct identity *id, char resolved[PATH_MAX]) MUST_USE;
