/*
 * The configuration as it was applied, line by line, for the manager.
 */
#include "conf/conf_int.h"
#include "conf/mask.h"

/* "#line" wherever the reader of the dump would count differently. */
static void print_place(FILE *out, const struct conf_applied *a, struct conf_place *expected)
{
	if (a->place.line == expected->line && strcmp(a->place.file, expected->file) == 0)
		return;
	fprintf(out, "#line %u", a->place.line);
	if (strcmp(a->place.file, expected->file) != 0)
		fprintf(out, " \"%s\"", a->place.file);
	fputc('\n', out);
}

static char *dump(const struct conf_reader *r, bool is_masked)
{
	struct conf_place expected = { "", 1 };
	struct arena scratch;
	char *text = NULL;
	size_t n = 0;

	CHECK_OBJ(r, CONF_READER_MAGIC);
	FILE *out = open_memstream(&text, &n);

	CHECK(out != NULL);
	arena_init(&scratch);
	for (const struct conf_applied *a = r->applied; a != NULL; a = a->next) {
		const struct span line = is_masked ? conf_mask(&scratch, a->text) : a->text;

		print_place(out, a, &expected);
		fwrite(line.p, 1, line.n, out);
		fputc('\n', out);
		expected = (struct conf_place){ a->place.file, a->place.line + 1 };
	}
	arena_fini(&scratch);
	CHECK(fclose(out) == 0);
	return text;
}

char *conf_dump(const struct conf_reader *r)
{
	return dump(r, true);
}

char *conf_dump_whole(const struct conf_reader *r)
{
	return dump(r, false);
}
