/*
 * The reference, made from the rows that the program itself works by.
 */
#include "conf/manual.h"

#include "conf/index.h"

/* In the order of the manual. Groups that are not listed follow by their bare name. */
static const struct group {
	const char *name, *title;
} groups[] = {
	{ "syntax", "The language" },
	{ "network", "Ports and addresses" },
	{ "access", "Access" },
	{ "auth", "Users" },
	{ "ssl", "TLS" },
	{ "header", "Headers" },
	{ "http", "HTTP" },
	{ "rewrite", "Rewriting" },
	{ "adaptation", "Adaptation (ICAP)" },
	{ "timeout", "Time limits" },
	{ "dns", "Names" },
	{ "peer", "Parents and siblings" },
	{ "delay", "Bandwidth" },
	{ "cache-policy", "What is cached" },
	{ "cache-mem", "Cache in memory" },
	{ "cache-disk", "Cache on disk" },
	{ "log", "Logs" },
	{ "error", "Error pages" },
	{ "admin", "Administration" },
	{ "process", "The process" },
	{ "smp", "Several processes" },
	{ "ftp", "FTP" },
	{ "snmp", "SNMP" },
	{ "wccp", "WCCP" },
	{ "removed", "Gone from Squid" },
	{ "obsolete", "Obsolete" },
};

static void print_default(FILE *out, const char *def)
{
	for (; *def != '\0'; def++)
		fputs(*def == '\n' ? " ;; " : (char[]){ *def, '\0' }, out);
}

void conf_print_directives(FILE *out, const struct conf_directive *rows, size_t n)
{
	struct conf_index x;

	conf_index_init(&x, rows, n);
	for (size_t i = 0; i < x.n; i++) {
		const struct conf_index_entry *e = &x.entries[i];

		fprintf(out, "%.*s\t%s\t", SPAN_ARG(e->name), conf_state_text(e->row->state));
		print_default(out, e->row->def);
		fputc('\n', out);
	}
	conf_index_fini(&x);
}

void conf_print_roff(FILE *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", out);
	for (; *s != '\0'; s++)
		switch (*s) {
		case '\\':
			fputs("\\e", out);
			break;
		case '-':
			fputs("\\-", out);
			break;
		case '\n':
			fputs("\n.br\n", out);
			break;
		case '"':
			fputs("\\(dq", out);
			break;
		case '\'':
			fputs("\\(aq", out);
			break;
		case '^':
			fputs("\\(ha", out);
			break;
		case '~':
			fputs("\\(ti", out);
			break;
		default:
			fputc(*s, out);
		}
}

static const char *state_sentence(enum conf_state s)
{
	switch (s) {
	case CONF_WORKS:
		return NULL;
	case CONF_ACCEPTED:
		return "Accepted without effect.";
	case CONF_OBSOLETE:
		return "Obsolete, without effect.";
	case CONF_UNBUILT:
		return "Not built yet: an error.";
	case CONF_UNBUILT_HARMLESS:
		return "Not built yet: a warning, since what may pass does not depend on it.";
	case CONF_REFUSED:
		return "Refused: an error.";
	}
	UNREACHABLE("state of a directive");
}

static void print_default_entry(FILE *out, const struct conf_directive *d)
{
	if (d->def[0] != '\0') {
		fputs(".br\nDefault: ", out);
		conf_print_roff(out, d->def);
		fputc('\n', out);
	} else if (d->state == CONF_WORKS && strcmp(d->group, "syntax") != 0) {
		fputs(".br\nDefault: no such line.\n", out);
	}
}

static void print_entry(FILE *out, const struct conf_directive *d)
{
	const char *state = state_sentence(d->state);

	fputs(".TP\n.B ", out);
	conf_print_roff(out, d->name);
	if (d->syntax[0] != '\0') {
		fputs("\\fR ", out);
		conf_print_roff(out, d->syntax);
	}
	fputc('\n', out);
	if (state != NULL)
		fprintf(out, ".I %s\n", state);
	conf_print_roff(out, d->doc);
	fputc('\n', out);
	print_default_entry(out, d);
	if (d->aliases[0] != '\0') {
		fputs(".br\nAlso written: ", out);
		conf_print_roff(out, d->aliases);
		fputc('\n', out);
	}
}

/* Of the directives that work, or of the others. */
static void print_group(FILE *out, const struct conf_index *x, bool works, const char *name,
                        const char *title)
{
	bool has_title = false;

	for (size_t i = 0; i < x->n; i++) {
		const struct conf_index_entry *e = &x->entries[i];

		if (e->is_alias || (e->row->state == CONF_WORKS) != works ||
		    strcmp(e->row->group, name) != 0)
			continue;
		if (!has_title)
			fprintf(out, ".SS %s\n", title);
		has_title = true;
		print_entry(out, e->row);
	}
}

static bool is_listed(const char *group)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i].name, group) == 0)
			return true;
	return false;
}

/* Whether an entry before this one is of the same group, whose title is then printed already. */
static bool is_group_known(const struct conf_index *x, size_t i)
{
	const char *group = x->entries[i].row->group;

	for (size_t j = 0; j < i; j++)
		if (!x->entries[j].is_alias && strcmp(x->entries[j].row->group, group) == 0)
			return true;
	return is_listed(group);
}

static void print_groups(FILE *out, const struct conf_index *x, bool works)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		print_group(out, x, works, groups[i].name, groups[i].title);
	for (size_t i = 0; i < x->n; i++)
		if (!x->entries[i].is_alias && !is_group_known(x, i))
			print_group(out, x, works, x->entries[i].row->group,
			            x->entries[i].row->group);
}

void conf_print_manual(FILE *out, const struct conf_directive *rows, size_t n)
{
	struct conf_index x;

	conf_index_init(&x, rows, n);
	fputs(".SH DIRECTIVES THAT WORK\n", out);
	print_groups(out, &x, true);
	fputs(".SH OTHER DIRECTIVES OF SQUID\n", out);
	print_groups(out, &x, false);
	conf_index_fini(&x);
}
