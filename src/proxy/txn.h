/*
 * A transaction: one request and its reply. The machine that faces the client; its steps are listed
 * in txn_steps.tbl.h, in the order of a request's life.
 *
 * Worker-local. Everything it makes lives in its arena.
 */
#pragma once

#include "acl/decide.h"
#include "acl/facts.h"
#include "base/arena.h"
#include "base/why.h"
#include "header/rules.h"
#include "header/xff.h"
#include "http/body.h"
#include "http/uri.h"
#include "log/record.h"
#include "net/dial.h"
#include "net/dns.h"
#include "peer/route.h"
#include "proxy/body.h"
#include "proxy/fetch.h"
#include "proxy/head_reader.h"
#include "proxy/machine.h"
#include "proxy/session.h"
#include "proxy/txn_cache.h"

enum txn_step {
#define TXN_STEP(sym, fn, timeout, why, to) TXN_##sym,
#include "proxy/txn_steps.tbl.h"
#undef TXN_STEP
	TXN_STEP_N
};

enum shadow_state {
	SHADOW_NONE, /* there is none, or it was not asked */
	SHADOW_SAME,
	SHADOW_UNKNOWN, /* it would have needed to know more */
	SHADOW_DIFFERS
};

/* Looked up for logs beside the transaction, which goes its way meanwhile. */
struct client_name {
	struct dns_query query;
	struct task task; /* does nothing: the answer is looked for at the end */
};

struct txn {
	uint32_t magic;
	enum txn_step step;
	struct session *session;
	struct worker *worker;
	struct snapshot *snapshot; /* from the head to the last decision; then NULL */
	struct arena arena;
	struct task task;
	struct timer timer;
	bool timed_out;
	struct op *op; /* what the machine waits for; NULL if nothing */

	/* the request */
	struct head_reader reader;
	struct http_head request; /* version 0 until it is parsed */
	struct uri uri;
	struct span url; /* canonical text */
	struct http_framing request_framing;
	struct body_source request_body;
	bool has_uri;
	bool is_connect, is_manager, keep_alive;
	bool is_refresh;      /* no client waits for it: it validates what is stored */
	int64_t max_forwards; /* -1: no such field */

	/* who asks: the address that connected is the session's */
	struct endpoint client; /* as the log shows it */
	struct xff_walk xff;
	struct endpoint asker; /* as policy sees it, while miss_access sees another one */
	bool has_asker;

	/* what policy knows and says */
	struct facts facts;
	const struct facts *judged; /* as http_access saw them; NULL: no log wants to know */
	struct dns_addresses dst;
	bool has_dst;
	struct dns_query src_name, dst_name;
	struct client_name *client_name; /* NULL: no log tells it */
	struct notes notes;              /* annotations; starts with the connection's */
	struct span rule, rule_place;    /* the rule that decided; copies */
	struct span reported;            /* the first report_only rule that matched; a copy */
	struct span shadow; /* what a candidate policy would have said; empty: there is none */
	enum shadow_state shadow_state;
	bool rule_denied;
	const struct acl_rule *allowed_by; /* of http_access; NULL: none. Lives as the snapshot */
	const char *last_acl; /* the last one that the deciding list looked at; the snapshot's */
	/* by http_reply_access or reply_body_max_size: the page about it is not judged */
	bool is_reply_refused;

	/* the cache */
	struct txn_cache *cache; /* NULL: it is not asked */
	struct txn_purge *purge; /* NULL: nothing is to be forgotten */

	/* the way out */
	struct span upgrade, upgrade_rest; /* what is offered on; what is still to be asked about */
	const struct upgrade_rules *upgrade_at; /* rules under question; NULL: none yet */
	bool may_reuse;                         /* an idle connection will do */
	struct http_head *outgoing;             /* NULL until it is made */
	struct header_pass request_pass;
	int64_t forward_end_ms; /* of forward_timeout; 0: no limit */
	unsigned tries_left;    /* of forward_max_tries */
	enum route_direct direct;
	const struct route_choice *ways; /* in the order in which they are tried */
	const struct peer **way_peers;   /* what their indices mean */
	unsigned n_ways, way_at;         /* the next one */
	const struct trail *undecided;   /* a list about ways that could not be told; NULL: none */
	struct fetch_way way;            /* the one that is tried */
	struct fetch *fetch;             /* NULL until MISS */
	struct dial dial;                /* CONNECT */
	struct stream *origin;           /* the tunnel's other side */

	/* the reply */
	struct http_head reply; /* as sent */
	struct body_source own_body;
	struct body_source *source;
	struct body_sink sink;
	struct http_framing reply_framing; /* as sent */
	struct header_pass reply_pass;
	struct fetch_interim *interim;  /* the one under way; NULL: none */
	struct http_head *interim_head; /* as it is passed on; NULL until it is made */
	bool has_reply;                 /* sink is initialised with a final head */
	uint64_t interim_bytes;
	uint64_t reply_head_bytes;

	/* the ending */
	enum why why;    /* the first cause */
	enum why cut_by; /* what ended the page about it in its turn; WHY_NONE mostly */
	struct span detail;
	enum session_end end;

	/* for the log */
	int64_t started_us, started_wall_us;
	enum log_result result;
	enum log_verdict verdict; /* of http_access */
	enum log_hier hier;
	struct endpoint server;
	uint16_t server_status;
	uint8_t attempts;
	int64_t dns_us;
	uint64_t head_bytes;
};

/* Begin: the session has a byte to read. */
void txn_start(struct session *s);
/*
 * Validate c, which has just been served to this one although it is stale, by a transaction of its
 * own that no client waits for. From a step, while the snapshot is held; it begins in a later task.
 */
