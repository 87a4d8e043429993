/*
 * Where the operator log goes: cache_log of the configuration. Not called on a worker, since files
 * are opened here.
 */
#pragma once

#include "base/oplog.h"
#include "log/access_log.h"
#include "net/opener.h"

/*
 * Go on in the file that c names; was: what was used until now, or NULL. A file that cannot be
 * opened is reported; then the old one, or stderr, stays in use. Levels up to also_stderr go to
 * stderr too.
 */
void cache_log_use(const struct log_conf *c, const struct log_conf *was, struct opener *o,
                   enum oplog_level also_stderr);
/* Rename it to generations (0: none), and open it anew. */
void cache_log_rotate(const struct log_conf *c, unsigned generations, struct opener *o);

/* For access_log_new() and access_log_set_rename(): arg is a struct opener *. */
log_open_fn cache_log_open_file;
log_rename_fn cache_log_rename_file;
