/*
 * Scans that look at eight bytes at a time: each byte at each place, against the plain definition.
 */
#include "http/chars_int.h"
#include "tests/unit/unit.h"

#define LONGEST 26 /* three words and a rest */

static bool is_text(unsigned byte)
{
	return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool is_visible(unsigned byte)
{
	return byte > 0x20 && byte < 0x7f;
}

/*
 * libcheck writes a message for each assertion, which here would be millions: so only failures are
 * told to it.
 */
static void must(bool holds, const char *what, unsigned byte, size_t at)
{
	if (!holds)
		ck_abort_msg("%s, byte %u at %zu", what, byte, at);
}

static void check_ends(const char *text, size_t n, size_t text_n, size_t visible_n, unsigned byte)
{
	must(char_text_end(text, text + n) == text + text_n, "field text", byte, text_n);
	must(char_visible_end(text, text + n) == text + visible_n, "visible", byte, visible_n);
}

/* A text of `n` letters in a block of its exact size. */
static char *letters(size_t n)
{
	char *text = check_malloc(n != 0 ? n : 1);

	memset(text, 'a', n);
	return text;
}

static void check_byte_everywhere(unsigned byte)
{
	for (size_t n = 1; n <= LONGEST; n++) {
		char *const text = letters(n);

		for (size_t at = 0; at < n; at++) {
			text[at] = (char)byte;
			check_ends(text, n, is_text(byte) ? n : at, is_visible(byte) ? n : at,
			           byte);
			text[at] = 'a';
		}
		free(text);
	}
}

START_TEST(one_byte_among_letters)
{
	for (unsigned byte = 0; byte < 256; byte++)
		check_byte_everywhere(byte);
}
END_TEST

static void check_pair(char *text, size_t n, unsigned first, unsigned second)
{
	for (size_t at = 0; at + 1 < n; at++) {
		const size_t text_n = !is_text(first) ? at : !is_text(second) ? at + 1 : n;
		const size_t seen_n = !is_visible(first) ? at : !is_visible(second) ? at + 1 : n;

		text[at] = (char)first;
		text[at + 1] = (char)second;
		check_ends(text, n, text_n, seen_n, first << 8 | second);
		text[at] = text[at + 1] = 'a';
	}
}

/* A borrow from a marked byte must not hide or invent a mark below it. */
START_TEST(two_bytes_side_by_side)
{
	char *const text = letters(16);

	for (unsigned first = 0; first < 256; first++)
		for (unsigned second = 0; second < 256; second++)
			check_pair(text, 16, first, second);
	free(text);
}
END_TEST

START_TEST(a_mark_is_the_first)
{
	char text[8];

	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 8; at++) {
			memset(text, (int)byte, sizeof(text));
			memset(text, 'a', at);
			const uint64_t marks = char_mark(char_load8(text), ':');

			must(byte == ':' ? (size_t)__builtin_ctzll(marks) / 8 == at : marks == 0,
			     "mark", byte, at);
		}
	}
}
END_TEST

Suite *suite_chars(void);
Suite *suite_chars(void)
{
	Suite *s = suite_create("chars");
	TCase *t = tcase_create("chars");

	tcase_add_test(t, one_byte_among_letters);
	tcase_add_test(t, two_bytes_side_by_side);
	tcase_add_test(t, a_mark_is_the_first);
	suite_add_tcase(s, t);
	return s;
}
