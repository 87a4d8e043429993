/*
 * Annotations that the configuration attaches when a transaction ends: the directive note. Immutable
 * after loading.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"

struct note_value {
	struct note_value *next; /* in the order of the file */
	char *value;
	struct acl_rules *terms; /* all must match; without any, they do */
};

/* All lines of one name: the first value whose acls match is taken. */
struct note_rule {
	struct note_rule *next; /* in the order in which they were first named */
	char *name;
	struct note_value *values;
};

void note_conf_free(struct note_rule **n);

conf_setter_fn note_conf_note; /* struct note_rule * */
