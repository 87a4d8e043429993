/*
 * Local addresses, type of service and marks.
 */
#include "peer/outgoing.h"

static void list_fini(struct outgoing_list *l)
{
	while (l->lines != NULL) {
		struct outgoing_line *o = l->lines;

		l->lines = o->next;
		acl_rules_free(&o->acls);
		free(o);
	}
}

void outgoing_conf_fini(struct outgoing_conf *c)
{
	for (unsigned i = 0; i < OUTGOING_KIND_N; i++)
		list_fini(&c->lists[i]);
}

/* --- choosing --------------------------------------------------------------------------------- */

static const struct outgoing_line *first(const struct outgoing_list *l, outgoing_match_fn *matches,
                                         void *arg)
{
	for (const struct outgoing_line *o = l->lines; o != NULL; o = o->next)
		if (matches(arg, o->acls))
			return o->is_default ? NULL : o;
	return NULL;
}

/* The first line of each family: a line is for servers of its own family only. */
static void choose_addresses(const struct outgoing_list *l, outgoing_match_fn *matches, void *arg,
                             struct outgoing *out)
{
	for (const struct outgoing_line *o = l->lines; o != NULL; o = o->next) {
		const bool v4 = ip_is_v4(&o->ip);

		if ((v4 ? out->has_from4 : out->has_from6) || !matches(arg, o->acls))
			continue;
		if (v4) {
			out->has_from4 = true;
			out->from4.ip = o->ip;
		} else {
			out->has_from6 = true;
			out->from6.ip = o->ip;
		}
		if (out->has_from4 && out->has_from6)
			return;
	}
}

static bool choose_marks(const struct outgoing_list *tos, const struct outgoing_list *mark,
                         outgoing_match_fn *matches, void *arg, struct sock_marks *out)
{
	const struct outgoing_line *o = first(tos, matches, arg);

	*out = (struct sock_marks){ 0 };
	if (o != NULL) {
		out->has_tos = true;
		out->tos = (uint8_t)o->value;
	}
	o = first(mark, matches, arg);
	if (o != NULL) {
		out->has_mark = true;
		out->mark = o->value;
	}
	return out->has_tos || out->has_mark;
}

void outgoing_choose(const struct outgoing_conf *c, outgoing_match_fn *matches, void *arg,
                     struct outgoing *out)
{
	*out = (struct outgoing){ 0 };
	choose_addresses(&c->lists[OUTGOING_ADDRESS], matches, arg, out);
	(void)choose_marks(&c->lists[OUTGOING_TOS], &c->lists[OUTGOING_MARK], matches, arg,
	                   &out->marks);
}

bool outgoing_choose_client(const struct outgoing_conf *c, outgoing_match_fn *matches, void *arg,
                            struct sock_marks *out)
{
	return choose_marks(&c->lists[OUTGOING_CLIENT_TOS], &c->lists[OUTGOING_CLIENT_MARK],
	                    matches, arg, out);
}

const struct outgoing_line *outgoing_choose_connmark(const struct outgoing_conf *c,
                                                     outgoing_match_fn *matches, void *arg)
{
	return first(&c->lists[OUTGOING_CONNMARK], matches, arg);
}

bool outgoing_conf_marks(const struct outgoing_conf *c)
{
	return c->lists[OUTGOING_MARK].lines != NULL || c->lists[OUTGOING_CONNMARK].lines != NULL ||
	       c->lists[OUTGOING_CLIENT_MARK].lines != NULL;
}

static char *put(char *at, char tag, const void *bytes, size_t n)
{
	*at++ = tag;
	memcpy(at, bytes, n);
	return at + n;
}

char *outgoing_print_key(char *at, const struct outgoing *o)
{
	if (o->has_from4)
		at = put(at, '4', o->from4.ip.b + 12, 4);
	if (o->has_from6)
		at = put(at, '6', o->from6.ip.b, 16);
	if (o->marks.has_tos)
		at = put(at, 't', &o->marks.tos, sizeof(o->marks.tos));
	if (o->marks.has_mark)
		at = put(at, 'm', &o->marks.mark, sizeof(o->marks.mark));
	return at;
}

/* --- configuration ---------------------------------------------------------------------------- */

static void add(struct conf_line *l, struct outgoing_list *list, struct outgoing_line o)
{
	struct outgoing_line **at = &list->lines;

	o.acls = acl_conf_terms(l);
	if (o.acls == NULL)
		return;
	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	**at = o;
}

void outgoing_set_address(struct conf_line *l, void *field)
{
	struct outgoing_line o = { 0 };
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	if (!ip_parse(word, &o.ip) || ip_is_any(&o.ip)) {
		conf_error(l, "\"%.*s\" is no address of this machine: use an IPv4 or IPv6 address",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, "looks names up, and does not start if there is none");
		(void)conf_rest(l);
		return;
	}
	add(l, field, o);
}

/* A number or "default". False: reported. */
static bool take_value(struct conf_line *l, int64_t max, struct outgoing_line *o)
{
	struct span word;
	int64_t v;

	if (!conf_need_word(l, &word))
		return false;
	o->is_default = span_eq(word, SPAN("default"));
	if (o->is_default)
		return true;
	if (!conf_parse_int(word, &v) || v < 0 || v > max) {
		conf_error_both(l, "\"%.*s\" is no number from 0 to %#llx, nor \"default\"",
		                SPAN_ARG(word), (unsigned long long)max);
		(void)conf_rest(l);
		return false;
	}
	o->value = (uint32_t)v;
	return true;
}

void outgoing_set_tos(struct conf_line *l, void *field)
{
	struct outgoing_line o = { 0 };

	if (!take_value(l, UINT8_MAX, &o))
		return;
	/* RFC 3168 23.1: the kernel's business. Squid masks them, too. */
	if ((o.value & 3) != 0)
		conf_warning(l, "the lowest two bits of %#x belong to ECN: %#x is set", o.value,
		             o.value & 0xfc);
	if ((o.value & 3) != 0)
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	o.value &= 0xfc;
	add(l, field, o);
}

void outgoing_set_mark(struct conf_line *l, void *field)
{
	struct outgoing_line o = { 0 };

	if (take_value(l, UINT32_MAX, &o))
		add(l, field, o);
}

/* "0x5", "0x5/0xff" */
void outgoing_set_connmark(struct conf_line *l, void *field)
{
	struct outgoing_line o = { .mask = UINT32_MAX };
	int64_t mark, mask = UINT32_MAX;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	struct span rest = word;
	const struct span before = span_cut(&rest, '/');

	if (!conf_parse_int(before, &mark) || mark < 0 || mark > UINT32_MAX ||
	    (rest.p != NULL && (!conf_parse_int(rest, &mask) || mask < 0 || mask > UINT32_MAX))) {
		conf_error_both(l, "\"%.*s\" is no mark: use MARK or MARK/MASK, up to 0xffffffff",
		                SPAN_ARG(word));
		(void)conf_rest(l);
		return;
	}
	o.value = (uint32_t)mark;
	o.mask = (uint32_t)mask;
	add(l, field, o);
}
