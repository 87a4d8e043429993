/*
 * What cache_log says of a directory that works: when it is opened, when its index is there, when
 * it is closed. What goes wrong is told where it does.
 */
#include "cache/disk_int.h"

#include "base/arena.h"
#include "base/oplog.h"
#include "loop/poller.h"

#define MB(bytes) ((unsigned long long)((bytes) + 524288) / 1048576)

static const char *left_text(const struct disk *d)
{
	switch (d->start.left) {
	case DISK_WAS_NEW:
		return "it is new";
	case DISK_WAS_CLOSED:
		return "it was closed in order";
	case DISK_WAS_KILLED:
		return "it was left by a crash: what was complete a second before is there";
	case DISK_LOST_POWER:
		return "the machine went down while it was in use: what is stored is validated "
		       "before it is used";
	}
	UNREACHABLE("how a directory was left");
}

void disk_tell_opened(struct disk *d)
{
	oplog(OPLOG_NOTICE, "cache_dir %s: opened; %s. Loading the index of %zu segments", d->path,
	      left_text(d), d->n_names_segment);
}

static double seconds_since(int64_t began_us)
{
	return (double)(clock_monotonic_us() - began_us) / 1e6;
}

/* What of it is not used, and why; "" mostly. */
static struct span lost_text(const struct disk_start *s, struct arena *a)
{
	struct span t = SPAN("");

	if (s->heads > s->entered + s->refused)
		t = arena_printf(a, "; replaced or purged since they were written: %llu",
		                 (unsigned long long)(s->heads - s->entered - s->refused));
	if (s->refused > 0)
		t = arena_printf(a, "%.*s; not used, since memory_limit has no room for them: %llu",
		                 SPAN_ARG(t), (unsigned long long)s->refused);
	if (s->scanned > 0)
		t = arena_printf(a,
		                 "%.*s; segments without an index, which were read to their last "
		                 "whole record: %u, bytes behind it that were dropped: %llu",
		                 SPAN_ARG(t), s->scanned, (unsigned long long)s->cut_bytes);
	if (s->removed > 0)
		t = arena_printf(a, "%.*s; segments with nothing of use, which were removed: %u",
		                 SPAN_ARG(t), s->removed);
	if (s->unreadable > 0)
		t = arena_printf(a, "%.*s; segments that cannot be read and are not used: %u",
		                 SPAN_ARG(t), s->unreadable);
	return t;
}

void disk_tell_loaded(struct disk *d)
{
	struct disk_stats st;
	struct arena a;

	disk_stats(d, &st);
	arena_init(&a);
	const struct span lost = lost_text(&d->start, &a);

	oplog(OPLOG_NOTICE,
	      "cache_dir %s: its index is loaded, after %.3f s: %llu objects in %llu segments, "
	      "%llu "
	      "MB of %llu MB%.*s",
	      st.path, seconds_since(d->start.began_us), (unsigned long long)st.objects,
	      (unsigned long long)st.segments, MB(st.used_bytes), MB(st.capacity_bytes),
	      SPAN_ARG(lost));
	arena_fini(&a);
}

void disk_tell_closed(const struct disk *d, int64_t began_us)
{
	oplog(OPLOG_NOTICE, "cache_dir %s: closed%s after %.3f s: %llu objects%s, %llu MB", d->path,
	      d->label.is_clean ? " in order"
	                        : ", but not all could be written, so that it counts as a crash,",
	      seconds_since(began_us), (unsigned long long)d->objects,
	      d->start.is_cut ? " of what was loaded by then" : "", MB(d->used + d->journal_bytes));
}
