/*
 * Labels. See disk_label.h and doc/cache-format.md.
 */
#include "cache/disk_label.h"

#include <sys/random.h>
#include <xxhash.h>

#define LABEL_VERSION 2u
#define LABEL_BEFORE  1u /* the same without what was written and admitted */
#define LABEL_ORDER   0x01020304u
#define LABEL_MAGIC   "cuttle-store\n"
#define LABEL_NEW     DISK_LABEL_NAME ".new"

struct label {
	char magic[16];
	uint32_t version, order;
	uint64_t store;
	int64_t made_s;
	uint64_t capacity, next_seq;
	char boot[DISK_BOOT_BYTES];
	uint32_t is_clean;
	struct cache_secret secret;
	uint64_t old_below_seq;
	uint64_t written, admitted;
	uint64_t checksum;
};
_Static_assert(sizeof(struct label) == 320, "the format's label");

static bool see_any(void *arg, const char *name)
{
	/* What mkfs leaves behind, and a label that was never completed, are nobody's. */
	*(bool *)arg = strcmp(name, "lost+found") != 0 && strcmp(name, LABEL_NEW) != 0;
	return !*(bool *)arg;
}

/* That of the version before is made one of this. */
static enum disk_folder judge(struct label *raw, size_t n)
{
	size_t checked = offsetof(struct label, checksum);

	if (n < sizeof(raw->magic) + 8 || memcmp(raw->magic, LABEL_MAGIC, sizeof(LABEL_MAGIC)) != 0)
		return DISK_FOLDER_DAMAGED;
	if ((raw->version != LABEL_VERSION && raw->version != LABEL_BEFORE) ||
	    raw->order != LABEL_ORDER)
		return DISK_FOLDER_OTHER_VERSION;
	if (raw->version == LABEL_BEFORE)
		checked = offsetof(struct label, written);
	const uint64_t checksum = XXH3_64bits(raw, checked);

	if (n != checked + sizeof(checksum) ||
	    memcmp((const char *)raw + checked, &checksum, sizeof(checksum)) != 0)
		return DISK_FOLDER_DAMAGED;
	if (raw->version == LABEL_BEFORE)
		raw->written = raw->admitted = 0;
	return DISK_FOLDER_OURS;
}

static void unpack(const struct label *raw, struct disk_label *l)
{
	*l = (struct disk_label){
		.secret = raw->secret,
		.store = raw->store,
		.made_s = raw->made_s,
		.capacity_bytes = raw->capacity,
		.next_seq = raw->next_seq,
		.old_below_seq = raw->old_below_seq,
		.written_bytes = raw->written,
		.admitted_bytes = raw->admitted,
		.is_clean = raw->is_clean == 1,
	};
	memcpy(l->boot, raw->boot, sizeof(l->boot));
}

enum err disk_label_read(struct disk_io *io, struct disk_label *l, enum disk_folder *folder)
{
	struct label raw = { 0 };
	size_t n = 0;
	int fd = -1;
	enum err e = disk_io_open(io, DISK_LABEL_NAME, DISK_OPEN_READ, &fd);

	if (e == ERR_NOT_FOUND) {
		bool is_foreign = false;

		e = disk_io_names(io, see_any, &is_foreign);
		*folder = is_foreign ? DISK_FOLDER_FOREIGN : DISK_FOLDER_EMPTY;
		return e;
	}
	if (e != ERR_NONE)
		return e;
	e = disk_io_read(io, fd, &raw, sizeof(raw), 0, &n);
	disk_io_close(&fd);
	if (e != ERR_NONE)
		return e;
	*folder = judge(&raw, n);
	if (*folder == DISK_FOLDER_OURS)
		unpack(&raw, l);
	return ERR_NONE;
}

enum err disk_label_write(struct disk_io *io, const struct disk_label *l)
{
	struct label raw = {
		.magic = LABEL_MAGIC,
		.version = LABEL_VERSION,
		.order = LABEL_ORDER,
		.store = l->store,
		.made_s = l->made_s,
		.capacity = l->capacity_bytes,
		.next_seq = l->next_seq,
		.old_below_seq = l->old_below_seq,
		.written = l->written_bytes,
		.admitted = l->admitted_bytes,
		.is_clean = l->is_clean ? 1 : 0,
		.secret = l->secret,
	};
	int fd = -1;

	memcpy(raw.boot, l->boot, sizeof(raw.boot));
	raw.checksum = XXH3_64bits(&raw, offsetof(struct label, checksum));
	enum err e = disk_io_open(io, LABEL_NEW, DISK_OPEN_NEW, &fd);

	if (e != ERR_NONE)
		return e;
	e = disk_io_write(io, fd, &raw, sizeof(raw), 0);
	if (e == ERR_NONE)
		e = disk_io_sync(io, fd);
	disk_io_close(&fd);
	if (e == ERR_NONE)
		e = disk_io_rename(io, LABEL_NEW, DISK_LABEL_NAME);
	return e == ERR_NONE ? disk_io_sync_folder(io) : e;
}

bool disk_label_lost_power(const struct disk_label *l, const char boot[DISK_BOOT_BYTES])
{
	static const char unknown[DISK_BOOT_BYTES];

	return !l->is_clean && (memcmp(boot, l->boot, DISK_BOOT_BYTES) != 0 ||
	                        memcmp(boot, unknown, DISK_BOOT_BYTES) == 0);
}

void disk_label_init(struct disk_label *l, const struct cache_secret *secret)
{
	*l = (struct disk_label){ .secret = *secret, .made_s = (int64_t)time(NULL), .next_seq = 1 };
	CHECK(getrandom(&l->store, sizeof(l->store), 0) == (ssize_t)sizeof(l->store));
}
