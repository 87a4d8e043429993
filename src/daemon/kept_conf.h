/*
 * The configuration that outlives a proxy: each proxy gives its keeper the text of what it uses, so
 * that the next one can go on with it if the files cannot be used by then.
 */
#pragma once

#include "proxy/proxy.h"

/*
 * Give the keeper the text of this snapshot (keeper_client.h). What fails is logged, and does no
 * harm now.
 */
void kept_conf_give(const struct snapshot *s);
/*
 * Load the text that a proxy before this one has given, from the descriptor that the keeper held.
 * NULL: there is none (fd -1), or it cannot be used; the reasons are reported.
 */
struct snapshot *kept_conf_load(const struct proxy_options *o, int fd, proxy_report_fn *report);
