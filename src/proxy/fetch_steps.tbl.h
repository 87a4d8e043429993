/*
 * The life of a request to an upstream, in order. FETCH_STEP(symbol, function, waits at most, ends as when
 * that is over, may go to).
 */
/* clang-format off */
#define TO(s) (1u << FETCH_##s)
FETCH_STEP(ROUTE,	route,		TMO_NONE, INTERNAL,	  TO(DIAL) | TO(SEND_HEAD))
FETCH_STEP(DIAL,	dial,		TMO_NONE, INTERNAL,	  TO(SEND_HEAD) | TO(FAIL))
FETCH_STEP(SEND_HEAD,	send_head,	TMO_NONE, INTERNAL,	  TO(RECV_HEAD) | TO(FAIL))
FETCH_STEP(RECV_HEAD,	recv_head,	TMO_READ, ORIGIN_TIMEOUT, TO(DECIDE) | TO(RETRY) | TO(FAIL))
FETCH_STEP(DECIDE,	decide,		TMO_NONE, INTERNAL,	  TO(RECV_HEAD) | TO(RECV_BODY) | TO(FAIL))
FETCH_STEP(RECV_BODY,	recv_body,	TMO_NONE, INTERNAL,	  TO(DONE))
FETCH_STEP(DONE,	done,		TMO_NONE, INTERNAL,	  0)
FETCH_STEP(RETRY,	retry,		TMO_NONE, INTERNAL,	  TO(DIAL))
FETCH_STEP(FAIL,	fail,		TMO_NONE, INTERNAL,	  0)
