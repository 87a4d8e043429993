/*
 * What counts as a secret: by directive (which word), and in every line key=value pairs whose key
 * says so and the user part of URLs. In doubt it is masked.
 */
#include "conf/mask.h"

#define MASK "***"

enum rule {
	RULE_GENERIC,
	RULE_FIRST_WORD, /* is the password, but for words that are none */
	RULE_PROGRAM,    /* NAME PATH ARGS: the arguments */
	RULE_AUTH,       /* NAME SCHEME program PATH ARGS */
	RULE_EXTERNAL,   /* NAME NAME OPTIONS %FORMAT... PROGRAM ARGS */
	RULE_HEADER,     /* NAME HEADER VALUE: the value, if the header's name says so */
	RULE_ACL         /* NAME NAME TYPE VALUES: those of snmp_community */
};

static const struct {
	struct span name;
	enum rule rule;
} rules[] = {
	{ SPAN("acl"), RULE_ACL },
	{ SPAN("adaptation_meta"), RULE_HEADER },
	{ SPAN("auth_param"), RULE_AUTH },
	{ SPAN("cachemgr_passwd"), RULE_FIRST_WORD },
	{ SPAN("external_acl_type"), RULE_EXTERNAL },
	{ SPAN("ftp_user"), RULE_FIRST_WORD },
	{ SPAN("header_replace"), RULE_HEADER },
	{ SPAN("logfile_daemon"), RULE_PROGRAM },
	{ SPAN("mail_program"), RULE_PROGRAM },
	{ SPAN("mcast_miss_encode_key"), RULE_FIRST_WORD },
	{ SPAN("note"), RULE_HEADER },
	{ SPAN("redirect_program"), RULE_PROGRAM },
	{ SPAN("reply_header_add"), RULE_HEADER },
	{ SPAN("reply_header_replace"), RULE_HEADER },
	{ SPAN("request_header_add"), RULE_HEADER },
	{ SPAN("request_header_replace"), RULE_HEADER },
	{ SPAN("sslcrtd_program"), RULE_PROGRAM },
	{ SPAN("sslcrtvalidator_program"), RULE_PROGRAM },
	{ SPAN("sslpassword_program"), RULE_PROGRAM },
	{ SPAN("store_id_program"), RULE_PROGRAM },
	{ SPAN("storeurl_rewrite_program"), RULE_PROGRAM },
	{ SPAN("url_rewrite_program"), RULE_PROGRAM },
};

struct masker {
	char *text; /* on the heap */
	size_t n, room;
	enum rule rule;
	unsigned index; /* of the word in the line; 0: the directive */
	bool is_hit;
	bool is_in_arguments; /* a program's path is behind us */
	bool is_in_secret;    /* all the rest is secret */
	struct span before;   /* the word before this one */
	bool has_format;      /* external_acl_type: a %code is behind us */
};

static void put(struct masker *m, struct span s)
{
	if (m->n + s.n > m->room) {
		m->room = (m->n + s.n) * 2 + 64;
		m->text = check_realloc(m->text, m->room);
	}
	if (s.n != 0)
		memcpy(m->text + m->n, s.p, s.n);
	m->n += s.n;
}

static void put_mask(struct masker *m)
{
	put(m, SPAN(MASK));
	m->is_hit = true;
}

static bool contains_nocase(struct span s, struct span part)
{
	for (; s.n >= part.n; s = span_skip(s, 1))
		if (span_starts_nocase(s, part))
			return true;
	return false;
}

