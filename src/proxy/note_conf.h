/*
 * Annotations that the configuration attaches when a transaction ends: the directive note.
 * Immutable after loading.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "log/access_log.h"
#include "log/value.h"

struct note_value {
	struct note_value *next; /* in the order of the file */
	struct log_value *value;
	struct acl_rules *terms; /* all must match; without any, they do */
};

/* All lines of one name: the first value whose acls match is taken. */
struct note_rule {
	struct note_rule *next; /* in the order in which they were first named */
	char *name;
	struct note_value *values;
};

struct note_conf {
	struct note_rule *rules;
	struct log_fields fields; /* by which the records for values are packed */
};

void note_conf_fini(struct note_conf *c);
/* After reading: settle what values with format codes depend on. */
void note_conf_bind(struct note_conf *c, const struct log_conf *log);

conf_setter_fn note_conf_note; /* struct note_rule * */
