/*
 * A tunnel: bytes both ways after a CONNECT or an upgrade, until both sides have finished. It takes
 * the place of session, txn and fetch, and holds no buffer while nothing moves. Worker-local.
 */
#pragma once

#include "log/record.h"
#include "net/pump.h"
#include "net/stream.h"
#include "proxy/worker.h"

struct tunnel;

struct tunnel_start {
	struct worker *worker;
	struct stream **client, **origin;     /* taken over */
	struct client **holder;               /* taken over; may hold NULL */
	struct span from_client, from_origin; /* bytes that were read ahead; copied */
	const struct log_rec *rec;            /* as far as it is known; copied */
	uint64_t sinks;     /* bit i: sink i of the access log is told at the end */
	int64_t opened_ms;  /* of the client's connection, for client_lifetime */
	int64_t started_us; /* precise, for the duration */
};

void tunnel_open(const struct tunnel_start *s);
/* The worker stops: close both sides and write the log line. */
void tunnel_kill(struct tunnel *t, enum why why);
struct tunnel *tunnel_of_link(struct list *link);
