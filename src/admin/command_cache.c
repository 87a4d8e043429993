/*
 * `cuttle cache`: what the cache holds. All verbs but purge read the folders themselves, without a
 * lock and without asking a running proxy.
 */
#include "admin/command_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "admin/command.h"
#include "http/uri.h"
#include "proxy/snapshot.h"

#define FAULTS_KEPT 1000u

enum { POLICY, JSON, N_OPTIONS };

static const struct command_option rows[N_OPTIONS] = {
	[POLICY] = { "policy", "FILE",
	             "the configuration whose cache_dirs are meant; default: the installed one" },
	[JSON] = { "json", NULL, "print JSON; ls and show: an object a line" },
};

static const struct verb {
	const char *word;
	int (*run)(struct cache_command *c);
	bool takes_pattern, needs_pattern, looks;
	const char *words, *help;
} verbs[] = {
	{ "ls", command_cache_ls, true, false, true, "[PREFIX] [PATH]",
	  "a line for each object whose URL begins with PREFIX" },
	{ "show", command_cache_show, true, true, true, "URL [PATH]",
	  "head, times, freshness, variants and places" },
	{ "verify", command_cache_verify, false, false, true, "[PATH]",
	  "read everything and compare all checksums" },
	{ "stats", command_cache_stats, false, false, true, "[PATH]",
	  "how many, how large, how old, whose" },
	{ "purge", command_cache_purge, true, true, false, "PATTERN",
	  "have the running proxy forget a URL, PREFIX* or host:NAME" },
};

/* --- for the verbs ---------------------------------------------------------------------------- */

void command_cache_put_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = (uint8_t)s.p[i];

		if (c >= ' ' && c < 0x7f)
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

const char *command_cache_time(int64_t s, char text[32])
{
	const time_t at = (time_t)s;
	struct tm tm;

	if (localtime_r(&at, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(text, 32, "-");
	return text;
}

struct span command_cache_host(struct span url)
{
	size_t at = 0, end = 0;

	while (at + 2 < url.n && memcmp(url.p + at, "://", 3) != 0)
		at++;
	if (at + 2 >= url.n)
		return SPAN("-");
	url = span_skip(url, at + 3);
	if (url.n > 0 && url.p[0] == '[')
		end = span_find(url, ']');
	while (end < url.n && url.p[end] != ':' && url.p[end] != '/' && url.p[end] != '?')
		end++;
	return span_of(url.p, end);
}

struct span command_cache_url(struct cache_command *c, struct span url)
{
	const char *detail = "";
	struct uri u;

	return uri_parse_absolute(url, &c->arena, &u, &detail) ? uri_text(&u, &c->arena) : url;
}

bool command_cache_is_reachable(struct cache_command *c, const struct disk_looked *o)
{
	const struct cobj_parts *const p = &o->found.parts;
	uint64_t salt = 0;

	if (!o->is_variant)
		return true;
	for (size_t i = 0; i < c->n_looks && !o->is_misplaced; i++)
		if (disk_look_marker(c->looks[i], p->url, &salt) && salt == p->meta.salt)
			return true;
	return false;
}

bool command_cache_each(struct cache_command *c, enum disk_look_depth depth, disk_look_see_fn *see,
                        void *arg)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; i < c->n_looks && e == ERR_NONE; i++) {
		c->folder = disk_look_path(c->looks[i]);
		e = disk_look_each(c->looks[i], depth, see, arg);
	}
	progress_tell(&c->progress, NULL, 0);
	if (e != ERR_NONE)
		fprintf(stderr, "cuttle cache: %s: %s\n", c->folder, err_text(e));
	return e == ERR_NONE;
}

void command_cache_note_nothing(const struct cache_command *c)
{
	const char *advice = "what is in memory only is not seen here";

	if (span_eq(command_cache_host(c->pattern), SPAN("-")))
		advice = access(c->pattern.p, F_OK) == 0
		                 ? "is that a folder? Then let it begin with / or ./"
		                 : "a URL begins with http://, as cuttle cache ls shows it";
	fprintf(stderr, "cuttle cache: nothing found of %.*s: %s\n", SPAN_ARG(c->pattern), advice);
}

