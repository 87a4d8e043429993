/*
 * deny_info: what a client is shown when a certain acl denied it.
 *
 * Immutable after loading; part of the snapshot.
 */
#pragma once

#include "conf/conf.h"

struct errorpages;
struct acl_conf;

enum deny_info_kind {
	DENY_INFO_PAGE,     /* `what` is the name of a template */
	DENY_INFO_REDIRECT, /* `what` is a URL with macros */
	DENY_INFO_RESET
};

struct deny_info {
	struct deny_info *next;
	struct conf_place place;
	enum deny_info_kind kind;
	unsigned status; /* 0: the usual one */
	char *what;      /* NULL for DENY_INFO_RESET */
	char *acls;      /* names, a blank between them */
};

conf_setter_fn deny_info_conf; /* struct deny_info *: appends */
void deny_info_free(struct deny_info **list);
/* Warn about pages that do not exist, and about names that are no acls. */
void deny_info_check(const struct deny_info *list, const struct errorpages *e,
                     const struct acl_conf *acls, struct conf_reader *r);

/* The first line that names this acl; NULL: none. acl may be NULL. */
const struct deny_info *deny_info_find(const struct deny_info *list, const char *acl);
/* The status of a redirection for this request (RFC 9110 15.4). */
unsigned deny_info_redirect_status(const struct deny_info *d, bool is_get_or_head,
                                   unsigned version);
