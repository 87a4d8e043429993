/*
 * The verbs of -k, and what only prints.
 */
#include "daemon/verbs.h"

#include "acl/decide.h"
#include "admin/progress.h"
#include "cache/disk.h"
#include "conf/manual.h"
#include "daemon/folders.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"

#include <ares.h>
#include <errno.h>
#include <signal.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <unistd.h>

static const char *severity_word(enum conf_severity s)
{
	switch (s) {
	case CONF_DIFFERENCE:
		return "difference";
	case CONF_NOTE:
		return "note";
	case CONF_WARNING:
		return "warning";
	case CONF_ERROR:
		return "error";
	}
	UNREACHABLE("conf_severity");
}

void verb_print_finding(void *arg, const struct conf_finding *f)
{
	struct findings_printer *p = arg;
	char line[CONF_LINE_TEXT_MAX];

	p->n_errors += f->severity == CONF_ERROR;
	p->n_warnings += f->severity == CONF_WARNING;
	fprintf(p->to, "%s%s: %s: %s\n", f->place.file, conf_line_text(f->place, line),
	        severity_word(f->severity), f->text);
	if (p->is_as_squid)
		fprintf(p->to, "\tSquid %s\n",
		        f->as_squid != NULL ? f->as_squid : "may see this otherwise; not recorded");
}

char *verb_pid_filename(bool has_one, const char *configured, const char *service_name)
{
	char path[256];

	if (has_one)
		return configured != NULL ? check_strdup(configured) : NULL;
	snprintf(path, sizeof(path), "%s/%s.pid", RUNSTATEDIR, service_name);
	return check_strdup(path);
}

static const char floor_on[] =
	"ssrf_protection is on: no connection goes to loopback, link-local, metadata or multicast "
	"addresses or to a port of this proxy, unless the http_access rule that allows it names "
	"the "
	"address";
static const char floor_off[] = "ssrf_protection is off: what http_access allows may go to "
				"loopback, link-local and metadata addresses too";

/*
 * Load the configuration and tell what was found. NULL: it has errors. id: whom to become; set only
 * for root.
 */
static struct snapshot *conf_load(const struct proxy_options *po, bool is_summary_wanted,
                                  struct identity *id)
{
	struct findings_printer p = { .to = stderr, .is_as_squid = po->is_as_squid };
	struct proxy_options waited_for = *po;
	struct progress progress;

	progress_begin(&progress);
	waited_for.progress = progress_tell;
	waited_for.progress_arg = &progress;
	struct snapshot *s = proxy_load(&waited_for, verb_print_finding, &p);

	/* Whom to become is only known to the system, and only asked for as root. */
	if (s != NULL && geteuid() == 0 && !privileges_resolve(snapshot_process_conf(s), id)) {
		p.n_errors++;
		snapshot_unref(&s);
	}
	const bool is_good = s != NULL;

	if (is_summary_wanted || !is_good)
		fprintf(stderr, "cuttle: %s: %u error%s, %u warning%s: %s\n",
		        po->conf_path != NULL ? po->conf_path : "(built in)", p.n_errors,
		        p.n_errors == 1 ? "" : "s", p.n_warnings, p.n_warnings == 1 ? "" : "s",
		        is_good ? "the configuration can be used"
		                : "the configuration cannot be used");
	if (is_good && is_summary_wanted)
		fprintf(stderr, "cuttle: %s\n", snapshot_has_floor(s) ? floor_on : floor_off);
	return s;
}

static bool conf_judge(const struct proxy_options *po, bool is_summary_wanted)
{
	struct identity id;
	struct snapshot *s = conf_load(po, is_summary_wanted, &id);
	const bool is_good = s != NULL;

	if (is_good)
		snapshot_unref(&s);
	return is_good;
}

static int verb_signal(enum option_verb v)
{
	switch (v) {
	case VERB_RECONFIGURE:
		return SIGHUP;
	case VERB_ROTATE:
		return SIGUSR1;
	case VERB_DEBUG:
		return SIGUSR2;
	case VERB_SHUTDOWN:
		return SIGTERM;
	case VERB_INTERRUPT:
		return SIGINT;
	case VERB_KILL:
		return SIGKILL;
	case VERB_RESTART:
		return SIGTTIN;
	case VERB_CHECK:
		return 0;
	case VERB_PARSE:
	case VERB_N:
		break;
	}
	UNREACHABLE("verb without a signal");
}

/* Find who runs. False: said why not. */
static bool running_find(const struct scan_source *source, pid_t *pid)
{
	struct conf_scan scan;
	enum err err = ERR_NOT_FOUND;

	conf_scan_init(&scan, source);
	char *path =
		verb_pid_filename(scan.has_pid_filename, scan.pid_filename,
	                          source->service_name != NULL ? source->service_name : "cuttle");

	conf_scan_fini(&scan);
	if (path == NULL) {
		fprintf(stderr, "cuttle: pid_filename is none, so who runs cannot be found\n");
		return false;
	}
	err = pidfile_read(path, pid);
	if (err == ERR_NOT_FOUND)
		fprintf(stderr, "cuttle: nobody runs: nobody holds the lock on %s\n", path);
	else if (err == ERR_SYNTAX)
		fprintf(stderr,
		        "cuttle: a Cuttle is just starting: it holds %s but does not listen yet\n",
		        path);
	else if (err != ERR_NONE)
		fprintf(stderr, "cuttle: %s: %s\n", path, err_text(err));
	free(path);
	return err == ERR_NONE;
}