void command_cache_note_faults(const struct cache_command *c)
{
	if (c->n_faults != 0)
		fprintf(stderr,
		        "cuttle cache: %" PRIu64 " things are damaged; see cuttle cache verify\n",
		        c->n_faults);
}

/* --- folders ---------------------------------------------------------------------------------- */

static void tell_progress(void *arg, const char *what, uint64_t done, uint64_t of)
{
	struct cache_command *const c = arg;
	char text[512];

	if (!c->progress.is_terminal)
		return;
	snprintf(text, sizeof(text), "%s: %s", c->folder, what);
	progress_share(&c->progress, text, done, of);
}

/* Kept until they are printed: JSON has its own place for them. */
static void tell_fault(void *arg, const struct disk_look_fault *f)
{
	struct cache_command *const c = arg;

	if (c->n_faults++ >= FAULTS_KEPT)
		return;
	if (c->faults == NULL)
		c->faults = check_calloc(FAULTS_KEPT, sizeof(*c->faults));
	c->faults[c->n_kept++] = (struct cache_fault){ .folder = c->folder,
		                                       .file = check_strdup(f->file),
		                                       .url = span_strdup(f->url),
		                                       .what = check_strdup(f->what),
		                                       .offset = f->offset };
}

static const char *folder_text(enum disk_folder f)
{
	switch (f) {
	case DISK_FOLDER_OURS:
	case DISK_FOLDER_EMPTY:
		return "it is not prepared: no cache is there (cuttle -z prepares it)";
	case DISK_FOLDER_OTHER_VERSION:
		return "it was made by another version of Cuttle, or on another kind of machine: "
		       "look into it with that one, or empty it";
	case DISK_FOLDER_DAMAGED:
		return "its label, the file " DISK_LABEL_NAME
		       ", is damaged: empty the folder, what is in it is lost";
	case DISK_FOLDER_FOREIGN:
		return "the files in it are not Cuttle's: is it the folder of a cache_dir line?";
	}
	UNREACHABLE("disk_folder");
}

/* Why a folder could not be opened, and what to do. */
static const char *open_text(enum err e, enum disk_folder folder)
{
	switch ((unsigned)e) {
	case ERR_UNSUPPORTED:
		return folder_text(folder);
	case ERR_NOT_FOUND:
		return "there is no such folder (cuttle -z makes those of the configuration)";
	case ERR_NOT_FOLDER:
		return "it is not a folder: name that of a cache_dir line";
	case ERR_PERMISSION:
		return "permission denied: look as root, or as the user that the proxy becomes "
		       "(cache_effective_user)";
	}
	return err_text(e);
}

static bool open_folder(struct cache_command *c, const char *path)
{
	const struct disk_look_watch watch = { c, tell_fault, tell_progress };
	enum disk_folder folder = DISK_FOLDER_EMPTY;
	struct disk_look *k = NULL;

	c->folder = path;
	const enum err e = disk_look_open(&k, path, &watch, &folder);

	progress_tell(&c->progress, NULL, 0);
	if (e != ERR_NONE) {
		fprintf(stderr, "cuttle cache: %s: %s\n", path, open_text(e, folder));
		return false;
	}
	c->looks = check_realloc(c->looks, (c->n_looks + 1) * sizeof(*c->looks));
	c->looks[c->n_looks++] = k;
	return true;
}

static bool open_folders(struct cache_command *c)
{
	bool is_good = true;

	if (c->path != NULL)
		return open_folder(c, c->path);
	if (c->conf->dirs == NULL)
		fprintf(stderr, "cuttle cache: the configuration has no cache_dir, so nothing is "
		                "on a disk; name a folder, or a configuration by -f\n");
	for (const struct cache_dir *d = c->conf->dirs; d != NULL; d = d->next)
		is_good = open_folder(c, d->path.p) && is_good;
	return is_good && c->conf->dirs != NULL;
}