void txn_refresh(const struct txn *of, struct cobj *c);
/* client_lifetime is over: end as by a timeout. Callable from a timer. */
void txn_expire(struct txn *t);
/* Client gone, shutdown: stop everything and end. */
void txn_abort(struct txn *t, enum why why);

/*
 * Has the client left? A reset is final. A FIN alone means it with half_closed_clients off, unless
 * there is still something to be read from before it. False while others wait for what its fetch
 * brings.
 */
bool txn_is_abandoned(const struct txn *t);

/* Record the first cause; later ones are echoes of it. detail is copied. */
void txn_fail(struct txn *t, enum why why, struct span detail);

/* --- for the files that hold the steps -------------------------------------------------------- */

typedef struct machine_next txn_step_fn(struct txn *);
#define TXN_STEP(sym, fn, timeout, why, to) txn_step_fn txn_step_##fn;
#include "proxy/txn_steps.tbl.h"
#undef TXN_STEP

#define TXN_GO(s)   MACHINE_NEXT(MACHINE_GO, TXN_##s)
#define TXN_WAIT(s) MACHINE_NEXT(MACHINE_WAIT, TXN_##s)
#define TXN_END()   MACHINE_NEXT(MACHINE_END, 0)
/* End by WHY_w, with a page about it. */
#define TXN_FAIL(t, w, d) (txn_fail((t), WHY_##w, (d)), TXN_GO(SEND_ERROR))

/* The settings that hold now (the held snapshot, else the worker's). */
const struct snapshot *txn_conf(const struct txn *t);
void txn_release_snapshot(struct txn *t);

/*
 * txn_facts.c: fill what is known; find a fact: OP_READY (decide again) or OP_PENDING (t->op is
 * set).
 */
void txn_facts_fill(struct txn *t);
/* Policy sees another client address from now on, or this reply (NULL: none). */
void txn_facts_set_src(struct txn *t, const struct endpoint *src);
void txn_facts_set_reply(struct txn *t, const struct http_head *reply);
/*
 * Policy asked for the addresses of the URL's host and they could not be found: looking again might
 * find some that nobody has judged. True: the txn has failed.
 */
bool txn_facts_lack_addresses(struct txn *t);
enum op_status txn_facts_find(struct txn *t, enum fact need);
/*
 * Ask a list of rules, find what it needs, and do what the decision entails beside the verdict
 * (annotations, report_only). OP_PENDING: t->op is set; wait, and call again in the same step.
 * OP_READY: *v is the verdict, never NEED. The only way for steps to decide.
 */
enum op_status txn_decide(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                          enum verdict *v, struct trail *trail);
/* The same for lists that cannot wait (acl/lists.tbl.h); what would have to is UNDECIDED. */
enum verdict txn_decide_now(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                            struct trail *trail);

/* txn_route.c: after so many connects that led to nothing: is there another way to try? */
bool txn_has_another_way(struct txn *t, unsigned tries);
/* An address may not be connected to. */
void txn_forbidden(struct txn *t, struct span detail);
/* End the fetch; what is known of it is kept for the log. */
void txn_leave_fetch(struct txn *t);

/*
 * txn_error.c: make t->reply an answer made here, of this status, type and body; it is t->source.
 */
void txn_answer_prepare(struct txn *t, unsigned status, struct span type, struct span body);
/* Serialise t->reply and aim the sink at the client, with t->reply_framing. */
void txn_reply_begin(struct txn *t);

/*
 * txn_fields.c: ask the rules for the fields of a head that goes to the client, and change it.
 * False: an answer is awaited; call again.
 */
bool txn_fields_of_reply(struct txn *t, struct http_head *h, struct header_pass *pass, bool adds);

/*
 * txn_access.c: a list could not be decided, and none of its answers is the safe one
 * (doc/policy.md, Undecided): the request, or the reply, is refused.
 */
struct machine_next txn_refuse_undecided(struct txn *t, const struct trail *trail);
struct machine_next txn_refuse_reply_undecided(struct txn *t, const struct trail *trail);
/* Is the reply the page about a denial? */
bool txn_tells_of_denial(const struct txn *t);
/* txn_access.c: may this interim reply (facts.reply) pass? False: wait, and call again. */
bool txn_interim_access(struct txn *t, bool *allows);
/*
 * Is the reply the answer to a CONNECT that policy has allowed? Then no rule for replies looks at
 * it.
 */
bool txn_answers_connect(const struct txn *t);

/*
 * txn_shadow.c: compare the verdict of the policy that holds with that of the candidate beside it,
 * and remember what comes of it for the log; count it, once.
 */
void txn_shadow_access(struct txn *t, enum verdict live);
void txn_shadow_reply(struct txn *t, enum verdict live);
void txn_shadow_count(const struct txn *t);

/* txn_log.c */
/* Begin to find what logs tell and policy may not ask for; nobody waits for it. Once. */
void txn_log_begin(struct txn *t);
void txn_log_end(struct txn *t);
/* How the request has gone on so far. */
enum log_hier txn_hier(const struct txn *t);
/* Texts it has to make are in the transaction's arena. After txn_log_sinks(). */
struct log_rec txn_log_record(struct txn *t);
/*
 * The same as far as it is known now, for values with format codes: packed by that set, without
 * facts.
 */
struct log_rec txn_log_record_for(struct txn *t, const struct log_fields *fields);
/*
 * The sinks of the access log that are to be told: bit i is sink i. First adds what note says;
 * once.
 */
uint64_t txn_log_sinks(struct txn *t);
void txn_log(struct txn *t);
