/*
 * Rules for fields: which of them pass, what takes the place of one that does not, and which are
 * added; for one direction. request_header_access and its like.
 *
 * Immutable after loading, compiled by field id. The lists of acls are the caller's to ask, since
 * an answer may have to be waited for: decide first, as often as it takes, and apply then.
 *
 * Whatever the rules say, the fields that tell where a message ends, what the connection is to do
 * and, in requests, Host stay as they are: without them a message means something else to the next
 * one.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "http/head.h"
#include "log/value.h"

struct header_rules;

/* The answers for one message; zeroed before. In the head's arena. */
struct header_pass {
	uint8_t *answers;
	bool is_undecided;      /* whether a field is added could not be told: it is not */
	struct trail undecided; /* why; valid as long as the rules */
};

/*
 * Ask a list: true if *v is its verdict, false if that must be waited for. Not asked again for the
 * same message once it has answered.
 */
typedef bool header_ask_fn(void *arg, const struct acl_rules *rules, enum verdict *v,
                           struct trail *trail);

/*
 * Ask what must be known about this head. False: an answer is awaited; call again. rules may be
 * NULL.
 */
bool header_rules_decide(const struct header_rules *r, const struct http_head *h,
                         struct header_pass *pass, header_ask_fn *ask, void *arg);
/* What a transaction would have in the log by now, packed by this set. */
typedef struct log_rec header_record_fn(void *arg, const struct log_fields *fields);

/*
 * Change the head as was decided: fields go or get another value, then others are added at the end.
 * record is called at most once, and only if a value has format codes; NULL: nothing is added, as
 * to interim replies.
 */
void header_rules_apply(const struct header_rules *r, struct http_head *h,
                        const struct header_pass *pass, header_record_fn *record, void *arg);
/* Do the rules take fields away? Then trailers, which come too late to be asked about, go too. */
bool header_rules_remove(const struct header_rules *r);

void header_rules_free(struct header_rules **r);
/* After all lines: report what has no effect. */
void header_rules_finish(struct header_rules *r, struct conf_reader *reader);
/* After header_rules_finish(): settle what the values with format codes depend on. */
void header_rules_bind(struct header_rules *r, const struct log_format_conf *c);

/* Setters of a struct header_rules * member. */
conf_setter_fn header_rules_access;  /* NAME allow|deny [!]ACL ... */
conf_setter_fn header_rules_replace; /* NAME TEXT */
conf_setter_fn header_rules_add;     /* NAME VALUE [!]ACL ... */

/* Is it one of the names that Squid knows by heart, so that rules for Other do not mean it? */
bool header_name_is_common(struct span name);
/*
 * The common name that this one may be a misspelling of; NULL: none is near. Names that begin with
 * X- are mostly somebody's own, so they must be very near.
 */
const char *header_name_meant(struct span name);