static bool load_conf(struct cache_command *c)
{
	cache_conf_init(&c->defaults);
	c->conf = &c->defaults;
	if (c->path != NULL && c->policy == NULL)
		return true;
	c->snapshot = command_load(c->policy != NULL ? c->policy : SYSCONFDIR "/cuttle/cuttle.conf",
	                           false);
	if (c->snapshot != NULL)
		c->conf = snapshot_cache_conf(c->snapshot);
	return c->snapshot != NULL;
}

/* --- the command ------------------------------------------------------------------------------ */

static void print_verbs(FILE *to)
{
	fprintf(to, "what to do:\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s %s", verbs[i].word, verbs[i].words);
		fprintf(to, "  %-24s %s\n", left, verbs[i].help);
	}
	fprintf(to, "PATH is a folder of a cache; beside PREFIX or URL it begins with / or .\n");
}

static int misuse(const char *what, const char *word)
{
	fprintf(stderr, "cuttle cache: %s%s%s%s; see cuttle cache --help\n", what,
	        word != NULL ? " \"" : "", word != NULL ? word : "", word != NULL ? "\"" : "");
	return CACHE_FAILED;
}

/* No URL begins like that. */
static bool is_path(const char *word)
{
	return word[0] == '/' || word[0] == '.';
}

/* NULL: reported. */
static const struct verb *take_words(struct cache_command *c, char **words)
{
	const struct verb *v = NULL;

	for (size_t i = 0; words[0] != NULL && i < ARRAY_LEN(verbs); i++)
		if (strcmp(words[0], verbs[i].word) == 0)
			v = &verbs[i];
	if (v == NULL) {
		(void)misuse(words[0] != NULL ? "it is not known how to" : "what is to be done?",
		             words[0]);
		return NULL;
	}
	c->verb = *words++;
	if (v->takes_pattern && *words != NULL && (v->needs_pattern || !is_path(*words)))
		c->pattern = span_str(*words++);
	if (v->looks && *words != NULL)
		c->path = *words++;
	if (*words != NULL)
		(void)misuse("unexpected argument", *words);
	else if (v->needs_pattern && c->pattern.n == 0)
		(void)misuse("it takes a URL to", c->verb);
	else
		return v;
	return NULL;
}

static void fini(struct cache_command *c)
{
	for (size_t i = 0; i < c->n_looks; i++)
		disk_look_close(&c->looks[i]);
	for (uint64_t i = 0; i < c->n_kept; i++) {
		free(c->faults[i].file);
		free(c->faults[i].url);
		free(c->faults[i].what);
	}
	free(c->faults);
	free(c->looks);
	if (c->snapshot != NULL)
		snapshot_unref(&c->snapshot);
	cache_conf_fini(&c->defaults);
	arena_fini(&c->arena);
}

static int run(struct cache_command *c, const struct verb *v)
{
	if (!load_conf(c) || (v->looks && !open_folders(c)))
		return CACHE_FAILED;
	const int status = v->run(c);

	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	if (errno != EPIPE) /* else nobody wants to know */
		fprintf(stderr, "cuttle cache: what was found cannot be written%s%s\n",
		        errno != 0 ? ": " : "", errno != 0 ? strerrordesc_np(errno) : "");
	return CACHE_FAILED;
}

int command_cache(int argc, char *argv[])
{
	struct cache_command c = { .now_s = (int64_t)time(NULL) };
	const char *value = NULL;
	char **words = NULL;
	int id;

	while ((id = command_next_of(argc, argv, rows, N_OPTIONS, &value, &words)) >= 0) {
		c.is_json = c.is_json || id == JSON;
		if (id == POLICY)
			c.policy = value;
	}
	if (id == COMMAND_HELPED)
		print_verbs(stdout);
	if (id != COMMAND_END)
		return id == COMMAND_HELPED ? CACHE_DONE : CACHE_FAILED;
	const struct verb *const v = take_words(&c, words);

	if (v == NULL)
		return CACHE_FAILED;
	arena_init(&c.arena);
	progress_begin(&c.progress);
	const int status = run(&c, v);

	fini(&c);
	return status;
}