int verb_run(enum option_verb v, const struct proxy_options *po, const struct scan_source *source)
{
	pid_t pid = 0;

	if (v == VERB_PARSE)
		return conf_judge(po, true) ? EXIT_SUCCESS : EXIT_FAILURE;
	/* What ends or merely pokes a Cuttle must work with a broken configuration too. */
	if ((v == VERB_RECONFIGURE || v == VERB_RESTART || v == VERB_CHECK) &&
	    !conf_judge(po, false))
		return EXIT_FAILURE;
	if (!running_find(source, &pid))
		return EXIT_FAILURE;
	/* To check, not being allowed to signal is fine: it runs. */
	if (kill(pid, verb_signal(v)) != 0 && !(v == VERB_CHECK && errno == EPERM)) {
		fprintf(stderr, "cuttle: process %d cannot be told to %s: %s\n", (int)pid,
		        options_verb_name(v), strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	if (v == VERB_CHECK)
		printf("cuttle: process %d runs\n", (int)pid);
	return EXIT_SUCCESS;
}

static void tell_prepared(void *arg, const struct cache_dir *d, bool was_prepared)
{
	unsigned *const n = arg;

	(*n)++;
	fprintf(stderr, "cuttle: cache_dir %s: %s\n", d->path.p,
	        was_prepared ? "has been prepared before" : "prepared");
}

int verb_prepare(const struct proxy_options *po)
{
	struct identity id = { .gid = (gid_t)-1 };
	struct snapshot *s = conf_load(po, false, &id);
	unsigned n = 0;

	if (s == NULL)
		return EXIT_FAILURE;
	const struct cache_conf *const conf = snapshot_cache_conf(s);
	bool ok = true;

	/* What is made belongs to who will write there. */
	for (const struct cache_dir *d = conf->dirs; d != NULL; d = d->next)
		folders_make(d->path.p, geteuid() == 0 ? id.uid : (uid_t)-1, id.gid);
	if (conf->dirs != NULL && geteuid() == 0)
		ok = privileges_drop(&id, PRIVILEGES_NONE, false);
	ok = ok && disk_prepare_all(conf, tell_prepared, &n);
	if (conf->dirs == NULL)
		fprintf(stderr, "cuttle: nothing to prepare: the configuration has no cache_dir\n");
	else
		fprintf(stderr, "cuttle: %u cache folder%s prepared\n", n, n == 1 ? "" : "s");
	snapshot_unref(&s);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_directives(FILE *to)
{
	size_t n;
	const struct conf_directive *rows = proxy_directives(&n);

	conf_print_directives(to, rows, n);
	return EXIT_SUCCESS;
}

/* The frame of the page; what is between its two parts comes from the rows. */
static const char manual_begin[] =
	".SH NAME\n"
	"cuttle.conf \\- the configuration of cuttle\n"
	".SH DESCRIPTION\n"
	"The language is that of Squid\\(aqs squid.conf. A line is a directive and its words; # "
	"begins a\n"
	"comment where a word could begin, and a backslash at the end of a line joins the next "
	"one.\n"
	"Where values are listed, \\(dqFILE\\(dq stands for the lines of that file.\n"
	"A line that cannot be used is an error with file and line: then nothing starts, and a "
	"reload\n"
	"changes nothing.\n"
	".PP\n"
	"Sizes are a number and bytes, KB, MB or GB; times a number and milliseconds, seconds, "
	"minutes,\n"
	"hours, days and so on. Directives may come in any order, but the lines of a list of rules "
	"count\n"
	"in theirs, and an acl is defined before it is used.\n"
	".PP\n"
	"Each directive below is followed by its syntax, where\n"
	".B |\n"
	"separates choices,\n"
	".B []\n"
	"encloses what may be left out, and\n"
	".B ...\n"
	"means that it may be repeated. The default is what holds if the configuration has no such "
	"line.\n"
	"Folders in defaults are those for which this cuttle was configured; which file it reads "
	"by\n"
	"default is printed by\n"
	".BR \"cuttle \\-\\-version\" .\n";
static const char manual_end[] = ".SH SEE ALSO\n.BR cuttle (8)\n";

int verb_manual(FILE *to)
{
	size_t n;
	const struct conf_directive *rows = proxy_directives(&n);

	fprintf(to, ".TH CUTTLE.CONF 5 \"\" \"cuttle %s\" \"\"\n%s", PACKAGE_VERSION, manual_begin);
	conf_print_manual(to, rows, n);
	acl_print_manual(to);
	fputs(manual_end, to);
	return EXIT_SUCCESS;
}

int verb_version(FILE *to, const char *service_name)
{
	char pcre2[64];

	(void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	fprintf(to,
	        "Cuttle %s\nservice name: %s\nc-ares %s, pcre2 %s\nconfiguration: "
	        "%s/cuttle/cuttle.conf\n",
	        PACKAGE_VERSION, service_name, ares_version(NULL), pcre2, SYSCONFDIR);
	return EXIT_SUCCESS;
}
