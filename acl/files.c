/*
 * The values of an acl are a set of its own, and a set for each list file that it names (where the
 * kind allows for that). The latter depends on nothing but the file and the flags in force where it
 * is named, so it can be kept: an acl of the next configuration that names the same file takes it.
 *
 * The same file is one that fstat() cannot tell from the one that was read; or, if that is in
 * doubt, one with the same bytes. What was reported about its lines is kept too, and reported
 * again.
 */
#include "acl/files.h"

#include "acl/type.h"
#include "base/counters.h"
#include "base/lock.h"

#define FINDINGS_MAX 10000u /* of a file that is kept; one with more is read again */

struct finding {
	enum conf_severity severity;
	unsigned line;
	char *text;
};

/* Immutable once it can be found, but for what says guarded: by the lock of its home. */
struct acl_file {
	uint32_t magic;
	unsigned refs;          /* guarded */
	struct acl_files *home; /* NULL: nobody finds it */
	struct list in_home;    /* guarded */
	struct acl values;      /* name, type, data and hosts: what the kind's functions look at */
	struct conf_list_file from; /* path is ours; stamp is guarded */
	char *path;
	size_t n_values;
	bool icase, icase_after; /* -i before it and behind it */
	struct finding *findings;
	size_t n_findings, cap_findings;
};
#define ACL_FILE_MAGIC 0xac15f11e

struct acl_files {
	struct lock lock;
	struct list files; /* guarded */
};

struct acl_files *acl_files_new(void)
{
	struct acl_files *h = check_calloc(1, sizeof(*h));

	lock_init(&h->lock, LOCK_RANK_LEAF);
	list_init(&h->files);
	return h;
}

void acl_files_free(struct acl_files **hp)
{
	if (*hp != NULL) {
		CHECK(list_is_empty(&(*hp)->files));
		lock_fini(&(*hp)->lock);
	}
	free(*hp);
	*hp = NULL;
}

void acl_files_stats(struct acl_files *h, struct acl_files_stats *out)
{
	*out = (struct acl_files_stats){ 0 };
	lock_take(&h->lock);
	list_for_each(it, &h->files) {
		out->files++;
		out->values += CONTAINER_OF(it, struct acl_file, in_home)->n_values;
	}
	lock_give(&h->lock);
}

/* --- one file --------------------------------------------------------------------------------- */

static struct acl_file *file_new(const struct acl *a, const struct acl_parse *p,
                                 const struct conf_list_file *from)
{
	struct acl_file *f;

	OBJ_NEW(f, ACL_FILE_MAGIC);
	f->refs = 1;
	list_init(&f->in_home);
	f->path = check_strdup(from->path);
	f->icase = p->icase;
	f->values.name = check_strdup(a->name);
	f->values.type = a->type;
	f->values.data = a->type->kind->make();
	return f;
}

static void file_free(struct acl_file *f)
{
	f->values.type->kind->free(f->values.data);
	for (size_t i = 0; i < f->n_findings; i++)
		free(f->findings[i].text);
	free(f->findings);
	acl_hosts_release(&f->values);
	free(f->values.name);
	free(f->path);
	OBJ_FREE(f, ACL_FILE_MAGIC);
}

static void file_unref(struct acl_file **fp)
{
	struct acl_file *f = *fp;
	bool is_last;

	CHECK_OBJ(f, ACL_FILE_MAGIC);
	*fp = NULL;
	if (f->home == NULL) {
		file_free(f);
		return;
	}
	lock_take(&f->home->lock);
	is_last = --f->refs == 0;
	if (is_last)
		list_remove(&f->in_home);
	lock_give(&f->home->lock);
	if (is_last)
		file_free(f);
}

void acl_file_remember(struct acl_file *f, const struct acl_parse *p, enum conf_severity s,
                       const char *text)
{
	if (f->n_findings > FINDINGS_MAX)
		return;
	if (f->n_findings == f->cap_findings) {
		f->cap_findings = f->cap_findings != 0 ? f->cap_findings * 2 : 4;
		f->findings = check_realloc(f->findings, f->cap_findings * sizeof(f->findings[0]));
	}
	f->findings[f->n_findings++] = (struct finding){ s, p->place.line, check_strdup(text) };
}

struct conf_place acl_file_place(const struct acl_file *f, unsigned line)
{
	return (struct conf_place){ f->path, line };
}

static void report_again(const struct acl_file *f, struct acl_parse *p, const char *path)
{
	for (size_t i = 0; i < f->n_findings; i++)
		conf_report(p->reader, f->findings[i].severity,
		            (struct conf_place){ path, f->findings[i].line }, "%s",
		            f->findings[i].text);
}

/* --- finding it again ------------------------------------------------------------------------- */

static bool is_same_stamp(const struct conf_stamp *a, const struct conf_stamp *b)
{
	return a->is_sure && b->is_sure && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->modified_ns == b->modified_ns &&
	       a->changed_ns == b->changed_ns;
}

/* Whether the file means here what it means where it was read. */
static bool fits(const struct acl_file *f, const struct acl *a, const struct acl_parse *p,
                 const struct conf_list_file *from)
{
	if (f->values.type->kind != a->type->kind || f->icase != p->icase ||
	    f->from.is_quoted_mode != from->is_quoted_mode)
		return false;
	/* What was found names acl and file. */
	return f->n_findings == 0 ||
	       (strcmp(f->values.name, a->name) == 0 && strcmp(f->path, from->path) == 0);
}

