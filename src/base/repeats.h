/*
 * What was said lately, so that what is said again can be counted instead. Pure; guarded by whoever
 * owns it.
 */
#pragma once

#include "base/base.h"

#define REPEATS_SLOTS 16
#define REPEATS_HEAD  80

struct repeat {
	uint64_t hash;    /* 0: the slot is free */
	int64_t since_us; /* when it was said and not counted */
	unsigned n_more;  /* how often since then */
	int tag;          /* the caller's; part of what makes two texts the same */
	bool was_last;    /* nothing else was said since */
	char head[REPEATS_HEAD + 1];
};

struct repeats {
	struct repeat slots[REPEATS_SLOTS];
	uint64_t last_hash; /* of the text said last */
};

/*
 * True if this was said less than window_us ago: it is counted and need not be said. False: it is
 * to be said (and remembered, unless all slots are taken by texts that are being repeated), and
 * *last is what was said before it, with the count to be told first (n_more, often 0). Expired
 * texts must have been taken out before.
 */
bool repeats_note(struct repeats *rs, int64_t now_us, int64_t window_us, int tag, const char *text,
                  struct repeat *last);

/* Take out one text with a count whose window is over; false if there is none. */
bool repeats_take_expired(struct repeats *rs, int64_t now_us, int64_t window_us,
                          struct repeat *out);
