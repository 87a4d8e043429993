/*
 * A fill: the rest of a reply on its way into a cached object.
 *
 * Once a reply is to be stored, a fill takes the origin's stream over from the fetch and brings the
 * body, whoever reads along and however slow. It ends when the body does, when the origin fails, or
 * when nobody reads any more and quick_abort_* say that the rest is not worth it, or it will not be
 * kept, or client_lifetime is over. Worker-local.
 */
#pragma once

#include "proxy/fetch.h"

struct fill;

/*
 * Begin: the first bytes are taken at once, and the fill may have ended when this returns. Takes
 * rest and *c, a FILLING object whose readers have begun already. never_quits: it goes on without
 * readers.
 */
void fill_start(struct worker *w, struct fetch_rest *rest, struct cobj **c, bool never_quits);

/* End it, whatever is missing. */
void fill_kill(struct fill *f, enum why why);
/* The worker is draining: nobody waits for what nobody reads. */
void fill_drain(struct fill *f);
/* Descriptors are short: the worker lets go of what nobody reads. False: there is nothing. */
bool fill_end_abandoned(struct worker *w);
struct fill *fill_of_link(struct list *link);