/* A reference to the file as it was compiled before, or NULL. by_hash: its bytes are known. */
static struct acl_file *find(struct acl_files *h, const struct acl *a, const struct acl_parse *p,
                             const struct conf_list_file *from, bool by_hash)
{
	struct acl_file *found = NULL;

	if (h == NULL || (!by_hash && !from->stamp.is_sure))
		return NULL;
	lock_take(&h->lock);
	list_for_each(it, &h->files) {
		struct acl_file *f = CONTAINER_OF(it, struct acl_file, in_home);

		if (by_hash ? f->from.hash != from->hash || f->from.stamp.size != from->stamp.size
		            : !is_same_stamp(&f->from.stamp, &from->stamp))
			continue;
		if (!fits(f, a, p, from))
			continue;
		found = f;
		found->refs++;
		found->from.stamp = from->stamp;
		break;
	}
	lock_give(&h->lock);
	return found;
}

static void publish(struct acl_files *h, struct acl_file *f)
{
	if (h == NULL || f->values.has_errors || f->from.is_nested || f->n_findings > FINDINGS_MAX)
		return;
	f->home = h;
	lock_take(&h->lock);
	list_push_front(&h->files, &f->in_home);
	lock_give(&h->lock);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct acl_file *compile(struct conf_line *l, struct acl *a, struct acl_parse *p,
                                struct conf_list_file *from)
{
	const struct acl_kind *kind = a->type->kind;
	const unsigned errors = conf_count(l->reader, CONF_ERROR);
	struct acl_file *f = file_new(a, p, from);
	struct conf_value v;

	p->file = f;
	while (conf_list_value(l, from, &v)) {
		p->place = v.place;
		kind->parse(&f->values, p, v.text);
		p->starts_line = false;
	}
	if (kind->finish != NULL)
		kind->finish(&f->values, p);
	p->file = NULL;
	f->values.has_errors = conf_count(l->reader, CONF_ERROR) != errors;
	f->from = *from;
	f->from.path = f->path;
	f->n_values = kind->count(f->values.data) + f->values.n_hosts;
	f->icase_after = p->icase;
	count(COUNT_LISTS_COMPILED);
	return f;
}

static void attach(struct acl *a, struct acl_file *f)
{
	a->files = check_realloc(a->files, (a->n_files + 1) * sizeof(struct acl_file *));
	a->files[a->n_files++] = f;
}

static struct acl_file *take(struct conf_line *l, struct acl *a, struct acl_parse *p,
                             struct conf_list_file *from)
{
	struct acl_files *h = p->set->files_in_use;
	struct acl_file *f = find(h, a, p, from, false);

	if (f == NULL) {
		if (!conf_list_read(l, from))
			return NULL;
		count(COUNT_LISTS_READ);
		f = find(h, a, p, from, true);
	}
	if (f == NULL) {
		f = compile(l, a, p, from);
		publish(h, f);
		return f;
	}
	count(COUNT_LISTS_REUSED);
	conf_list_skip(l);
	report_again(f, p, from->path);
	p->icase = f->icase_after;
	return f;
}

bool acl_file_next(struct conf_line *l, struct acl *a, struct acl_parse *p)
{
	struct conf_list_file from;

	if (!a->type->kind->has_files || !conf_list_open(l, a->type->kind->words_are_regex, &from))
		return false;
	struct acl_file *f = take(l, a, p, &from);

	if (f != NULL)
		attach(a, f);
	return true;
}

/* --- an acl's files --------------------------------------------------------------------------- */

const struct acl *acl_file_values(const struct acl *a, size_t i)
{
	return &a->files[i]->values;
}

void acl_files_release(struct acl *a)
{
	for (size_t i = 0; i < a->n_files; i++)
		file_unref(&a->files[i]);
	free(a->files);
	a->files = NULL;
	a->n_files = 0;
}

size_t acl_count(const struct acl *a)
{
	size_t n = a->type->kind->count(a->data);

	for (size_t i = 0; i < a->n_files; i++)
		n += a->files[i]->n_values;
	return n;
}

enum acl_match acl_files_match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	const struct acl_kind *kind = a->type->kind;
	enum acl_match result = a->has_own ? kind->match(a, s, e) : ACL_NO;

	for (size_t i = 0; i < a->n_files && result != ACL_YES; i++) {
		const enum acl_match m = kind->match(&a->files[i]->values, s, e);

		/* What one of them cannot tell is undecided, unless another one matches. */
		result = m == ACL_NO ? result : m;
	}
	return result;
}

struct span acl_entry(const struct acl *a, const struct acl_subject *s, struct acl_eval *e,
                      struct arena *arena)
{
	const struct acl_kind *kind = a->type->kind;
	struct span entry = SPAN_NULL;

	if (kind->entry == NULL)
		return entry;
	entry = kind->entry(a, s, e, arena);
	for (size_t i = 0; i < a->n_files && entry.p == NULL; i++)
		entry = kind->entry(&a->files[i]->values, s, e, arena);
	return entry;
}
