/*
 * Compiled list files, shared by the configurations of a process: a list that has not changed is
 * neither read nor compiled again when the configuration is loaded anew.
 */
#pragma once

#include "base/base.h"

/*
 * The lists in use: a compiled list is found here as long as a configuration holds it. Shared,
 * guarded by a lock within; a list itself is immutable.
 */
struct acl_files;

struct acl_files *acl_files_new(void);
/* After the configurations that hold lists. */
void acl_files_free(struct acl_files **h);

struct acl_files_stats {
	size_t files, values;
};
void acl_files_stats(struct acl_files *h, struct acl_files_stats *out);
