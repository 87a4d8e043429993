/*
 * The named acls of one configuration.
 */
#include "acl/type.h"
#include "base/hash.h"
#include "conf/suggest.h"

struct acl_set *acl_set_new(void)
{
	struct acl_set *s;

	OBJ_NEW(s, ACL_SET_MAGIC);
	table_init(&s->by_name);
	list_init(&s->rules);
	return s;
}

void acl_set_free(struct acl_set **sp)
{
	struct acl_set *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	CHECK_OBJ(s, ACL_SET_MAGIC);
	for (size_t i = 0; i < s->n_slots; i++)
		acl_tally_give(s->tally, s->slots[i]);
	free(s->slots);
	for (struct list *l; (l = list_first(&s->rules)) != NULL;) {
		CONTAINER_OF(l, struct acl_rules, in_set)->set = NULL;
		list_remove(l);
	}
	for (size_t i = 0; i < s->n; i++) {
		acl_files_release(s->acls[i]);
		acl_hosts_release(s->acls[i]);
		s->acls[i]->type->kind->free(s->acls[i]->data);
		free(s->acls[i]->field);
		free(s->acls[i]->name);
		free(s->acls[i]->separators);
		free(s->acls[i]);
	}
	for (size_t i = 0; i < s->n_files; i++)
		free(s->files[i]);
	free(s->acls);
	free(s->files);
	table_fini(&s->by_name);
	OBJ_FREE(s, ACL_SET_MAGIC);
}

struct acl *acl_set_find(const struct acl_set *s, struct span name)
{
	const uint64_t hash = hash_bytes(name);

	for (struct table_node *n = table_first(&s->by_name, hash); n != NULL;
	     n = table_next(n, hash)) {
		struct acl *a = CONTAINER_OF(n, struct acl, node);

		if (span_eq(name, span_str(a->name)))
			return a;
	}
	return NULL;
}

struct acl *acl_set_add(struct acl_set *s, struct span name, const struct acl_type *t,
                        struct conf_place place)
{
	struct acl *a = check_calloc(1, sizeof(*a));

	a->name = span_strdup(name);
	a->type = t;
	a->place = acl_set_place(s, place);
	a->data = t->kind->make();
	table_insert(&s->by_name, &a->node, hash_bytes(name));
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 16;
		s->acls = check_realloc(s->acls, s->cap * sizeof(struct acl *));
	}
	s->acls[s->n++] = a;
	return a;
}

struct conf_place acl_set_place(struct acl_set *s, struct conf_place at)
{
	/* The file of the last line is the likely one. */
	for (size_t i = s->n_files; i-- > 0;)
		if (strcmp(s->files[i], at.file) == 0)
			return (struct conf_place){ s->files[i], at.line };
	s->files = check_realloc(s->files, (s->n_files + 1) * sizeof(char *));
	s->files[s->n_files] = check_strdup(at.file);
	return (struct conf_place){ s->files[s->n_files++], at.line };
}

const char *acl_set_suggest(const struct acl_set *s, struct span name)
{
	const char *best = NULL;
	unsigned least = conf_distance_limit(name) + 1;

	for (size_t i = 0; i < s->n; i++) {
		const unsigned d = conf_distance(name, span_str(s->acls[i]->name), least);

		if (d < least) {
			least = d;
			best = s->acls[i]->name;
		}
	}
	return best;
}
