/*
 * HTTP dates: the three forms of RFC 9110 5.6.7, and what is none of them.
 */
#include "http/date.h"
#include "tests/unit/unit.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static const struct {
	int64_t t;
	const char *text;
} printed[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ NOW, "Sun, 06 Nov 1994 08:49:37 GMT" },
	{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ 951868799, "Tue, 29 Feb 2000 23:59:59 GMT" },
	{ 951868800, "Wed, 01 Mar 2000 00:00:00 GMT" },
	{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
	{ 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT" },
	{ -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
	{ 2147483648, "Tue, 19 Jan 2038 03:14:08 GMT" },
	{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
	{ -62167219200, "Sat, 01 Jan 0000 00:00:00 GMT" },
};

START_TEST(dates_go_out_and_come_in)
{
	char text[HTTP_DATE_LEN + 1];
	int64_t t = 1;

	http_date_print(printed[_i].t, text);
	ck_assert_str_eq(text, printed[_i].text);
	ck_assert(http_date_parse(span_str(text), 0, &t));
	ck_assert_int_eq(t, printed[_i].t);
}
END_TEST

START_TEST(years_beyond_four_digits_are_clamped)
{
	char text[HTTP_DATE_LEN + 1];

	http_date_print(INT64_MAX, text);
	ck_assert_str_eq(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_print(INT64_MIN, text);
	ck_assert_str_eq(text, "Sat, 01 Jan 0000 00:00:00 GMT");
}
END_TEST

START_TEST(every_day_of_400_years_comes_back)
{
	char text[HTTP_DATE_LEN + 1];

	for (int64_t day = -10000; day < 146097 - 10000; day++) {
		int64_t t = 0;

		http_date_print(day * 86400 + 3661, text);
		if (!http_date_parse(span_of(text, HTTP_DATE_LEN), 0, &t) ||
		    t != day * 86400 + 3661)
			ck_abort_msg("%s", text);
	}
}
END_TEST

static const struct {
	const char *name, *text;
	int64_t now, t; /* t == 0: refused */
} read[] = {
	{ "IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", 0, NOW },
	{ "RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", NOW, NOW },
	{ "asctime", "Sun Nov  6 08:49:37 1994", 0, NOW },
	{ "asctime with two digits", "Wed Nov 16 08:49:37 1994", 0, NOW + 10 * 86400 },
	{ "the day's name is not compared", "Mon, 06 Nov 1994 08:49:37 GMT", 0, NOW },
	{ "a leap second", "Sun, 06 Nov 1994 08:49:60 GMT", 0, NOW + 23 },
	{ "RFC 850: less than 50 years ahead", "Sunday, 06-Nov-43 08:49:37 GMT", NOW,
	  NOW + 17897 * INT64_C(86400) },
	{ "RFC 850: more than 50 years ahead is past", "Sunday, 06-Nov-45 08:49:37 GMT", NOW,
	  NOW - 17897 * INT64_C(86400) },
	{ "RFC 850: across the century", "Sunday, 06-Nov-94 08:49:37 GMT", 1600000000, NOW },

	{ "empty", "", 0, 0 },
	{ "0, as some Expires say", "0", 0, 0 },
	{ "-1", "-1", 0, 0 },
	{ "another zone", "Sun, 06 Nov 1994 08:49:37 CET", 0, 0 },
	{ "no zone", "Sun, 06 Nov 1994 08:49:37", 0, 0 },
	{ "an offset", "Sun, 06 Nov 1994 08:49:37 +0000", 0, 0 },
	{ "bytes behind", "Sun, 06 Nov 1994 08:49:37 GMT ", 0, 0 },
	{ "bytes behind asctime", "Sun Nov  6 08:49:37 1994 ", 0, 0 },
	{ "one digit of a day", "Sun, 6 Nov 1994 08:49:37 GMT", 0, 0 },
	{ "lower case", "sun, 06 nov 1994 08:49:37 gmt", 0, 0 },
	{ "a day that is none", "Foo, 06 Nov 1994 08:49:37 GMT", 0, 0 },
	{ "a month that is none", "Sun, 06 Foo 1994 08:49:37 GMT", 0, 0 },
	{ "day 0", "Sun, 00 Nov 1994 08:49:37 GMT", 0, 0 },
	{ "day 31 of November", "Sun, 31 Nov 1994 08:49:37 GMT", 0, 0 },
	{ "29 February of no leap year", "Sun, 29 Feb 1900 08:49:37 GMT", 0, 0 },
	{ "hour 24", "Sun, 06 Nov 1994 24:00:00 GMT", 0, 0 },
	{ "minute 60", "Sun, 06 Nov 1994 08:60:37 GMT", 0, 0 },
	{ "second 61", "Sun, 06 Nov 1994 08:49:61 GMT", 0, 0 },
	{ "a long name of the day in IMF-fixdate", "Sunday, 06 Nov 1994 08:49:37 GMT", 0, 0 },
	{ "a short name of the day in RFC 850", "Sun, 06-Nov-94 08:49:37 GMT", 0, 0 },
	{ "signs", "Sun, +6 Nov 1994 08:49:37 GMT", 0, 0 },
};

START_TEST(dates_are_read)
{
	int64_t t = 0;
	const bool ok = http_date_parse(span_str(read[_i].text), read[_i].now, &t);

	ck_assert_msg(ok == (read[_i].t != 0) && t == read[_i].t, "%s: %lld", read[_i].name,
	              (long long)t);
}
END_TEST

Suite *suite_date(void);
Suite *suite_date(void)
{
	Suite *s = suite_create("date");
	TCase *t = tcase_create("date");

	tcase_add_loop_test(t, dates_go_out_and_come_in, 0, ARRAY_LEN(printed));
	tcase_add_test(t, years_beyond_four_digits_are_clamped);
	tcase_add_test(t, every_day_of_400_years_comes_back);
	tcase_add_loop_test(t, dates_are_read, 0, ARRAY_LEN(read));
	suite_add_tcase(s, t);
	return s;
}
