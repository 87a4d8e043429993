/*
 * What connections carry besides bytes, chosen by acls: the local address of those to servers, type
 * of service and netfilter mark of those to servers and clients. Lists are immutable after loading.
 */
#pragma once

#include "acl/decide.h"
#include "base/ip.h"
#include "net/sock.h"

enum outgoing_kind {
	OUTGOING_ADDRESS,     /* tcp_outgoing_address */
	OUTGOING_TOS,         /* tcp_outgoing_tos */
	OUTGOING_MARK,        /* tcp_outgoing_mark */
	OUTGOING_CLIENT_TOS,  /* clientside_tos */
	OUTGOING_CLIENT_MARK, /* mark_client_packet */
	OUTGOING_CONNMARK,    /* mark_client_connection */
	OUTGOING_KIND_N
};

/* One line: the first one whose acls all match decides. */
struct outgoing_line {
	struct outgoing_line *next;
	struct ip ip;           /* OUTGOING_ADDRESS */
	uint32_t value;         /* the others */
	uint32_t mask;          /* OUTGOING_CONNMARK: the bits that are changed */
	bool is_default;        /* "default": leave it to the system */
	struct acl_rules *acls; /* never NULL; an empty list matches always */
};

/* A list and what it is of. */
struct outgoing_list {
	struct outgoing_line *lines;
};

struct outgoing_conf {
	struct outgoing_list lists[OUTGOING_KIND_N];
};

void outgoing_conf_fini(struct outgoing_conf *c);

/* How one connection to a server is opened. */
struct outgoing {
	bool has_from4, has_from6;
	struct endpoint from4, from6; /* port 0 */
	struct sock_marks marks;
};

/* Do the acls of a line match? Asked for one line after the other until one does. */
typedef bool outgoing_match_fn(void *arg, const struct acl_rules *acls);

/* By the three lists for servers. */
void outgoing_choose(const struct outgoing_conf *c, outgoing_match_fn *matches, void *arg,
                     struct outgoing *out);
/* By the two lists for clients. False: nothing is to be set. */
bool outgoing_choose_client(const struct outgoing_conf *c, outgoing_match_fn *matches, void *arg,
                            struct sock_marks *out);
/* By mark_client_connection: the line that applies, or NULL. */
const struct outgoing_line *outgoing_choose_connmark(const struct outgoing_conf *c,
                                                     outgoing_match_fn *matches, void *arg);
/* Does a line set a mark? That takes CAP_NET_ADMIN. */
bool outgoing_conf_marks(const struct outgoing_conf *c);

/*
 * Two connections are interchangeable only if all of this is the same: append it to the key of a
 * pool. Nothing is appended where nothing was chosen. At most OUTGOING_KEY_MAX bytes; returns
 * behind them.
 */
#define OUTGOING_KEY_MAX 48
char *outgoing_print_key(char *at, const struct outgoing *o);

/* Setters; the member is a struct outgoing_list. */
conf_setter_fn outgoing_set_address, outgoing_set_tos, outgoing_set_mark, outgoing_set_connmark;
