/*
 * What a step returns. Only a machine's runner moves it; see txn.c and fetch.c.
 */
#pragma once

#include "base/base.h"

enum machine_kind {
	MACHINE_GO,   /* run that step now */
	MACHINE_WAIT, /* run that step when something wakes this machine */
	MACHINE_END   /* it is over and freed: do not touch it */
};

struct machine_next {
	uint8_t kind, to;
};

#define MACHINE_NEXT(k, s) ((struct machine_next){ (k), (s) })

/* What a WAIT in a step may last. */
enum machine_timeout {
	TMO_NONE,    /* the operation has its own limit */
	TMO_FORWARD, /* forward_timeout */
	TMO_REQUEST, /* request_timeout, from the first byte of the head */
	TMO_READ,    /* read_timeout */
	TMO_WRITE,   /* write_timeout */
	TMO_EITHER   /* read_timeout or write_timeout, by which side is awaited */
};
