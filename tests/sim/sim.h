/*
 * A small world for the proxy: time, network and jobs in memory, in one thread.
 *
 * What it is: other implementations of three headers, linked in place of the real ones.
 * sim_poller.c is loop/poller.h (waiting and the clocks), sim_sock.c is net/sock.h (sockets),
 * sim_jobs.c is loop/jobs.h (work that blocks), sim_dns.c is net/dns_channel.h (queries to name
 * servers). Everything above them is the proxy's own code, unchanged. A program that lists these
 * objects before the libraries gets this world instead of the kernel's.
 *
 * Time stands still while the proxy works (but for 10 us a turn). When a loop waits, the world
 * takes steps: bytes that are on their way arrive, connections open or fail, the test's functions
 * are called. If a step makes a watched socket ready, the wait ends; if nothing is left to happen
 * now, time jumps to the next thing that will: the loop's own deadline or an event of this world.
 * So hours pass in milliseconds, and the same test always takes the same steps.
 *
 * The far end of each connection (client or origin) is a struct sim_peer, which the test plays by
 * sim_send(), sim_fin(), sim_reset() and the function that tells it what came. How bytes travel is
 * the peer's struct sim_line: in which pieces, with which pauses, how much may be under way. With
 * chunk_in and chunk_out of 1, every byte is a turn of its own.
 *
 * To abort at every step: run a scenario with sim_at_step(n, ...) for n = 1, 2, ... until
 * sim_steps() of a whole run is less than n.
 *
 * Faithful to Linux where proxies get it wrong: an event tells what is ready at the time of the
 * wait, edge-triggered only if something happened since the last one; a FIN may come with the last
 * bytes; bytes that came before a reset can still be read; closing a socket with unread bytes sends
 * a reset and loses what was not delivered; descriptor numbers are used again at once.
 *
 * One loop at a time; nothing here may be called from another thread, but poller_wake().
 */
#pragma once

#include "base/ip.h"

/* The address of the machine on which the proxy runs. */
#define SIM_HOST "198.51.100.1"

/* --- the world -------------------------------------------------------------------------------- */

/* A new world: nothing served, nobody connected; 2026-01-01 00:00:00 UTC. */
void sim_init(void);
/* The end of it: peers and sockets are freed. CHECKs that the proxy has closed all of its own. */
void sim_fini(void);

/* Virtual time since sim_init(). */
int64_t sim_now_ms(void);
/* Steps taken since sim_init(). */
unsigned sim_steps(void);

typedef void sim_fn(void *arg);
/* Call fn when that much time has passed. */
void sim_at(int64_t ms, sim_fn *fn, void *arg);
/* Call fn at the beginning of that step (once). */
void sim_at_step(unsigned step, sim_fn *fn, void *arg);
/*
 * Call fn when a loop waits for ever and nothing can happen any more: the natural end of a scenario
 * (fn stops the loop). Without it that is a failed check: a hang.
 */
void sim_on_idle(sim_fn *fn, void *arg);

/* How many sockets the proxy may have at a time; beyond that, ERR_NO_FDS. 0: no limit. */
void sim_set_fd_limit(unsigned n);
/* Sockets that the proxy has open now, listening ones included. */
unsigned sim_open_fds(void);

/* Jobs that are submitted wait until this is ended: whoever blocks in them does not come back. */
void sim_hold_jobs(bool held);

/* --- lines and peers -------------------------------------------------------------------------- */

struct sim_line {
	size_t chunk_in;   /* bytes that reach the proxy at a time; 0: all that were sent */
	size_t chunk_out;  /* bytes that reach the peer at a time; 0: all */
	size_t window_out; /* what the proxy may write before the peer has it; 0: 64 KiB */
	int64_t gap_ms;    /* pause between pieces that reach the proxy; 0: one each step */
	uint64_t seed; /* not 0: pieces are of random size from 1 to the chunk (given or 1 KiB) */
};

/* For peers that are made from now on. */
void sim_set_line(const struct sim_line *line);

enum sim_event {
	SIM_OPEN,  /* the proxy accepted, or the proxy's connect succeeded */
	SIM_BYTES, /* more in sim_received() */
	SIM_FIN,   /* the proxy has shut its side; all bytes have come */
	SIM_RESET  /* the proxy has cut the connection */
};

struct sim_peer;
/* May call any sim function. */
typedef void sim_peer_fn(struct sim_peer *p, enum sim_event ev, void *arg);

/* What becomes of the proxy's attempts to connect. */
enum sim_fate {
	SIM_ACCEPT,
	SIM_REFUSE,  /* ERR_REFUSED; also where nothing is served */
	SIM_HANG,    /* no answer; the kernel gives up after 127 s (ERR_TIMEOUT) */
	SIM_NO_ROUTE /* ERR_UNREACHABLE */
};

/*
 * From now on, connecting to that address ends like this, after_ms later. Each accepted connection
 * is a new peer with that function (may be NULL). Serving an address again replaces it.
 */
void sim_serve(const struct endpoint *at, enum sim_fate fate, int64_t after_ms, sim_peer_fn *fn,
               void *arg);
/* A client of the proxy's listener. NULL if nobody listens there. */
struct sim_peer *sim_connect(const struct endpoint *to, const struct endpoint *from,
                             sim_peer_fn *fn, void *arg);

/* Peers live until sim_fini(), also after both sides have closed. */
void sim_send(struct sim_peer *p, struct span bytes);
/* No more bytes will be sent. */
void sim_fin(struct sim_peer *p);
/* FIN, and whatever the proxy still writes is answered by a reset, as when a process has exited. */
void sim_close(struct sim_peer *p);
void sim_reset(struct sim_peer *p);
/*
 * When the proxy writes to this peer again, these bytes and a reset have just arrived, and the
 * write is answered by the reset: what happens where an origin answers and exits during an upload.
 */
void sim_at_write(struct sim_peer *p, struct span bytes);
/* Stop or go on taking what the proxy writes. */
void sim_stall(struct sim_peer *p, bool stalled);
void sim_set_peer_line(struct sim_peer *p, const struct sim_line *line);

/* What came and was not taken yet. */
struct span sim_received(const struct sim_peer *p);
void sim_take(struct sim_peer *p, size_t n);
/* False after sim_fin(), sim_close() or sim_reset(), and where the proxy has cut the connection. */
bool sim_can_send(const struct sim_peer *p);
/* Whether all that was sent has been read by the proxy. */
bool sim_is_read(const struct sim_peer *p);
bool sim_saw_fin(const struct sim_peer *p);
bool sim_saw_reset(const struct sim_peer *p);
/* The proxy's end of the connection. */
const struct endpoint *sim_address(const struct sim_peer *p);

/* --- names ------------------------------------------------------------------------------------ */

/* What the name servers say to one question. */
struct sim_answer {
	const char *ips; /* separated by blanks; "" or NULL with ERR_NONE: no data */
	uint32_t ttl_s;
	int64_t delay_ms;
	enum err err; /* ERR_DNS_NAME, ERR_DNS_SERVER; ERR_DNS_TIMEOUT: silence */
};

/*
 * From now on, that name (lower case, no final dot) is answered so; NULL: no data, at once. Names
 * that were not given do not exist. The texts are not copied.
 */
void sim_name(const char *name, const struct sim_answer *a, const struct sim_answer *aaaa);
/* How many questions have reached the servers. */
unsigned sim_queries(void);
