/*
 * What the daemon must know of a configuration without loading it: the files and ports that it
 * names. The keeper grants only these; the verbs of -k find the pid file by it, also where the
 * configuration has errors.
 *
 * It is the real reader with other setters, so that includes, macros and conditions are understood
 * as they are when the configuration is loaded.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "conf/conf.h"

enum scan_use {
	SCAN_READ = 1,  /* read: lists, keys, the configuration's own files */
	SCAN_APPEND = 2 /* written at the end: logs */
};

struct scan_name {
	const char *path; /* as written */
	unsigned uses;    /* set of enum scan_use */
};

enum { SCAN_NAMES_MAX = 10000, SCAN_PORTS_MAX = 256 };

struct conf_scan {
	struct arena arena;
	struct scan_name *names;
	size_t n_names;
	uint16_t ports[SCAN_PORTS_MAX];
	unsigned n_ports;
	const char *pid_filename; /* NULL: none */
	bool has_pid_filename;
	const char *cache_log; /* NULL: none */
	/* The configuration of shadow_config, which is read after the other; NULL: none. */
	const char *shadow_config;
	bool is_in_shadow; /* its lines are being read */
};

/* Where the configuration is: a file or a text; all rows that may occur. */
struct scan_source {
	const char *conf_path; /* NULL: conf_text */
	const char *conf_text;
	const char *service_name; /* NULL: the reader's own */
	const struct conf_directive *rows;
	size_t n_rows;
};

/* Read it. What is wrong in the configuration is not reported here; what is understood is taken. */
void conf_scan_init(struct conf_scan *s, const struct scan_source *from);
void conf_scan_fini(struct conf_scan *s);
bool conf_scan_has(const struct conf_scan *s, const char *path, enum scan_use use);
bool conf_scan_has_port(const struct conf_scan *s, uint16_t port);
