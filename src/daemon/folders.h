/*
 * Folders that are made when they are missing: those that only defaults name, so that a
 * configuration that says nothing of logs and pid file starts on a machine where nothing was
 * installed, and those of the store.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

#define FOLDER_LOGS LOCALSTATEDIR "/log/cuttle"
#define FOLDER_RUN  RUNSTATEDIR

/*
 * Make `path` with what is above it, mode 0755. The last one is given to uid and gid if it was made
 * here and uid is not -1. A failure is left to whoever then cannot open a file in it.
 */
void folders_make(const char *path, uid_t uid, gid_t gid);