static bool is_sensitive_name(struct span name)
{
	static const struct span parts[] = {
		SPAN("auth"),  SPAN("cookie"), SPAN("credential"), SPAN("key"),
		SPAN("login"), SPAN("pass"),   SPAN("secret"),     SPAN("token"),
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (contains_nocase(name, parts[i]))
			return true;
	return false;
}

static bool is_sensitive_key(struct span key)
{
	static const struct span parts[] = {
		SPAN("credential"), SPAN("login"), SPAN("passw"), SPAN("secret"), SPAN("token"),
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (contains_nocase(key, parts[i]))
			return true;
	return false;
}

/* Words that stand where a password may stand and are none. */
static bool is_keyword(struct span word)
{
	static const struct span words[] = {
		SPAN("PASS"), SPAN("PASSTHRU"), SPAN("NEGOTIATE"), SPAN("disable"), SPAN("none"),
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (span_eq(word, words[i]))
			return true;
	return false;
}

/* Where scheme://user@host has its user part; false if there is none. */
static bool find_user_part(struct span word, struct span *user)
{
	for (size_t i = 0; i + 3 < word.n; i++) {
		if (!span_starts(span_skip(word, i), SPAN("://")))
			continue;
		*user = span_skip(word, i + 3);
		user->n = span_find(*user, '/');
		for (size_t at = user->n; at > 0; at--)
			if (user->p[at - 1] == '@') {
				user->n = at - 1;
				return true;
			}
	}
	return false;
}

static void put_generic(struct masker *m, struct span word)
{
	const size_t equals = span_find(word, '=');
	struct span user;

	if (equals + 1 < word.n && is_sensitive_key(span_of(word.p, equals)) &&
	    !is_keyword(span_skip(word, equals + 1))) {
		put(m, span_of(word.p, equals + 1));
		put_mask(m);
	} else if (m->rule != RULE_ACL && find_user_part(word, &user)) {
		put(m, span_of(word.p, (size_t)(user.p - word.p)));
		put_mask(m);
		put(m, span_skip(word, (size_t)(user.p - word.p) + user.n));
	} else {
		put(m, word);
	}
}

/* Of a program's arguments only paths are shown, and these only if no option stands before them. */
static void put_argument(struct masker *m, struct span word)
{
	if (span_starts(word, SPAN("/")) && !span_starts(m->before, SPAN("-")))
		put_generic(m, word);
	else
		put_mask(m);
}

static void look_for_program(struct masker *m, struct span word)
{
	switch (m->rule) {
	case RULE_PROGRAM:
		m->is_in_arguments = m->index == 1;
		return;
	case RULE_AUTH:
		m->is_in_arguments = m->index == 3 && span_eq(m->before, SPAN("program"));
		return;
	case RULE_EXTERNAL:
		if (span_starts(word, SPAN("%")))
			m->has_format = true;
		else
			m->is_in_arguments =
				m->index > 1 && (m->has_format || span_starts(word, SPAN("/")));
		return;
	case RULE_GENERIC:
	case RULE_FIRST_WORD:
	case RULE_HEADER:
	case RULE_ACL:
		return;
	}
}

static void put_word(struct masker *m, struct span word)
{
	if (m->index == 0) {
		put(m, word);
		return;
	}
	if (m->is_in_secret || (m->rule == RULE_FIRST_WORD && m->index == 1 && !is_keyword(word))) {
		put_mask(m);
	} else if (m->is_in_arguments) {
		put_argument(m, word);
	} else {
		put_generic(m, word);
		look_for_program(m, word);
	}
	if (m->rule == RULE_HEADER && m->index == 1)
		m->is_in_secret = is_sensitive_name(word);
	if (m->rule == RULE_ACL && m->index == 2)
		m->is_in_secret = span_eq(word, SPAN("snmp_community"));
}

/* A word ends at a blank, but not within quotes. */
static size_t word_length(struct span s)
{
	char quote = '\0';
	size_t n = 0;

	for (; n < s.n; n++) {
		if (quote == '\0' && (s.p[n] == ' ' || s.p[n] == '\t'))
			break;
		if (s.p[n] == quote)
			quote = '\0';
		else if (quote == '\0' && (s.p[n] == '"' || s.p[n] == '\'') &&
		         (n == 0 || s.p[n - 1] == '='))
			quote = s.p[n];
	}
	return n;
}

static enum rule find_rule(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (span_eq(rules[i].name, name))
			return rules[i].rule;
	return RULE_GENERIC;
}

struct span conf_mask(struct arena *a, struct span line)
{
	struct masker m = { 0 };
	struct span rest = line;

	while (rest.n != 0) {
		const size_t blanks = (size_t)(span_trim(rest).p - rest.p);

		put(&m, span_of(rest.p, blanks));
		rest = span_skip(rest, blanks);
		const struct span word = span_of(rest.p, word_length(rest));

		if (word.n == 0)
			break;
		if (m.index == 0)
			m.rule = find_rule(word);
		put_word(&m, word);
		m.before = word;
		m.index++;
		rest = span_skip(rest, word.n);
	}
	const struct span masked = m.is_hit ? arena_dup(a, span_of(m.text, m.n)) : line;

	free(m.text);
	return masked;
}
