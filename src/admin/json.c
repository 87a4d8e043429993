/*
 * Values of JSON. See json.h.
 */
#include "admin/json.h"

void json_string(FILE *to, struct span s)
{
	fputc('"', to);
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = (uint8_t)s.p[i];

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

void json_member(FILE *to, const char *name, struct span s)
{
	fprintf(to, ",\"%s\":", name);
	if (s.p != NULL)
		json_string(to, s);
	else
		fputs("null", to);
}
