/*
 * Client addresses and their connections.
 */
#include "proxy/client_db.h"

#include "base/hash.h"
#include "base/lock.h"
#include "base/table.h"

#define SHARDS 64

struct client {
	struct table_node node;
	struct ip ip;
	int64_t connections;
	struct dns_share lookups;
};

struct shard {
	struct lock lock;
	struct table clients; /* guarded by lock */
} __attribute__((aligned(64)));

struct client_db {
	struct shard shards[SHARDS];
};

struct client_db *client_db_new(void)
{
	struct client_db *db = aligned_alloc(64, sizeof(*db));

	CHECK(db != NULL);
	for (unsigned i = 0; i < SHARDS; i++) {
		lock_init(&db->shards[i].lock, LOCK_RANK_QUOTA);
		table_init(&db->shards[i].clients);
	}
	return db;
}

void client_db_free(struct client_db **dbp)
{
	struct client_db *db = *dbp;

	if (db == NULL)
		return;
	*dbp = NULL;
	for (unsigned i = 0; i < SHARDS; i++) {
		CHECK(db->shards[i].clients.n == 0);
		table_fini(&db->shards[i].clients);
		lock_fini(&db->shards[i].lock);
	}
	free(db);
}

static struct client *find(struct shard *s, const struct ip *ip, uint64_t hash)
{
	for (struct table_node *n = table_first(&s->clients, hash); n != NULL;
	     n = table_next(n, hash)) {
		struct client *c = CONTAINER_OF(n, struct client, node);

		if (ip_eq(&c->ip, ip))
			return c;
	}
	return NULL;
}

struct client *client_db_enter(struct client_db *db, const struct ip *ip, int64_t most)
{
	const uint64_t hash = hash_bytes(span_of((const char *)ip->b, sizeof(ip->b)));
	struct shard *s = &db->shards[(hash >> 32) % SHARDS];

	lock_take(&s->lock);
	struct client *c = find(s, ip, hash);

	if (c != NULL && most >= 0 && c->connections >= most) {
		c = NULL;
	} else if (c != NULL || most != 0) {
		if (c == NULL) {
			c = check_calloc(1, sizeof(*c));
			c->ip = *ip;
			table_insert(&s->clients, &c->node, hash);
		}
		c->connections++;
	}
	lock_give(&s->lock);
	return c;
}

unsigned client_db_connections(struct client_db *db, const struct client *c)
{
	struct shard *s = &db->shards[(c->node.hash >> 32) % SHARDS];

	lock_take(&s->lock);
	const int64_t n = c->connections;

	lock_give(&s->lock);
	return (unsigned)MIN(n, (int64_t)UINT32_MAX);
}

struct dns_share *client_db_lookups(struct client *c)
{
	return &c->lookups;
}

void client_db_leave(struct client_db *db, struct client **cp)
{
	struct client *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	struct shard *s = &db->shards[(c->node.hash >> 32) % SHARDS];

	lock_take(&s->lock);
	if (--c->connections == 0) {
		table_remove(&s->clients, &c->node);
		free(c);
	}
	lock_give(&s->lock);
}
