/*
 * Error pages: a template and facts become a body. Pure but for loading. Everything that came from
 * outside is escaped.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "conf/conf.h"

struct errorpages; /* the loaded templates; immutable, shared */

/*
 * Load Squid-style templates ERR_* from `dir` (NULL: the installed folder, or the copies compiled in
 * if that is absent). stylesheet: path or NULL. html_text: err_html_text or NULL. Findings (a missing
 * folder, an unreadable file) go to r. Never NULL.
 */
struct errorpages *errorpages_load(const char *dir, const char *stylesheet, const char *html_text,
                                   struct conf_reader *r);
void errorpages_free(struct errorpages **e);

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
struct span errorpage_render(const struct errorpages *e, const char *name,
                             const struct errorpage_facts *f, struct arena *a);
