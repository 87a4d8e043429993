/*
 * Values that are words of a list that Squid knows: hierarchy codes, initiators of transactions,
 * names of errors, parts of a transaction. A bit each.
 */
#include "acl/type.h"

struct choices {
	uint64_t bits;
	size_t n;
};

struct vocabulary {
	const char *const *words;
	size_t n;
	const char *what;
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct choices));
}

static size_t count_values(const void *data)
{
	return ((const struct choices *)data)->n;
}

static struct span print_text(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

/* The word's bit; 0 if it is not in the list. */
static uint64_t bit_of(const struct vocabulary *v, struct span word)
{
	for (size_t i = 0; i < v->n; i++)
		if (span_eq(word, span_str(v->words[i])))
			return 1ULL << i;
	return 0;
}

static void parse_word(struct acl *a, struct acl_parse *p, struct span value,
                       const struct vocabulary *v)
{
	struct choices *c = a->data;
	const uint64_t bit = bit_of(v, value);

	if (bit == 0) {
		const char *near = conf_nearest(value, v->words, v->n);

		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" is no %s%s%s%s; accepted are %s",
		           a->name, SPAN_ARG(value), v->what, near != NULL ? "; did you mean " : "",
		           near != NULL ? near : "", near != NULL ? "?" : "", a->type->values);
		return;
	}
	c->bits |= bit;
	c->n++;
}

static enum acl_match match_word(const struct acl *a, const struct acl_subject *s,
                                 const struct vocabulary *v)
{
	return (((const struct choices *)a->data)->bits & bit_of(v, s->text)) != 0 ? ACL_YES
	                                                                           : ACL_NO;
}

/* A kind whose subject is one of the words. */
#define WORDS_KIND(name, vocabulary)                                                               \
	static void parse_##name(struct acl *a, struct acl_parse *p, struct span value)            \
	{                                                                                          \
		parse_word(a, p, value, &(vocabulary));                                            \
	}                                                                                          \
                                                                                                   \
	static enum acl_match match_##name(const struct acl *a, const struct acl_subject *s,       \
	                                   struct acl_eval *e)                                     \
	{                                                                                          \
		(void)e;                                                                           \
		return match_word(a, s, &(vocabulary));                                            \
	}                                                                                          \
                                                                                                   \
	const struct acl_kind acl_kind_##name = {                                                  \
		.make = make,                                                                      \
		.free = free,                                                                      \
		.parse = parse_##name,                                                             \
		.count = count_values,                                                             \
		.match = match_##name,                                                             \
		.print = print_text,                                                               \
	};

/* --- hierarchy codes -------------------------------------------------------------------------- */

static const char *const hier_words[] = {
#define HIER(sym) #sym,
#include "base/hier.tbl.h"
#undef HIER
};

static const struct vocabulary hiers = { hier_words, ARRAY_LEN(hier_words), "hierarchy code" };

_Static_assert(ARRAY_LEN(hier_words) <= 64, "a bit each");
WORDS_KIND(hiers, hiers)

/* --- errors ----------------------------------------------------------------------------------- */

/* Squid's names, also of errors that do not happen here. */
static const char *const error_words[] = {
	"ERR_NONE",
	"ERR_READ_TIMEOUT",
	"ERR_LIFETIME_EXP",
	"ERR_READ_ERROR",
	"ERR_WRITE_ERROR",
	"ERR_CONNECT_FAIL",
	"ERR_SECURE_CONNECT_FAIL",
	"ERR_SOCKET_FAILURE",
	"ERR_DNS_FAIL",
	"ERR_URN_RESOLVE",
	"ERR_ONLY_IF_CACHED_MISS",
	"ERR_TOO_BIG",
	"ERR_INVALID_RESP",
	"ERR_UNSUP_HTTPVERSION",
	"ERR_INVALID_REQ",
	"ERR_UNSUP_REQ",
	"ERR_INVALID_URL",
	"ERR_ZERO_SIZE_OBJECT",
	"ERR_PRECONDITION_FAILED",
	"ERR_CONFLICT_HOST",
	"ERR_FTP_DISABLED",
	"ERR_FTP_UNAVAILABLE",
	"ERR_FTP_FAILURE",
	"ERR_FTP_PUT_ERROR",
	"ERR_FTP_NOT_FOUND",
	"ERR_FTP_FORBIDDEN",
	"ERR_FTP_PUT_CREATED",
	"ERR_FTP_PUT_MODIFIED",
	"ERR_ESI",
	"ERR_ICAP_FAILURE",
	"ERR_GATEWAY_FAILURE",
	"ERR_DIR_LISTING",
	"ERR_SQUID_SIGNATURE",
	"ERR_SHUTTING_DOWN",
	"ERR_PROTOCOL_UNKNOWN",
	"ERR_REQUEST_START_TIMEOUT",
	"ERR_REQUEST_PARSE_TIMEOUT",
	"ERR_RELAY_REMOTE",
	"ERR_ACCESS_DENIED",
	"ERR_CACHE_ACCESS_DENIED",
	"ERR_CACHE_MGR_ACCESS_DENIED",
	"ERR_FORWARDING_DENIED",
	"ERR_CANNOT_FORWARD",
	"ERR_NO_RELAY",
	"ERR_AGENT_CONFIGURE",
	"ERR_AGENT_WPAD",
	"ERR_CLIENT_GONE",
	"ERR_UNSUP_REQ_METHOD",
	"MGR_INDEX",
	"TCP_RESET",
};

