/*
 * The subjects that acls look at. A subject function is asked for the 0th, 1st, ... thing to
 * compare until it says that this was the last or that there are no more. What it does where a
 * fact is absent or failed stands in the type's row (types.tbl.h), not in the function.
 */
#include "acl/type.h"

#include "http/uri.h"

static const char *fact_failure(enum fact f)
{
	return f == FACT_MARK ? "the netfilter mark of the client connection cannot be read"
	                      : "something could not be found out";
}

/* The type's i-th fact is in this state, which is not a value. */
static __attribute__((noinline)) enum acl_got lack(const struct acl *a, struct acl_eval *e,
                                                   unsigned i, struct acl_subject *s,
                                                   enum fact_state state)
{
	const struct acl_read *r = &a->type->reads[i];

	if (state == FACT_UNKNOWN) {
		e->need = r->fact;
		return GOT_NEED;
	}
	switch (state == FACT_ABSENT ? r->absent : r->failed) {
	case LACK_MISMATCH:
		return GOT_END;
	case LACK_NONE_NAME:
		s->text = SPAN("none");
		return GOT_LAST;
	case LACK_NO_ADDRESS:
		memset(s->ip.b, 0xff, sizeof(s->ip.b));
		return GOT_LAST;
	case LACK_ZERO:
		s->number = 0;
		return GOT_LAST;
	case LACK_UNDECIDED:
		e->detail = fact_failure(r->fact);
		return GOT_UNDECIDED;
	}
	UNREACHABLE("acl_lack");
}

/*
 * True if the type's i-th fact is no value. Then *got is what the subject function returns: that
 * the fact is needed, or what the row says instead of it.
 */
static inline bool is_lacking(const struct acl *a, struct acl_eval *e, unsigned i,
                              struct acl_subject *s, enum acl_got *got)
{
	const enum fact_state state = (enum fact_state)e->f->state[a->type->reads[i].fact];

	if (likely(state == FACT_VALUE))
		return false;
	*got = lack(a, e, i, s, state);
	return true;
}

/* The same for the request, which without a URI is of no use. */
static bool is_lacking_uri(const struct acl *a, struct acl_eval *e, struct acl_subject *s,
                           enum acl_got *got)
{
	if (is_lacking(a, e, 0, s, got))
		return true;
	*got = GOT_END;
	return e->f->uri == NULL;
}

#define SUBJECT(name)                                                                              \
	enum acl_got acl_##name(const struct acl *a, struct acl_eval *e, UNUSED unsigned i,        \
	                        struct acl_subject *s)

SUBJECT(subject_src)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->ip = e->f->src.ip;
	return GOT_LAST;
}

SUBJECT(subject_local)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->ip = e->f->local.ip;
	s->number = e->f->local.port;
	return GOT_LAST;
}

/* The URL's address if it is one; else all that its name resolves to. */
SUBJECT(subject_dst)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	if (e->f->uri->host_is_ip) {
		s->ip = e->f->uri->ip;
		return GOT_LAST;
	}
	if (a->no_lookup)
		return GOT_END;
	if (is_lacking(a, e, 1, s, &got))
		return got;
	if (i >= e->f->n_dst)
		return GOT_END;
	s->ip = e->f->dst[i];
	return GOT_VALUE;
}

/* The URL's host as it is; if that is an address, then also its name. */
SUBJECT(subject_dst_name)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	if (i == 0) {
		s->text = e->f->uri->host;
		return e->f->uri->host_is_ip && !a->no_lookup ? GOT_VALUE : GOT_LAST;
	}
	if (is_lacking(a, e, 1, s, &got))
		return got;
	s->text = e->f->dst_name;
	return GOT_LAST;
}

SUBJECT(subject_src_name)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = e->f->src_name;
	return GOT_LAST;
}

SUBJECT(subject_port)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	s->number = e->f->uri->port;
	return GOT_LAST;
}

SUBJECT(subject_port_name)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = e->f->port_name;
	return GOT_LAST;
}

SUBJECT(subject_scheme)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	s->text = e->f->uri->scheme_text;
	return s->text.n != 0 ? GOT_LAST : GOT_END; /* CONNECT has none */
}

SUBJECT(subject_method)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->method = e->f->method;
	s->text = e->f->method_name;
	return GOT_LAST;
}

SUBJECT(subject_url)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->text = acl_eval_url(e);
	return s->text.n != 0 ? GOT_LAST : GOT_END;
}

SUBJECT(subject_url_path)
{
	enum acl_got got;

	if (is_lacking_uri(a, e, s, &got))
		return got;
	/* A CONNECT has no path: nothing matches, as in Squid. */
	if (e->f->uri->scheme == URI_NONE || e->f->uri->path.n == 0)
		return GOT_END;
	s->text = e->f->uri->path;
	if (memchr(s->text.p, '%', s->text.n) != NULL)
		s->text = uri_decode(s->text, acl_eval_arena(e));
	return GOT_LAST;
}

/* All fields of a known name as one text, which no second field can escape. */
static enum acl_got field_value(const struct http_head *h, enum http_field_id id,
                                struct acl_subject *s)
{
	const struct http_field *first = h != NULL ? http_head_get(h, id) : NULL;

