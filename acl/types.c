/*
 * The table of acl types (types.tbl.h), and what is told from it.
 */
#include "acl/type.h"

#include "conf/manual.h"
#include "conf/suggest.h"

/* What facts each type asks for, and what it does where there are none. */
#define READS(f)       { { FACT_##f, LACK_MISMATCH, LACK_MISMATCH } }, 1
#define READS_NOTHING  { { 0 } }, 0
#define READS_MARK     { { FACT_MARK, LACK_ZERO, LACK_UNDECIDED } }, 1
#define READS_SRC_NAME { { FACT_SRC_NAME, LACK_NONE_NAME, LACK_NONE_NAME } }, 1
#define READS_DST                                                                                  \
	{ { FACT_REQUEST, LACK_MISMATCH, LACK_MISMATCH },                                          \
	  { FACT_DST_ADDRS, LACK_NO_ADDRESS, LACK_NO_ADDRESS } },                                  \
		2
#define READS_DST_NAME                                                                             \
	{ { FACT_REQUEST, LACK_MISMATCH, LACK_MISMATCH },                                          \
	  { FACT_DST_NAME, LACK_NONE_NAME, LACK_NONE_NAME } },                                     \
		2

#define NEEDS_USERS  "it needs users, whom Cuttle does not authenticate yet"
#define NEEDS_TLS    "it needs TLS interception, which Cuttle does not have yet"
#define NEEDS_HELPER "it needs helper programs, which Cuttle does not have yet"
#define NEEDS_ICAP   "it needs adaptation services, which Cuttle does not have yet"
#define NEEDS_ARP    "it needs the hardware addresses of clients, which Cuttle does not look up"
#define DROPPED      "Squid has dropped it"

static const struct acl_type types[] = {
#define TYPE(name_, kind_, subject_, flags_, reads_, values_, field_, doc_)                        \
	{ name_,  &acl_kind_##kind_, subject_,          flags_,                                    \
	  reads_, values_,           .field = (field_), .doc = (doc_) },
#define OLD_NAME(name_, new_) { .name = (name_), .new_name = (new_) },
#define UNBUILT(name_, what_) { .name = (name_), .note = (what_) },
#include "acl/types.tbl.h"
#undef TYPE
#undef OLD_NAME
#undef UNBUILT
};

const struct acl_type acl_type_broken = {
	.name = "(broken)", .kind = &acl_kind_broken, .subject = acl_subject_nothing, .values = ""
};

const struct acl_type *acl_type_at(size_t i)
{
	return i < ARRAY_LEN(types) ? &types[i] : NULL;
}

const struct acl_type *acl_type_of(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq(name, span_str(types[i].name)))
			return &types[i];
	return NULL;
}

const char *acl_type_suggest(struct span name)
{
	const char *best = NULL;
	unsigned least = conf_distance_limit(name) + 1;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const unsigned d = conf_distance(name, span_str(types[i].name), least);

		if (d < least) {
			least = d;
			best = types[i].name;
		}
	}
	return best;
}

bool fact_may_wait(enum fact f)
{
	switch (f) {
	case FACT_DST_ADDRS:
	case FACT_SRC_NAME:
	case FACT_DST_NAME:
	case FACT_USER:
		return true;
	case FACT_SRC:
	case FACT_LOCAL:
	case FACT_PORT_NAME:
	case FACT_CLOCK:
	case FACT_REQUEST:
	case FACT_REPLY:
	case FACT_NOTES:
	case FACT_DRAW:
	case FACT_CONNECTIONS:
	case FACT_PEER:
	case FACT_HIER:
	case FACT_INITIATOR:
	case FACT_MARK:
	case FACT_ERROR:
		return false;
	case FACT_N:
		break;
	}
	UNREACHABLE("fact");
}

struct span acl_field_of(const struct acl *a)
{
	if (a->field != NULL)
		return span_str(a->field);
	return a->type->field != NULL ? span_str(a->type->field) : SPAN("");
}

unsigned acl_reads_itself(const struct acl *a)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < a->type->n_reads; i++)
		if (i == 0 || !a->no_lookup)
			bits |= 1u << a->type->reads[i].fact;
	return bits;
}

/* --- the manual ------------------------------------------------------------------------------- */

static void print_type(FILE *out, const struct acl_type *t)
{
	static const struct {
		unsigned flag;
		const char *text;
	} flags[] = {
		{ TYPE_TAKES_N, " [-n]" },
		{ TYPE_TAKES_I, " [-i]" },
		{ TYPE_TAKES_M, " [-m[=BYTES]]" },
	};

	fputs(".TP\n.B ", out);
	conf_print_roff(out, t->name);
	fputs("\\fR", out);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((t->flags & flags[i].flag) != 0)
			conf_print_roff(out, flags[i].text);
	fputc('\n', out);
	conf_print_roff(out, t->doc);
	if ((t->flags & TYPE_TAKES_NOTHING) == 0) {
		fputs("\n.br\nValues: ", out);
		conf_print_roff(out, t->values);
		fputc('.', out);
	}
	fputc('\n', out);
}

void acl_print_manual(FILE *out)
{
	fputs(".SH TYPES OF ACLS\n"
	      "Where nothing is there to compare (no User-Agent, no reply yet), an acl does not "
	      "match,\n"
	      "so that its negation does; but an acl whose subject cannot exist where a list is "
	      "asked\n"
	      "is found when the file is read.\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].kind != NULL)
			print_type(out, &types[i]);
	fputs(".PP\nOld names:", out);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].new_name != NULL)
			fprintf(out, " %s (%s)", types[i].name, types[i].new_name);
	fputs(".\nKnown to Squid and an error here:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].note != NULL)
			fprintf(out, "%s%s", types[i].name,
			        i + 1 < ARRAY_LEN(types) ? ",\n" : ".\n");
}
