/*
 * A scripted name server on 127.0.0.1, UDP and TCP, in a thread of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/ip.h"

enum dns_server_how {
	SAY_ANSWER, /* records, or none: NODATA */
	SAY_NXDOMAIN,
	SAY_SERVFAIL,
	SAY_REFUSED,
	SAY_NOTHING,
	SAY_TRUNCATED,  /* by UDP; the answer by TCP */
	SAY_GARBAGE,    /* a header that promises records, and noise */
	SAY_WRONG_ID,   /* a forged answer, and then nothing */
	SAY_WRONG_NAME, /* an answer to another question, and then nothing */
};

/* The first row whose name and type fit is said. No row: NXDOMAIN. */
struct dns_server_row {
	const char *name;
	int type; /* 1 A, 28 AAAA, 12 PTR, 0 any */
	enum dns_server_how how;
	const char *chain; /* aliases on the way, "alias=TTL alias=TTL" */
	const char *data;  /* records of the type, "192.0.2.1=TTL ..." or "host.example=TTL" */
};

struct dns_server {
	struct endpoint at;
	const struct dns_server_row *rows;
	int udp, tcp, stop[2];
	pthread_t thread;
	_Atomic unsigned asked, asked_tcp;
	_Atomic unsigned ports;   /* how often the asking port differed from the one before */
	_Atomic unsigned is_held; /* while set, questions wait in the socket */
	uint16_t last_port;
	char names[65536]; /* all names asked for, each with a blank behind; read `asked` first */
};

/* rows end with a row without a name. */
void dns_server_start(struct dns_server *s, const struct dns_server_row *rows);
void dns_server_stop(struct dns_server *s);
