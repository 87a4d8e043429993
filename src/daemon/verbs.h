/*
 * What `cuttle -k verb` and the options that only print do. Each returns the exit status.
 */
#pragma once

#include "daemon/conf_scan.h"
#include "daemon/options.h"
#include "proxy/proxy.h"

/*
 * Print findings as "file:line: error: text". The arg is a struct findings_printer *. For
 * proxy_load().
 */
struct findings_printer {
	FILE *to;
	unsigned n_errors, n_warnings;
	bool is_as_squid; /* a second line says what Squid does */
};
void verb_print_finding(void *arg, const struct conf_finding *f);

int verb_run(enum option_verb v, const struct proxy_options *po, const struct scan_source *source);
int verb_prepare(const struct proxy_options *po);
int verb_directives(FILE *to);
/* The man page cuttle.conf(5); make installs it. */
int verb_manual(FILE *to);
int verb_version(FILE *to, const char *service_name);

/* The pid file of this configuration or, if it names none, the service's; the caller frees it.
 * NULL: none. */
char *verb_pid_filename(bool has_one, const char *configured, const char *service_name);
