#include "proxy/errorpage.h"
struct errorpages { int x; };
struct errorpages *errorpages_load(const char *dir, const char *stylesheet, const char *html_text, struct conf_reader *r)
{ (void)dir;(void)stylesheet;(void)html_text;(void)r; return check_calloc(1,sizeof(struct errorpages)); }
void errorpages_free(struct errorpages **e) { free(*e); *e = NULL; }
struct span errorpage_render(const struct errorpages *e, const char *name, const struct errorpage_facts *f, struct arena *a)
{ (void)e; return arena_printf(a, "<h1>%s</h1><p>%.*s: %.*s\n", name, SPAN_ARG(f->sentence), SPAN_ARG(f->detail)); }
