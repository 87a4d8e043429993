/*
 * The manager's pages: http://HOST:PORT/squid-internal-mgr/ACTION, allowed by http_access like any
 * other request. Text in Squid's form, read from counters; nothing here blocks or changes anything.
 */
#pragma once

#include "proxy/proxy.h"

/* A proxy_page_fn. */
bool manager_page(struct proxy *p, const struct snapshot *s, struct span action, struct arena *a,
                  struct span *type, struct span *body);
