/*
 * How many connections each client address holds and how many names it waits for, over all workers.
 * Shared: sharded, each shard guarded by its own lock.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "net/dns.h"

struct client_db;
struct client; /* one address with at least one connection */

struct client_db *client_db_new(void);
void client_db_free(struct client_db **db);

/*
 * One more connection from ip, unless it holds `most` already (-1: any number). NULL: refused. Give
 * it back by client_db_leave() when the connection ends.
 */
struct client *client_db_enter(struct client_db *db, const struct ip *ip, int64_t most) MUST_USE;
/* How many connections the address holds that this one is from. */
unsigned client_db_connections(struct client_db *db, const struct client *c);
/*
 * What the address waits for from name servers; valid as long as the connection holds the client.
 */
struct dns_share *client_db_lookups(struct client *c);
void client_db_leave(struct client_db *db, struct client **c);
