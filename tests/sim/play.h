/*
 * Far ends that play by a script, for tests of the whole proxy: an origin that answers requests one
 * after the other, a client that says its next line when it has seen what it waits for.
 */
#pragma once

#include "tests/sim/sim_proxy.h"

#define PLAY_ORIGIN "192.0.2.1"
#define PLAY_URL    "http://" PLAY_ORIGIN "/a"
#define PLAY_HEAD   " " PLAY_URL " HTTP/1.1\r\nHost: " PLAY_ORIGIN "\r\n"
#define PLAY_GET    "GET" PLAY_HEAD "\r\n"
#define PLAY_HELLO  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define PLAY_ALLOW  "http_access allow all\n"

#define SECONDS(n) ((int64_t)(n)*1000)
#define MINUTES(n) ((int64_t)(n)*60000)
#define HOURS(n)   ((int64_t)(n)*3600000)

enum play_then { PLAY_KEEP, PLAY_FIN, PLAY_CLOSE, PLAY_RESET };

/* Instead of a reply. */
#define PLAY_DO_FIN   "\001"
#define PLAY_DO_RESET "\002"

#define PLAY_REPLIES 6
#define PLAY_GOT     ((size_t)1 << 20)

struct play_origin {
	/*
	 * To the first request, the second, ...; the last one before a NULL also to later ones. "":
	 * silence.
	 */
	const char *reply[PLAY_REPLIES];
	enum play_then then; /* after each reply */
	bool at_head;        /* answers when it has the head, whatever body is to come */
	bool keeps_open;     /* does not answer a FIN by one */
	unsigned n_requests;
	unsigned n_opened;
	unsigned n_ended;          /* connections that the proxy has closed */
	struct sim_peer *peer;     /* the newest connection */
	struct sim_peer *answered; /* with at_head: the connection whose request was answered */
	char *got;                 /* all that came on all connections, NUL-terminated */
	size_t got_n;
};

/* Plays at port 80 of that address. The script is reset by filling the struct anew. */
void play_serve(struct play_origin *o, const char *ip);
void play_origin_fini(struct play_origin *o);

struct play_client {
	const char *await, *say; /* once what came ends with await, this is sent; NULL: nothing */
	bool closes;             /* ... and then a FIN */
	int64_t ended_ms;        /* when its connection was ended by the proxy; -1: it was not */
	struct sim_peer *peer;
};

/* Connects and sends that. */
void play_client(struct play_client *c, const char *text);

bool play_starts(const struct sim_peer *p, const char *text);
bool play_ends(const struct sim_peer *p, const char *text);
bool play_has(const struct sim_peer *p, const char *text);
unsigned play_count(struct span in, const char *text);
static inline struct span play_log(void)
{
	return span_str(sim_log());
}
