/*
 * What is printed from the rows of the directives: the list for scripts and the man page's body.
 */
#pragma once

#include "conf/conf.h"

/* `cuttle --directives`: a line for each name, aliases too, sorted: NAME TAB STATE TAB DEFAULT. */
void conf_print_directives(FILE *out, const struct conf_directive *rows, size_t n);

/*
 * The generated part of cuttle.conf.5 (man macros): two sections, of what works and of what
 * does not; in each a subsection for each group, an entry for each directive. rows are those of the
 * folders; the language's and Squid's are added.
 */
void conf_print_manual(FILE *out, const struct conf_directive *rows, size_t n);
/* Text for roff: no byte of it is a request, an escape or a hyphen that breaks. */
void conf_print_roff(FILE *out, const char *s);
