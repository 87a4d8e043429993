/*
 * Reading the objects of a folder, and comparing checksums. See disk_look.h.
 */
#include "cache/disk_int.h"
#include "cache/disk_look_int.h"

#define HEAD_BYTES 8192u /* what is read of a record at first: most heads are shorter */

/* --- one object ------------------------------------------------------------------------------- */

/* Bytes of a segment. ERR_NOT_FOUND: the segment is gone; ERR_SYNTAX: they are not all there. */
static enum err read_bytes(struct disk_look *k, struct look_segment *s, uint64_t offset, size_t n,
                           char *to)
{
	size_t got = 0;
	enum err e = look_segment_open(k, s);

	if (e == ERR_NONE)
		e = disk_io_read(&k->io, s->fd, to, n, offset, &got);
	return e == ERR_NONE && got != n ? ERR_SYNTAX : e;
}

/* The record's header and texts to k->record; its body too, if all is to be read. */
static enum err read_record(struct disk_look *k, struct look_segment *s, const struct look_entry *e,
                            struct record *r)
{
	const uint64_t offset = (uint64_t)e->offset * INDEX_UNIT;
	const size_t bytes = (size_t)e->bytes * INDEX_UNIT;
	const size_t first = k->depth == DISK_LOOK_ALL ? bytes : MIN(bytes, (size_t)HEAD_BYTES);

	if (bytes > RECORD_BYTES_MAX || bytes < RECORD_HEADER_BYTES)
		return ERR_SYNTAX;
	enum err x = read_bytes(k, s, offset, first, k->record);

	if (x == ERR_NONE &&
	    (!record_get_header(k->record, first, segment_seed(s->head.uid, offset), r) ||
	     r->type != RECORD_HEAD || r->seq != e->seq || !cache_key_eq(r->key, e->key) ||
	     record_bytes(r) != bytes))
		x = ERR_SYNTAX;
	const size_t texts = RECORD_HEADER_BYTES + (x == ERR_NONE ? (size_t)r->texts_bytes : 0);

	if (x == ERR_NONE && texts > first)
		x = read_bytes(k, s, offset + first, texts - first, k->record + first);
	return x;
}

static enum disk_look_state fault(const struct disk_look *k, const struct disk_place *p,
                                  struct span url, const char *what)
{
	look_fault(k, p->segment, p->offset, url, what);
	return DISK_LOOK_BROKEN;
}

/* Of a fragment or an inline body. */
static enum disk_look_state check_place(struct disk_look *k, const struct disk_place *p,
                                        struct span url)
{
	struct look_segment *const s = look_segment_find(k, p->segment & NUMBER_MASK);

	if (p->bytes > DISK_FRAGMENT_BYTES)
		return fault(k, p, url, "a fragment is longer than any");
	/*
	 * What a crash cut off, or what is not written yet; or its segment is not there any more.
	 */
	if (s == NULL || p->offset > s->end || s->end - p->offset < p->bytes)
		return DISK_LOOK_LACKING;
	if (k->depth != DISK_LOOK_ALL)
		return DISK_LOOK_WHOLE;
	const enum err e = read_bytes(k, s, p->offset, p->bytes, k->fragment);

	if (e == ERR_NOT_FOUND)
		return DISK_LOOK_LACKING;
	if (e != ERR_NONE)
		return fault(k, p, url, "the body cannot be read");
	if (record_checksum(span_of(k->fragment, p->bytes)) != p->checksum)
		return fault(k, p, url, "the checksum of the body is wrong");
	return DISK_LOOK_WHOLE;
}

static enum disk_look_state check_body(struct disk_look *k, const struct look_entry *e,
                                       const struct record *r, const struct disk_found *f)
{
	const struct disk_place here = { .segment = e->segment,
		                         .offset = (uint64_t)e->offset * INDEX_UNIT };
	enum disk_look_state worst = DISK_LOOK_WHOLE;

	if (f->n_places == 0) {
		const struct span body =
			span_of(k->record + RECORD_HEADER_BYTES + r->texts_bytes, r->body_bytes);

		if (k->depth == DISK_LOOK_ALL && record_checksum(body) != r->body_checksum)
			return fault(k, &here, f->parts.url, "the checksum of the body is wrong");
		return DISK_LOOK_WHOLE;
	}
	for (uint32_t i = 0; i < f->n_places; i++) {
		const enum disk_look_state one = check_place(k, &f->places[i], f->parts.url);

		look_progress(k, "objects", k->at, k->n);
		worst = MAX(worst, one);
	}
	return worst;
}

