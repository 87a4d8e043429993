/*
 * Base64: the vectors of RFC 4648 10, and all bytes.
 */
#include "base/base64.h"
#include "tests/unit/unit.h"

static const struct {
	const char *plain, *want;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfd\xfc", "//79/A==" },
};

START_TEST(encoding)
{
	char out[BASE64_SIZE(6)];
	const struct span plain = span_str(vectors[_i].plain);

	ck_assert_uint_eq(base64_encode(plain, out), strlen(vectors[_i].want));
	ck_assert_str_eq(out, vectors[_i].want);
	ck_assert_uint_eq(BASE64_SIZE(plain.n), strlen(out) + 1);
}
END_TEST

Suite *suite_base64(void);
Suite *suite_base64(void)
{
	Suite *s = suite_create("base64");
	TCase *t = tcase_create("encode");

	tcase_add_loop_test(t, encoding, 0, ARRAY_LEN(vectors));
	suite_add_tcase(s, t);
	return s;
}
