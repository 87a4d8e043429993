/*
 * A fetch: one request to an upstream and its reply. The machine that faces the origin; its steps
 * are listed in fetch_steps.tbl.h. It fills a fetch_reply, whose reader is the transaction.
 *
 * The request's body is no step: the upload runs beside RECV_HEAD until the body ends, the origin
 * refuses it or the fetch ends. Worker-local.
 */
#pragma once

#include "log/record.h"
#include "net/dial.h"
#include "peer/outgoing.h"
#include "peer/peer.h"
#include "proxy/body.h"
#include "proxy/fetch_reply.h"
#include "proxy/head_reader.h"
#include "proxy/worker.h"

struct fetch;

/*
 * An upstream connection that stands for one client: NTLM and Negotiate authenticate the
 * connection, not the request, so whatever else is sent on it is sent in that client's name. It is
 * kept for that client's session instead of going to the pool. Zeroed: none.
 */
struct fetch_pin {
	struct stream *stream;
	char *key; /* heap */
	size_t key_n;
	int64_t opened_ms;
};

void fetch_pin_drop(struct fetch_pin *p);

/* Where one attempt to reach an upstream goes, and how. What it points to outlives the fetch. */
struct fetch_way {
	const struct peer *peer; /* NULL: the server itself. As long as nothing is answered */
	struct span name;        /* the peer's, or the server's host: for the log */
	enum log_hier hier;
	struct span host; /* looked up, unless there are addresses */
	uint16_t port;
	const struct ip *ips; /* the judged set; n_ips 0: not judged by address */
	unsigned n_ips;
	struct floor_guard guard;
	struct dns_share *share; /* the client's; NULL: nobody's */
	struct outgoing outgoing;
	struct span key; /* of idle connections that would do as well */
	int64_t connect_timeout_ms;
	int64_t forward_timeout_ms; /* what is left of it; 0: no limit */
	unsigned max_tries;
};

/* What is asked for. Everything pointed to lives as long as the fetch. */
struct fetch_request {
	struct worker *worker;
	struct arena *arena;
	struct task *reader;          /* woken when what is handed over changes */
	uint64_t session_id;          /* for traces */
	const struct http_head *head; /* as it goes out, but for the version */
	struct span target;           /* origin-form */
	const struct fetch_way *way;
	enum http_method method;
	struct body_source *upload;         /* the request's body; over already if there is none */
	struct http_framing upload_framing; /* as it goes out */
	bool drops_trailers;
	struct fetch_pin *pin; /* the session's */
	bool may_reuse;        /* an idle connection will do */
	/* the protocols offered: a 101 to one of them is welcome; or SPAN_NULL */
	struct span upgrade;
	bool keep_alive; /* the connection may be kept afterwards */
};

/* What is known of the upstream side, for the log. */
struct fetch_facts {
	struct endpoint server;   /* port 0: none was reached */
	struct endpoint source;   /* our end of it; port 0: no log tells it */
	unsigned attempts, tries; /* connects begun: of the last dial */
	int64_t dns_us;
	int64_t peer_us,
		server_us; /* since the request was sent, since the start; -1: no log tells */
	bool reused;
	uint16_t status;
};

/* Start; its first step runs at once. */
struct fetch *fetch_start(const struct fetch_request *r);
struct fetch_reply *fetch_reply_of(struct fetch *f);
struct fetch_facts fetch_facts(const struct fetch *f);
/* The client's stream has news: go on with the upload, if it is under way. */
void fetch_poke_upload(struct fetch *f);
/* True while the upload could not be finished: the client may still be sending. */
bool fetch_is_uploading(const struct fetch *f);
/* Let this task be woken by the origin's stream: the reader takes the body itself. */
void fetch_hand_over(struct fetch *f, struct task *reader);
/* After a 101: the origin's stream, and what it sent behind the head (in the fetch's buffer). */
struct stream *fetch_take_stream(struct fetch *f, struct span *early);
/*
 * What is left of an exchange when its body goes into a cached object: whoever has it ends it in
 * the fetch's place.
 */
struct fetch_rest {
	struct stream *stream;
	struct buffer *in;       /* read from it and not yet used */
	struct body_source body; /* its buffer is to be set to &in, which has moved */
	char *key;               /* of idle connections that would do as well; heap */
	size_t key_n;
	int64_t opened_ms;
	bool is_persistent; /* the connection may go to the pool afterwards */
};
/*
 * Whose reply was taken whole: may the connection be used again? Not where bytes came behind it,
 * which belong to no request (RFC 9112 9.3 and 6.3). Gives *in back if it is empty.
 */
bool fetch_connection_is_idle(struct worker *w, bool is_persistent, struct buffer **in);
/*
 * False: the connection belongs to one client, who must take the reply himself. When the head is
 * there.
 */
bool fetch_may_be_left(const struct fetch *f);
/* Of one that may be left. False: there is no body, and so no rest. */
bool fetch_take_rest(struct fetch *f, struct fetch_rest *rest);
/* Begin to dial a way; OP_FAILED with ERR_LIMIT: its peer has max-conn connections. */
enum op_status fetch_way_dial(struct worker *w, const struct fetch_way *way, struct dial *d,
                              struct task *waiter);
/* The dial has ended, well or not: what is learnt about the peer. */
void fetch_way_dialled(struct worker *w, const struct fetch_way *way, const struct dial *d);
/*
 * Has it failed in such a way that another server could be asked instead: nothing of a reply has
 * come, and nothing was sent that must not be sent twice or cannot be sent again?
 */
bool fetch_may_go_elsewhere(const struct fetch *f);
enum why fetch_dial_why(enum err e);
/* What a guard forbade, in words for the log. */
struct span fetch_forbidden_text(struct arena *a, const struct endpoint *at, enum floor_class c);
/*
 * A dial has failed so: are there idle connections to close, or fetches that nobody reads, so that
 * another try makes sense? They are closed.
 */
bool fetch_make_room(struct worker *w, enum err e);
/*
 * The reader is through, or gives up: the connection goes to the pool if the reply was taken whole,
 * else it is closed. Clears the pointer.
 */
void fetch_end(struct fetch **f);
