/*
 * Values with format codes that go elsewhere than to a log: request_header_add, note.
 *
 * Immutable once bound; belongs to the configuration.
 */
#pragma once

#include "conf/conf.h"
#include "log/format.h"

struct log_value;

/*
 * From a word as conf_word_or_quoted() gave it: codes mean something in quotes only, as in Squid.
 * Control bytes (RFC 9110 5.5: all but a tab) are refused. NULL: reported.
 */
struct log_value *log_value_read(struct conf_line *l, struct span text, bool is_quoted);
void log_value_free(struct log_value **v);
/* The fields that it prints are added to the set by which its records are packed. Once. */
void log_value_bind(struct log_value *v, const struct log_format_conf *c,
                    struct log_fields *needed);
/* True if it is the same for all records: *text. */
bool log_value_is_fixed(const struct log_value *v, struct span *text);
/*
 * What it is for this record, in the arena; what would be a control byte in a field is a question
 * mark. Cut at 64 KB.
 */
struct span log_value_text(const struct log_value *v, const struct log_rec *rec, struct arena *a);
