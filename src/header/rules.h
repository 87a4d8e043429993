/*
 * Rules for fields: which of them pass, what takes the place of one that does not, and which are
 * added; for one direction. request_header_access and its like.
 *
 * Immutable after loading, compiled by field id. The lists of acls are the caller's to ask, since an
 * answer may have to be waited for: decide first, as often as it takes, and apply then.
 *
 * Whatever the rules say, the fields that tell where a message ends, what the connection is to do
 * and, in requests, Host stay as they are: without them a message means something else to the next one.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "http/head.h"

struct header_rules;

/* The answers for one message; zeroed before. In the head's arena. */
struct header_pass {
	uint8_t *answers;
};

/*
 * Ask a list: true if *allows is its answer, false if that must be waited for. Not asked again for the
 * same message once it has answered.
 */
typedef bool header_ask_fn(void *arg, const struct acl_rules *rules, bool *allows);

/* Ask what must be known about this head. False: an answer is awaited; call again. rules may be NULL. */
bool header_rules_decide(const struct header_rules *r, const struct http_head *h,
                         struct header_pass *pass, header_ask_fn *ask, void *arg);
/*
 * Change the head as was decided: fields go or get another value, then others are added at the end
 * (interim replies get none: adds is false).
 */
void header_rules_apply(const struct header_rules *r, struct http_head *h,
                        const struct header_pass *pass, bool adds);
/* Do the rules take fields away? Then trailers, which come too late to be asked about, go too. */
bool header_rules_remove(const struct header_rules *r);

void header_rules_free(struct header_rules **r);
/* After all lines: report what has no effect. */
void header_rules_finish(struct header_rules *r, struct conf_reader *reader);

/* Setters of a struct header_rules * member. */
conf_setter_fn header_rules_access;  /* NAME allow|deny [!]ACL ... */
conf_setter_fn header_rules_replace; /* NAME TEXT */
conf_setter_fn header_rules_add;     /* NAME VALUE [!]ACL ... */

/*
 * A value as conf_word_or_quoted() gave it, for request_header_add and note: in quotes %% is a per cent
 * sign. On the heap, with room for two bytes at least; NULL: reported.
 */
char *header_value_read(struct conf_line *l, struct span value, bool is_quoted);

/* Is it one of the names that Squid knows by heart, so that rules for Other do not mean it? */
bool header_name_is_common(struct span name);