/* Which key it ought to have. */
static void judge_key(const struct disk_look *k, struct disk_looked *o)
{
	const struct cobj_parts *const p = &o->found.parts;
	const struct cache_secret *const secret = &k->sums.label.secret;

	o->is_variant = !cache_key_eq(p->key, cache_key_of_uri(secret, p->url));
	o->is_misplaced = o->is_variant &&
	                  !cache_key_eq(p->key, cache_key_of_variant(secret, p->url, p->meta.salt,
	                                                             p->variant));
}

static bool is_old(const struct disk_look *k, uint64_t seq)
{
	return k->sums.is_boot_over || seq < k->sums.label.old_below_seq;
}

/* False: there is nothing to be shown; what is wrong was told. */
static bool read_object(struct disk_look *k, const struct look_entry *e, struct disk_looked *o)
{
	struct look_segment *const s = look_segment_find(k, e->segment);
	struct record r = { 0 };
	enum err x = s != NULL ? read_record(k, s, e, &r) : ERR_NOT_FOUND;

	*o = (struct disk_looked){ .seq = e->seq,
		                   .offset = (uint64_t)e->offset * INDEX_UNIT,
		                   .segment = e->segment,
		                   .bytes = e->bytes * INDEX_UNIT };
	if (x == ERR_NONE && !record_get_head(&r, k->record + RECORD_HEADER_BYTES, &o->found))
		x = ERR_SYNTAX;
	/* Evicted meanwhile. */
	if (x == ERR_NOT_FOUND)
		return false;
	if (x != ERR_NONE) {
		look_fault(k, e->segment, o->offset, SPAN_NULL,
		           x == ERR_SYNTAX ? "the head of an object is damaged"
		                           : "the head of an object cannot be read");
		return false;
	}
	if (is_old(k, e->seq))
		o->found.parts.meta.flags |= COBJ_IS_STALE;
	o->state = check_body(k, e, &r, &o->found);
	judge_key(k, o);
	return true;
}

static enum err begin(struct disk_look *k, enum disk_look_depth depth)
{
	k->depth = depth;
	k->record = malloc(RECORD_BYTES_MAX);
	k->fragment = malloc(DISK_FRAGMENT_BYTES);
	return k->record != NULL && k->fragment != NULL ? ERR_NONE : ERR_NOMEM;
}

static void end(struct disk_look *k)
{
	free(k->record);
	free(k->fragment);
	k->record = k->fragment = NULL;
}

/* --- frames ----------------------------------------------------------------------------------- */

/*
 * Whether there is a whole header of a record behind `from`: so what lies at `from` is not the end
 * that a crash left.
 */
static bool has_record_behind(struct disk_look *k, struct look_segment *s, uint64_t from)
{
	struct record r;
	size_t got = 0;

	/* Longer than any record is what nobody looks for. */
	if (look_segment_open(k, s) != ERR_NONE ||
	    disk_io_read(&k->io, s->fd, k->record, RECORD_BYTES_MAX, from, &got) != ERR_NONE)
		return false;
	for (size_t at = INDEX_UNIT; at + RECORD_HEADER_BYTES <= got; at += INDEX_UNIT)
		if (record_get_header(k->record + at, got - at,
		                      segment_seed(s->head.uid, from + at), &r))
			return true;
	return false;
}

/* Where its records end now, and whether it has been sealed since. */
static bool look_again(struct disk_look *k, struct look_segment *s, uint64_t *at)
{
	struct segment_entry *entries = NULL;
	struct segment_foot foot;
	uint64_t last_seq = 0;
	uint32_t n = 0;
	enum err e = look_segment_open(k, s);

	if (e == ERR_NONE)
		e = disk_read_entries(&k->io, s->fd, &s->head, &foot, &entries);
	const bool is_open = e == ERR_SYNTAX;

	if (is_open)
		e = disk_scan_entries(&k->io, s->fd, &s->head, &entries, &n, at, &last_seq);
	free(entries);
	return is_open && e == ERR_NONE;
}

static bool is_sealed_newer(const struct disk_look *k, const struct look_segment *s)
{
	for (size_t i = 0; i < k->n_segments; i++)
		if (k->segments[i].is_sealed && k->segments[i].head.chain == s->head.chain &&
		    k->segments[i].head.first_seq > s->head.first_seq)
			return true;
	return false;
}

/* Nobody has begun to use it since the label was read. */
static bool is_still_clean(struct disk_look *k)
{
	enum disk_folder folder = DISK_FOLDER_FOREIGN;
	struct disk_label l;

	return k->sums.label.is_clean && disk_label_read(&k->io, &l, &folder) == ERR_NONE &&
	       folder == DISK_FOLDER_OURS && l.is_clean;
}

/*
 * A segment is sealed when it is full, when the proxy ends, and by the first start after a crash,
 * the older ones first. Where that is over, one without its index block has lost it.
 */
