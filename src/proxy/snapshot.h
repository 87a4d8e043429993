/*
 * One loaded configuration: immutable, counted, swapped whole.
 *
 * Assembled off the workers from the folders' own structs. A transaction holds one from its head to
 * its last decision; tunnels, idle connections and bodies under way hold none.
 */
#pragma once

#include <stdatomic.h>

#include "acl/decide.h"
#include "cache/cache_conf.h"
#include "error/deny_info.h"
#include "error/errorpage.h"
#include "header/forward.h"
#include "log/access_log.h"
#include "loop/process_conf.h"
#include "net/net_conf.h"
#include "peer/peer_conf.h"
#include "proxy/port.h"
#include "proxy/proxy.h"
#include "proxy/proxy_conf.h"

struct snapshot {
	uint32_t magic;
	_Atomic unsigned refs;
	struct acl_conf acl;
	struct net_conf net;
	struct header_conf header;
	struct error_conf error;
	struct peer_conf peer;
	struct cache_conf cache;
	struct log_conf log;
	struct proxy_conf proxy;
	struct process_conf process;
	struct forward_identity identity; /* text is in `arena` */
	struct errorpages *errorpages;
	struct port_set ports;      /* open once the snapshot is taken into use */
	struct conf_reader *reader; /* what was read, for the manager's config page */
	struct snapshot *shadow;    /* the candidate policy beside it; NULL: none, or not usable */
	bool is_shadow;             /* it is one itself: only its acls and lists are of use */
	struct arena arena;
};

/*
 * The list of rules of a directive ("http_access"); NULL: it was not used, or holds no such list.
 */
const struct acl_rules *snapshot_rules(const struct snapshot *s, const char *directive);

/*
 * snapshot_unref() for workers: the last reference is freed by a job, since ten thousand
 * expressions take 10 ms and more to free. js may be NULL: then at once.
 */
struct jobs;
void snapshot_give_back(struct snapshot **s, struct jobs *js, struct loop *home);

/* How many snapshots are alive in this process (tests, manager). */
unsigned snapshot_count(void);