static const struct vocabulary errors = { error_words, ARRAY_LEN(error_words), "error" };

_Static_assert(ARRAY_LEN(error_words) <= 64, "a bit each");
WORDS_KIND(errors, errors)

/* --- initiators ------------------------------------------------------------------------------- */

#define CLIENT   0
#define INTERNAL 1
#define ALL      2

/* Squid's, of all versions. */
static const char *const initiator_words[] = {
	[CLIENT] = "client",
	[INTERNAL] = "internal",
	[ALL] = "all",
	"peer-pool",
	"certificate-fetching",
	"cache-digest",
	"server",
	"htcp",
	"icp",
	"icmp",
	"ipc",
	"adaptation",
	"icon",
	"peer-mcast",
	"esi",
	"asn",
};

static const struct vocabulary initiators = { initiator_words, ARRAY_LEN(initiator_words),
	                                      "initiator" };

static void parse_initiator(struct acl *a, struct acl_parse *p, struct span value)
{
	parse_word(a, p, value, &initiators);
}

static enum acl_match match_initiator(const struct acl *a, const struct acl_subject *s,
                                      struct acl_eval *e)
{
	const uint64_t wanted = ((const struct choices *)a->data)->bits;
	const uint64_t is = bit_of(&initiators, s->text);

	(void)e;
	if ((wanted & 1u << ALL) != 0 || (wanted & is) != 0)
		return ACL_YES;
	return (wanted & 1u << INTERNAL) != 0 && is != 1u << CLIENT ? ACL_YES : ACL_NO;
}

const struct acl_kind acl_kind_initiators = {
	.make = make,
	.free = free,
	.parse = parse_initiator,
	.count = count_values,
	.match = match_initiator,
	.print = print_text,
};

/* --- parts of a transaction ------------------------------------------------------------------- */

static const char *const part_words[] = {
	[PART_REQUEST] = "request",
	[PART_RESPONSE] = "response",
	[PART_ALE] = "ALE",
};

static const struct vocabulary parts = { part_words, ARRAY_LEN(part_words), "part" };

static void parse_part(struct acl *a, struct acl_parse *p, struct span value)
{
	if (p->starts_line)
		parse_word(a, p, value, &parts);
	else
		acl_report(p, a, CONF_ERROR,
		           "acl %s: \"%.*s\": only one part stands on a line; lines of one name are"
		           " alternatives",
		           a->name, SPAN_ARG(value));
}

static enum acl_match match_part(const struct acl *a, const struct acl_subject *s,
                                 struct acl_eval *e)
{
	(void)e;
	return (((const struct choices *)a->data)->bits & s->number) != 0 ? ACL_YES : ACL_NO;
}

static struct span print_parts(const struct acl_subject *s, struct arena *a)
{
	return arena_printf(a, "%s%sALE", (s->number & 1u << PART_REQUEST) != 0 ? "request " : "",
	                    (s->number & 1u << PART_RESPONSE) != 0 ? "response " : "");
}

const struct acl_kind acl_kind_parts = {
	.make = make,
	.free = free,
	.parse = parse_part,
	.count = count_values,
	.match = match_part,
	.print = print_parts,
};
