/*
 * The frame of a segment: header, footer and index block come back, or are refused.
 */
#include "tests/unit/unit.h"

#include "cache/segment.h"

static const struct segment_head head = {
	.number = 0x2a, .chain = 1, .store = 77, .uid = 0xabcdef, .first_seq = 5, .made_s = 1000
};
#define END 1024u

static const struct segment_entry good[2] = {
	{ 1, 2, 6, SEGMENT_FRAME_BYTES / 16, 20, RECORD_HEAD, 0 },
	{ 3, 4, 7, 24, (END - 24 * 16) / 16, RECORD_FRAGMENT, 0 },
};
#define FILE_BYTES (END + sizeof(good) + SEGMENT_FRAME_BYTES)

static struct segment_foot make_foot(char at[SEGMENT_FRAME_BYTES],
                                     const struct segment_entry *entries)
{
	struct segment_foot f = {
		.number = head.number, .n = 2, .uid = head.uid, .last_seq = 7, .index_offset = END
	};

	segment_put_foot(at, &f, entries);
	return f;
}

START_TEST(names_are_numbers_in_eight_digits)
{
	static const char *const bad[] = { "segment-",         "segment-2a",
		                           "segment-0000002A", "segment-0000002a0",
		                           "segment-0400000g", "segment-04000000",
		                           "journal-0000002a" };
	char name[SEGMENT_NAME_BYTES];
	uint32_t n;

	segment_name(0x2a, name);
	ck_assert_str_eq(name, "segment-0000002a");
	ck_assert(segment_parse_name(name, &n));
	ck_assert_uint_eq(n, 0x2a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!segment_parse_name(bad[i], &n), "%s", bad[i]);
}
END_TEST

START_TEST(a_header_comes_back_and_no_bit_of_it_may_turn)
{
	char at[SEGMENT_FRAME_BYTES];
	struct segment_head h;

	segment_put_head(at, &head);
	ck_assert(segment_get_head(at, &h));
	ck_assert_int_eq(memcmp(&h, &head, sizeof(h)), 0);
	for (size_t bit = 0; bit < sizeof(at) * 8; bit++) {
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		ck_assert(!segment_get_head(at, &h));
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
	}
}
END_TEST

START_TEST(a_footer_comes_back_and_no_bit_of_it_may_turn)
{
	char at[SEGMENT_FRAME_BYTES];
	const struct segment_foot want = make_foot(at, good);
	struct segment_foot f;

	ck_assert(segment_get_foot(at, FILE_BYTES, &head, &f));
	ck_assert_int_eq(memcmp(&f, &want, sizeof(f)), 0);
	ck_assert(segment_check_index(&f, good));
	for (size_t bit = 0; bit < sizeof(at) * 8; bit++) {
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		ck_assert(!segment_get_foot(at, FILE_BYTES, &head, &f));
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
	}
}
END_TEST

START_TEST(a_footer_of_another_file_or_length_is_refused)
{
	char at[SEGMENT_FRAME_BYTES];
	struct segment_head other = head;
	struct segment_foot f;

	(void)make_foot(at, good);
	ck_assert(!segment_get_foot(at, FILE_BYTES + 1, &head, &f));
	ck_assert(!segment_get_foot(at, FILE_BYTES - 1, &head, &f));
	ck_assert(!segment_get_foot(at, SEGMENT_FRAME_BYTES, &head, &f));
	other.uid++;
	ck_assert(!segment_get_foot(at, FILE_BYTES, &other, &f));
	other = head;
	other.number++;
	ck_assert(!segment_get_foot(at, FILE_BYTES, &other, &f));
}
END_TEST

/* Entries that lie where no record can be, in a block whose checksum is right. */
static const struct {
	const char *name;
	struct segment_entry e;
} impossible[] = {
	{ "in the header", { 1, 2, 6, 0, 20, RECORD_HEAD, 0 } },
	{ "behind the records", { 1, 2, 6, END / 16, 20, RECORD_HEAD, 0 } },
	{ "across their end", { 1, 2, 6, END / 16 - 1, 5, RECORD_HEAD, 0 } },
	{ "far away", { 1, 2, 6, UINT32_MAX, UINT32_MAX, RECORD_HEAD, 0 } },
	{ "shorter than a header", { 1, 2, 6, 4, 3, RECORD_HEAD, 0 } },
	{ "longer than a record", { 1, 2, 6, 4, RECORD_BYTES_MAX / 16 + 1, RECORD_HEAD, 0 } },
	{ "of no type", { 1, 2, 6, 4, 20, 0, 0 } },
	{ "of an unknown type", { 1, 2, 6, 4, 20, 9, 0 } },
};

START_TEST(entries_of_what_cannot_be_are_refused)
{
	const struct segment_entry bad[2] = { good[0], impossible[_i].e };
	char at[SEGMENT_FRAME_BYTES];
	const struct segment_foot f = make_foot(at, bad);

	ck_assert_msg(!segment_check_index(&f, bad), "%s", impossible[_i].name);
}
END_TEST

START_TEST(a_bit_that_turned_in_the_index_block_is_found)
{
	struct segment_entry entries[2] = { good[0], good[1] };
	unsigned char *const bytes = (unsigned char *)entries;
	char at[SEGMENT_FRAME_BYTES];
	const struct segment_foot f = make_foot(at, good);

	for (size_t bit = 0; bit < sizeof(entries) * 8; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert(!segment_check_index(&f, entries));
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}
END_TEST

Suite *suite_segment(void);
Suite *suite_segment(void)
{
	Suite *s = suite_create("segment");
	TCase *t = tcase_create("segment");

	tcase_add_test(t, names_are_numbers_in_eight_digits);
	tcase_add_test(t, a_header_comes_back_and_no_bit_of_it_may_turn);
	tcase_add_test(t, a_footer_comes_back_and_no_bit_of_it_may_turn);
	tcase_add_test(t, a_footer_of_another_file_or_length_is_refused);
	tcase_add_loop_test(t, entries_of_what_cannot_be_are_refused, 0,
	                    (int)ARRAY_LEN(impossible));
	tcase_add_test(t, a_bit_that_turned_in_the_index_block_is_found);
	suite_add_tcase(s, t);
	return s;
}
