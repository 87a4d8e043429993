/*
 * Error pages: a template and facts become a body. Pure but for loading. Everything that came from
 * outside is escaped.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "error/error_conf.h"

struct errorpages; /* the loaded templates; immutable, shared */
struct page_set;   /* those of one language */

/*
 * Load Squid-style templates ERR_*: from error_directory, or else from the installed folder, where
 * a folder within it that is named after a language holds that language's. Pages that are missing
 * are taken from the copies compiled in. Findings (a missing folder, an unreadable file) go to r,
 * which may be NULL. Never NULL.
 */
struct errorpages *errorpages_load(const struct error_conf *c, struct conf_reader *r);
void errorpages_free(struct errorpages **e);

/* Is there a page of that name? */
bool errorpages_have(const struct errorpages *e, struct span name);

/*
 * The language that the client likes best of those that there are: RFC 9110 12.5.4, by the lookup
 * of RFC 4647 3.4 (de-AT, then de). Otherwise error_default_language, otherwise English.
 */
const struct page_set *errorpages_choose(const struct errorpages *e, struct span accept_language);
/* For Content-Language and Vary; SPAN_NULL where error_directory says which pages are shown. */
struct span errorpages_language(const struct errorpages *e, const struct page_set *set);

/* What a page may say. Empty spans print as nothing or "-", whichever Squid does. */
struct errorpage_facts {
	struct span url, method, scheme, host, port, path;
	struct span client_ip, server_ip, local_ip, local_port;
	struct span proxy_host; /* visible_hostname */
	struct span product;    /* "cuttle/0.1.0" or "cuttle" */
	struct span cache_mgr;
	struct span user;
	struct span sentence; /* why, for a human */
	struct span detail;   /* more about it */
	struct span acls;     /* of the deciding rule */
	struct span request_head;
	struct span dns_error; /* %z */
	int sys_error;         /* errno or 0 */
	int64_t now;           /* seconds since the epoch */
};

/* The page's body, HTML in UTF-8. An unknown name gives "Internal Error: Missing Template NAME". */
struct span errorpage_render(const struct errorpages *e, const struct page_set *set,
                             const char *name, const struct errorpage_facts *f, struct arena *a);

/*
 * A URL of deny_info with its macros filled in, each percent-encoded so that it stays one part of
 * the URL (RFC 3986 2.3): only unreserved bytes are left as they are, and in %R also those that a
 * path and a query are made of.
 */
struct span errorpage_location(const char *url, const struct errorpage_facts *f, struct arena *a);
/* Whether % and this byte are such a macro. */
bool errorpage_location_knows(char macro);