	if (first == NULL)
		return GOT_END;
	s->text = first->value;
	for (const struct http_field *f = first + 1; f < h->fields + h->n_fields; f++) {
		if (f->id != id)
			continue;
		s->text = http_head_joined(h, id);
		break;
	}
	return GOT_LAST;
}

#define FIELD_SUBJECT(name, which, id)                                                             \
	SUBJECT(name)                                                                              \
	{                                                                                          \
		enum acl_got got;                                                                  \
                                                                                                   \
		if (is_lacking(a, e, 0, s, &got))                                                  \
			return got;                                                                \
		return field_value(e->f->which, id, s);                                            \
	}

FIELD_SUBJECT(subject_browser, request, HTTP_F_USER_AGENT)
FIELD_SUBJECT(subject_referer, request, HTTP_F_REFERER)

/*
 * A message without Content-Type has an empty one for these types, as in Squid, but for no others.
 */
static enum acl_got mime_type(const struct http_head *h, struct acl_subject *s)
{
	if (h == NULL)
		return GOT_END;
	if (field_value(h, HTTP_F_CONTENT_TYPE, s) == GOT_END)
		s->text = SPAN("");
	return GOT_LAST;
}

SUBJECT(subject_request_mime)
{
	enum acl_got got;

	return is_lacking(a, e, 0, s, &got) ? got : mime_type(e->f->request, s);
}

SUBJECT(subject_reply_mime)
{
	enum acl_got got;

	return is_lacking(a, e, 0, s, &got) ? got : mime_type(e->f->reply, s);
}

/* The fields of the name that the acl gives. */
static enum acl_got named_field(const struct acl *a, const struct http_head *h, struct acl_eval *e,
                                struct acl_subject *s)
{
	if (h == NULL)
		return GOT_END;
	s->text = acl_header_value(a, h, e);
	return s->text.p != NULL ? GOT_LAST : GOT_END;
}

SUBJECT(subject_request_header)
{
	enum acl_got got;

	return is_lacking(a, e, 0, s, &got) ? got : named_field(a, e->f->request, e, s);
}

SUBJECT(subject_reply_header)
{
	enum acl_got got;

	return is_lacking(a, e, 0, s, &got) ? got : named_field(a, e->f->reply, e, s);
}

SUBJECT(subject_status)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	if (e->f->reply == NULL)
		return GOT_END;
	s->number = e->f->reply->status;
	return GOT_LAST;
}

#define TEXT_SUBJECT(name, member)                                                                 \
	SUBJECT(name)                                                                              \
	{                                                                                          \
		enum acl_got got;                                                                  \
                                                                                                   \
		if (is_lacking(a, e, 0, s, &got))                                                  \
			return got;                                                                \
		s->text = e->f->member;                                                            \
		return GOT_LAST;                                                                   \
	}

TEXT_SUBJECT(subject_peer, peer)
TEXT_SUBJECT(subject_hier, hier_code)
TEXT_SUBJECT(subject_initiator, initiator)
TEXT_SUBJECT(subject_error, error)

SUBJECT(subject_connections)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->number = e->f->connections;
	return GOT_LAST;
}

SUBJECT(subject_mark)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->number = e->f->mark;
	return GOT_LAST;
}

/* The transaction's draw; the kind makes of it a number of the acl's own. */
SUBJECT(subject_draw)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->draw = e->f->draw;
	return GOT_LAST;
}

/* Each annotation of the name that the acl gives, with what this decision has added. */
SUBJECT(subject_note)
{
	const struct notes *notes;
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	notes = e->has_notes ? &e->notes : e->f->notes;
	for (const struct note *n = notes != NULL ? notes->first : NULL; n != NULL; n = n->next) {
		if (!acl_note_is_named(a, n->name) || i-- != 0)
			continue;
		s->text = n->value;
		return GOT_VALUE;
	}
	return GOT_END;
}

/* What is there: bits of enum acl_part. Nothing is needed that is not there yet. */
SUBJECT(subject_parts)
{
	(void)a;
	s->number = 1u << PART_ALE;
	if (e->f->state[FACT_REQUEST] == FACT_VALUE)
		s->number |= 1u << PART_REQUEST;
	if (e->f->state[FACT_REPLY] == FACT_VALUE)
		s->number |= 1u << PART_RESPONSE;
	return GOT_LAST;
}

SUBJECT(subject_encrypted)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	return e->f->is_client_encrypted ? GOT_LAST : GOT_END;
}

/* For what never matches. */
SUBJECT(subject_none)
{
	(void)a;
	(void)e;
	(void)s;
	return GOT_END;
}

SUBJECT(subject_clock)
{
	enum acl_got got;

	if (is_lacking(a, e, 0, s, &got))
		return got;
	s->weekday = e->f->weekday % 7;
	s->number = e->f->minute;
	return GOT_LAST;
}

SUBJECT(subject_nothing)
{
	(void)a;
	(void)e;
	(void)s;
	return GOT_LAST;
}