static void check_frame(struct disk_look *k, struct look_segment *s)
{
	uint64_t at = 0;

	if (s->is_sealed || !look_again(k, s, &at))
		return;
	if (s->is_index_damaged || is_still_clean(k) || is_sealed_newer(k, s))
		look_fault(k, s->head.number, at, SPAN_NULL, "its index block is damaged");
	else if (!k->sums.is_boot_over && at == s->end && has_record_behind(k, s, at))
		look_fault(k, s->head.number, at, SPAN_NULL,
		           "a record is damaged, and what lies behind it will not be found");
}

/* Something that is no tombstone before something that is one. */
static void check_journal(struct disk_look *k, const char *name)
{
	char bytes[512 * JOURNAL_RECORD_BYTES];
	size_t got = sizeof(bytes);
	uint64_t offset = 0, bad_at = UINT64_MAX;
	bool is_damaged = false;
	struct tombstone t;
	int fd = -1;

	if (disk_io_open(&k->io, name, DISK_OPEN_READ, &fd) != ERR_NONE)
		return;
	for (; got == sizeof(bytes) && !is_damaged; offset += got) {
		if (disk_io_read(&k->io, fd, bytes, sizeof(bytes), offset, &got) != ERR_NONE)
			break;
		for (size_t i = 0; i + JOURNAL_RECORD_BYTES <= got && !is_damaged;
		     i += JOURNAL_RECORD_BYTES)
			if (journal_get(bytes + i, k->sums.label.store, &t))
				is_damaged = bad_at != UINT64_MAX;
			else
				bad_at = MIN(bad_at, offset + i);
	}
	disk_io_close(&fd);
	const struct disk_look_fault f = { name, bad_at, SPAN_NULL,
		                           "what was forgotten may come back" };

	if (is_damaged && k->watch.fault != NULL)
		k->watch.fault(k->watch.arg, &f);
}

static bool see_journal(void *arg, const char *name)
{
	uint32_t number;

	if (journal_parse_name(name, &number))
		check_journal(arg, name);
	return true;
}

static void check_frames(struct disk_look *k)
{
	for (size_t i = 0; i < k->n_segments; i++)
		check_frame(k, &k->segments[i]);
	if (disk_io_names(&k->io, see_journal, k) != ERR_NONE)
		look_fault(k, 0, 0, SPAN_NULL, "the folder cannot be listed any more");
}

/* --- all of them ------------------------------------------------------------------------------ */

enum err disk_look_each(struct disk_look *k, enum disk_look_depth depth, disk_look_see_fn *see,
                        void *arg)
{
	CHECK_OBJ(k, LOOK_MAGIC);
	const enum err e = begin(k, depth);
	struct disk_looked o;
	bool go_on = e == ERR_NONE;

	for (size_t i = 0; i < k->n && go_on; i++) {
		k->at = i;
		look_progress(k, "objects", i, k->n);
		if (read_object(k, &k->entries[k->by_place[i]], &o))
			go_on = see(arg, &o);
	}
	if (go_on && depth == DISK_LOOK_ALL)
		check_frames(k);
	end(k);
	return e;
}

bool disk_look_url(struct disk_look *k, struct span url, disk_look_see_fn *see, void *arg)
{
	CHECK_OBJ(k, LOOK_MAGIC);
	const struct look_entry *const e =
		look_entry_find(k, cache_key_of_uri(&k->sums.label.secret, url));
	struct disk_looked o;

	if (e == NULL)
		return false;
	const bool is_found = begin(k, DISK_LOOK_HEADS) == ERR_NONE && read_object(k, e, &o) &&
	                      span_eq(o.found.parts.url, url);

	if (is_found)
		(void)see(arg, &o);
	end(k);
	return is_found;
}

static bool see_marker(void *arg, const struct disk_looked *o)
{
	struct disk_look *const k = arg;

	k->has_marker = (o->found.parts.meta.flags & COBJ_MARKER) != 0;
	k->marker_salt = o->found.parts.meta.salt;
	return false;
}

/* Called while objects are shown: what is being shown must stay. */
bool disk_look_marker(struct disk_look *k, struct span url, uint64_t *salt)
{
	CHECK_OBJ(k, LOOK_MAGIC);
	const struct cache_key key = cache_key_of_uri(&k->sums.label.secret, url);
	char *const record = k->record, *const fragment = k->fragment;
	const enum disk_look_depth depth = k->depth;

	if (!k->knows_marker || !cache_key_eq(key, k->marker_key)) {
		k->knows_marker = true;
		k->marker_key = key;
		k->has_marker = false;
		(void)disk_look_url(k, url, see_marker, k);
		k->record = record;
		k->fragment = fragment;
		k->depth = depth;
	}
	*salt = k->marker_salt;
	return k->has_marker;
}
