/*
 * Connections of one address: counted, limited, forgotten.
 */
#include "tests/unit/unit.h"

#include "proxy/client_db.h"

START_TEST(the_limit_is_per_address)
{
	struct client_db *db = client_db_new();
	const struct ip a = ip_from_v4(0x0a000001), b = ip_from_v4(0x0a000002);
	struct client *held[3];

	held[0] = client_db_enter(db, &a, 2);
	held[1] = client_db_enter(db, &a, 2);
	ck_assert_ptr_nonnull(held[0]);
	ck_assert_ptr_nonnull(held[1]);
	ck_assert_ptr_null(client_db_enter(db, &a, 2));
	held[2] = client_db_enter(db, &b, 2);
	ck_assert_ptr_nonnull(held[2]);
	client_db_leave(db, &held[0]);
	held[0] = client_db_enter(db, &a, 2);
	ck_assert_ptr_nonnull(held[0]);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		client_db_leave(db, &held[i]);
	client_db_free(&db); /* checks that nobody is left */
}
END_TEST

START_TEST(no_limit_and_none_at_all)
{
	struct client_db *db = client_db_new();
	const struct ip a = ip_from_v4(0x0a000001);
	struct client *held[100];

	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		held[i] = client_db_enter(db, &a, -1);
		ck_assert_ptr_nonnull(held[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		client_db_leave(db, &held[i]);
	ck_assert_ptr_null(client_db_enter(db, &a, 0));
	client_db_free(&db);
}
END_TEST

Suite *suite_client_db(void);
Suite *suite_client_db(void)
{
	Suite *s = suite_create("client_db");
	TCase *t = tcase_create("client_db");

	tcase_add_test(t, the_limit_is_per_address);
	tcase_add_test(t, no_limit_and_none_at_all);
	suite_add_tcase(s, t);
	return s;
}
