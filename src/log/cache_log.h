/*
 * The file of the operator log: opened when a configuration names it, rotated with the access logs.
 */
#pragma once

#include "base/oplog.h"
#include "log/sink.h"

/*
 * Open what cache_log names, unless it is the one in use (`now`; NULL: standard error only). False:
 * it could not be opened (reported). *fd is -1 if nothing is to change; the caller hands it to
 * log_cache_use().
 */
bool log_cache_open(const struct log_io *io, const char *now, const char *wanted, int *fd) MUST_USE;
/* Write the operator log there from now on. fd -1 with wanted NULL: to standard error only. */
void log_cache_use(int fd, const char *wanted, enum oplog_level also_stderr);
/* Rename and open anew. Runs on the log thread. */
void log_cache_rotate(const struct log_io *io, const char *path, unsigned generations);
/* The path as the operator log takes it: NULL for standard error. */
const char *log_cache_path(const struct log_conf *c);
/* debug_options rotate=N, or `otherwise`. */
unsigned log_cache_generations(const char *debug_options, unsigned otherwise);
