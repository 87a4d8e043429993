/*
 * A session is one client connection speaking HTTP/1: it waits for requests, gives each to a
 * transaction, and answers them in order, one at a time. While it waits it holds no buffer.
 * Worker-local.
 */
#pragma once

#include "acl/decide.h"
#include "net/buffer.h"
#include "net/stream.h"
#include "proxy/fetch.h"
#include "proxy/worker.h"

struct txn;

enum session_state {
	SESSION_WAITING,  /* for the first byte of a request */
	SESSION_BUSY,     /* a transaction is under way */
	SESSION_LINGERING /* the reply is out; bytes the client still sends are thrown away */
};

struct session {
	uint32_t magic;
	enum session_state state;
	struct worker *worker;
	struct list link;      /* worker->sessions */
	struct stream *client; /* NULL once a tunnel has taken it */
	struct endpoint peer, local;
	struct port *port; /* counted */
	struct client *holder;
	struct session_notes *notes; /* annotate_client's; NULL until there is one */
	struct buffer *in;           /* bytes received and not yet used; NULL if none */
	struct txn *txn;
	struct fetch_pin pin;
	struct task task;   /* the client stream's owner while no txn is under way */
	struct timer timer; /* request_start_timeout, client_idle_pconn_timeout, lingering */
	struct timer life;  /* client_lifetime */
	bool timed_out;
	uint64_t id;
	uint32_t n_txns;
	uint64_t lingered_bytes;
	int64_t opened_ms;
};

/* Take over an accepted descriptor. */
void session_open(struct worker *w, struct port *port, int fd, const struct endpoint *peer,
                  const struct endpoint *local);

/*
 * For a transaction that no client waits for: a session like that one, without a stream. Closed
 * when it ends. NULL: no memory, few descriptors, or this client has connections enough.
 */
struct session *session_new_detached(const struct session *of);

enum session_end {
	SESSION_KEEP,   /* the next request may come */
	SESSION_CLOSE,  /* all was read: close */
	SESSION_LINGER, /* the client may still be sending: see that it gets the reply first */
	SESSION_ABORT,  /* a reply was cut: close with a reset, so that it cannot look whole */
	SESSION_TAKEN   /* a tunnel has the client stream */
};
/* The transaction has ended and was freed; called from its last step by its runner. */
void session_txn_ended(struct session *s, enum session_end end);
/* The connection's annotations, with which each of its transactions begins; NULL: none. */
const struct notes *session_notes(const struct session *s);
/*
 * Keep those of the effects that are for the connection. Adding what is there already changes
 * nothing, so that what a connection keeps is bounded by what the configuration can say.
 */
void session_annotate(struct session *s, const struct acl_effect *effects);
/* The worker is draining: close if idle. */
void session_drain(struct session *s);
/* Descriptors are short: what no client waits for ends, in a later turn. */
void session_let_go(struct session *s);
/* Close whatever is under way. */
void session_kill(struct session *s);
