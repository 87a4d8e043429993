/*
 * Settings of error pages. Immutable after loading. Directives: error/directives.tbl.h.
 */
#pragma once

#include "conf/conf.h"

struct deny_info;

struct error_conf {
	const char *installed; /* the folder of templates without error_directory; static */
	char *error_directory, *error_default_language;
	char *err_html_text, *err_page_stylesheet;
	struct deny_info *deny_infos; /* in the order of the file */
};

void error_conf_init(struct error_conf *c);
void error_conf_fini(struct error_conf *c);
