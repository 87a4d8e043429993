/*
 * Settings of the process: what its directives accept.
 */
#include "loop/process_conf.h"

#include "conf/conf.h"

enum { WORKERS_MAX = 1024, DESCRIPTORS_MIN = 64 };

void process_conf_init(struct process_conf *c)
{
	*c = (struct process_conf){ .shutdown_lifetime_ms = 30000, .umask = 027 };
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

void process_conf_pid_filename(struct conf_line *l, void *field)
{
	struct process_conf *c = CONTAINER_OF(field, struct process_conf, pid_filename);

	conf_set_string(l, &c->pid_filename);
	c->has_pid_filename = true;
}
