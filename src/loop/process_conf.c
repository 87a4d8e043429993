/*
 * Settings of the process: what its directives accept.
 */
#include "loop/process_conf.h"

#include "conf/conf.h"

enum { WORKERS_MAX = 1024, DESCRIPTORS_MIN = 64 };

void process_conf_init(struct process_conf *c)
{
	*c = (struct process_conf){ .shutdown_lifetime_ms = 30000,
		                    .umask = 027,
		                    .debug = { OPLOG_NOTICE, -1 } };
}

void process_conf_fini(struct process_conf *c)
{
	free(c->pid_filename);
	free(c->cache_effective_user);
	free(c->cache_effective_group);
	free(c->coredump_dir);
	*c = (struct process_conf){ 0 };
}

/* One integer between min and max; what was found and what is accepted otherwise. */
static bool word_in_range(struct conf_line *l, int64_t min, int64_t max, int64_t *v)
{
	struct span word;
	int64_t found;

	if (!conf_word(l, &word)) {
		conf_error_both(l, "%.*s needs a number", SPAN_ARG(l->name));
		return false;
	}
	if (!conf_parse_int(word, &found) || found < min || found > max) {
		conf_error(l, "\"%.*s\" is not a number from %lld to %lld", SPAN_ARG(word),
		           (long long)min, (long long)max);
		conf_as_squid(l->reader,
		              conf_parse_int(word, &found) ? CONF_SQUID_TAKES : CONF_SQUID_STOPS);
		return false;
	}
	*v = found;
	return true;
}

void process_conf_workers(struct conf_line *l, void *field)
{
	int64_t *workers = field;

	(void)word_in_range(l, 0, WORKERS_MAX, workers);
}

void process_conf_descriptors(struct conf_line *l, void *field)
{
	int64_t *descriptors = field, v;

	if (!word_in_range(l, 0, INT32_MAX, &v))
		return;
	if (v != 0 && v < DESCRIPTORS_MIN) {
		conf_error(l, "%lld descriptors are too few to work with; the least is %d",
		           (long long)v, DESCRIPTORS_MIN);
		conf_as_squid(l->reader, CONF_SQUID_TAKES);
		return;
	}
	*descriptors = v;
}

void process_conf_umask(struct conf_line *l, void *field)
{
	int64_t *mask = field, v;
	struct span word;

	if (!conf_peek(l, &word))
		word = SPAN_NULL;
	if (!word_in_range(l, 0, 0777, &v))
		return;
	/* "umask 27" is 033 in octal: surely not what was meant, though Squid takes it. */
	if (v != 0 && word.n != 0 && word.p[0] != '0') {
		conf_warning(l, "\"%.*s\" is decimal here; an octal mask begins with 0",
		             SPAN_ARG(word));
		conf_as_squid(l->reader, CONF_SQUID_SAME);
	}
	*mask = v;
}

/* --- debug_options ---------------------------------------------------------------------------- */

/* Squid's sections whose messages Cuttle has too: error pages, access control, requests. */
static bool has_messages(int64_t section)
{
	static const int64_t sections[] = { 4, 28, 33, 85 };

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (sections[i] == section)
			return true;
	return false;
}

static enum oplog_level level_of(int64_t level)
{
	return level <= 0 ? OPLOG_ERROR : level == 1 ? OPLOG_NOTICE : OPLOG_DEBUG;
}

/* "28,3" or "ALL,1"; false: it is neither. */
static bool debug_section(struct conf_line *l, struct debug_conf *d, struct span word)
{
	struct span level_text = word;
	const struct span name = span_cut(&level_text, ',');
	int64_t section = -1, level;

	if (level_text.p == NULL || !conf_parse_int(level_text, &level) || level < 0 || level > 9)
		return false;
	if (span_eq_nocase(name, SPAN("ALL")))
		d->level = level_of(level);
	else if (!conf_parse_int(name, &section) || section < 0 || section > 99)
		return false;
	else if (has_messages(section))
		d->level = MAX(d->level, level_of(level));
	else if (level > 1) {
		conf_report(
			l->reader, CONF_NOTE, l->place,
			"debug_options: there are no messages of section %lld; those of 4 (error "
			"pages), 28 (access control), 33 and 85 (requests) are one",
			(long long)section);
		conf_as_squid(l->reader, "writes what it has to say of it");
	}
	return true;
}

void process_conf_debug(struct conf_line *l, void *field)
{
	struct debug_conf d = { OPLOG_NOTICE, -1 }, *out = field;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	do {
		const bool is_rotate = span_starts(word, SPAN("rotate="));

		if (is_rotate ? conf_parse_int(span_skip(word, 7), &d.rotate) && d.rotate >= 0 &&
		                        d.rotate <= INT16_MAX
		              : debug_section(l, &d, word))
			continue;
		conf_error(l,
		           "\"%.*s\" is neither SECTION,LEVEL (ALL or a number, and 0 to 9) nor "
		           "rotate=NUMBER",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, "leaves it out, without a word");
	} while (conf_word(l, &word));
	/* As in Squid, each line begins anew. */
	*out = d;
}

void process_conf_pid_filename(struct conf_line *l, void *field)
{
	struct process_conf *c = CONTAINER_OF(field, struct process_conf, pid_filename);

	conf_set_string(l, &c->pid_filename);
	c->has_pid_filename = true;
}
