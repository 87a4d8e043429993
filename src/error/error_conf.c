/*
 * Settings of error pages.
 */
#include "error/error_conf.h"

#include "error/deny_info.h"

void error_conf_init(struct error_conf *c)
{
	*c = (struct error_conf){ .installed = PKGDATADIR "/errors" };
}

void error_conf_fini(struct error_conf *c)
{
	free(c->error_directory);
	free(c->error_default_language);
	free(c->err_html_text);
	free(c->err_page_stylesheet);
	deny_info_free(&c->deny_infos);
	error_conf_init(c);
}
