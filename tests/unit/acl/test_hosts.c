/*
 * Host names among values that are addresses: looked up once for each load, all addresses count,
 * and what is not found is an error.
 */
#include "acl/files.h"

#include "tests/unit/acl/fixture.h"

static const struct {
	const char *name, *addresses; /* NULL: there is no such name */
} world[] = {
	{ "one.example", "192.0.2.1" },
	{ "two.example", "192.0.2.2 2001:db8::2" },
	{ "gone.example", NULL },
};

static unsigned n_asked;

static void give(struct acl_host *h, const char *addresses)
{
	struct span rest = span_str(addresses);

	h->why = NULL;
	h->ips = check_calloc(4, sizeof(struct ip));
	while (rest.p != NULL)
		ck_assert(ip_parse(span_cut(&rest, ' '), &h->ips[h->n++]));
}

static void resolve(void *arg, struct acl_host *hosts, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++) {
		n_asked++;
		hosts[i].why = "the name does not exist";
		for (size_t k = 0; k < ARRAY_LEN(world); k++)
			if (strcmp(hosts[i].name, world[k].name) == 0 && world[k].addresses != NULL)
				give(&hosts[i], world[k].addresses);
	}
}

static void load(struct fixture *f, const char *text, struct acl_files *in_use)
{
	n_asked = 0;
	fixture_init_with(f, text, in_use, resolve);
	fixture_request(f, "GET", "http://www.example.com/");
}

START_TEST(all_addresses_of_a_name_are_values)
{
	struct fixture f;

	load(&f,
	     "acl x dst 192.0.2.9 Two.Example.\nacl x dst one.example\nacl y src 192.0.2.0/24\n"
	     "http_access deny x\nhttp_access allow y\nhttp_access deny all\n",
	     NULL);
	static const struct {
		const char *dst, *verdict;
	} cases[] = { { "192.0.2.1", "deny" },  { "192.0.2.2", "deny" },
		      { "192.0.2.9", "deny" },  { "2001:db8::2", "deny" },
		      { "192.0.2.3", "allow" }, { "2001:db8::1", "allow" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_dst(&f, cases[i].dst);
		ck_assert_msg(strcmp(fixture_verdict(&f), cases[i].verdict) == 0, "%s",
		              cases[i].dst);
	}
	ck_assert_uint_eq(n_asked, 2);
	/* One warning for an acl, at the first name. */
	ck_assert_finding(&f, 1, CONF_WARNING,
	                  "\"two.example\" and 1 more stands for the addresses that were found just"
	                  " now (192.0.2.2 and 1 more)");
	ck_assert(!fixture_has(&f, 2, CONF_WARNING, ""));
	fixture_fini(&f);
}
END_TEST

START_TEST(a_name_without_an_address_is_an_error)
{
	struct fixture f;

	load(&f, "acl x src one.example gone.example\nhttp_access allow x\n", NULL);
	ck_assert_finding(&f, 1, CONF_ERROR,
	                  "acl x: \"gone.example\" is a host name, whose addresses cannot be found:"
	                  " the name does not exist");
	fixture_fini(&f);
}
END_TEST

START_TEST(a_name_is_no_part_of_a_range)
{
	struct fixture f;

	load(&f, "acl x src one.example/24 one.example-192.0.2.9\nhttp_access allow x\n", NULL);
	ck_assert_finding(&f, 1, CONF_ERROR, "bad address \"one.example/24\"");
	/* As a whole this one could be a name. */
	ck_assert_finding(&f, 1, CONF_ERROR, "\"one.example-192.0.2.9\" is a host name");
	fixture_fini(&f);
}
END_TEST

/* The list is compiled once, but its names may stand for other addresses by now. */
START_TEST(names_in_a_list_are_looked_up_at_each_load)
{
	char path[] = "/tmp/cuttle-hosts.XXXXXX", conf[200];
	struct acl_files *in_use = acl_files_new();
	struct fixture first, second;
	const int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs("192.0.2.9\none.example\ntwo.example\n", file), 0);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(conf, sizeof(conf),
	         "acl x dst \"%s\"\nhttp_access deny x\nhttp_access allow all\n", path);
	load(&first, conf, in_use);
	ck_assert_uint_eq(n_asked, 2);
	load(&second, conf, in_use);
	ck_assert_uint_eq(n_asked, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct fixture *f = i == 0 ? &first : &second;

		fixture_dst(f, "192.0.2.1");
		ck_assert_str_eq(fixture_verdict(f), "deny");
		ck_assert_finding(f, 2, CONF_WARNING, "\"one.example\"");
	}
	fixture_fini(&first);
	fixture_fini(&second);
	acl_files_free(&in_use);
	(void)remove(path);
}
END_TEST

Suite *suite_hosts(void);
Suite *suite_hosts(void)
{
	Suite *s = suite_create("acl/hosts");
	TCase *t = tcase_create("hosts");

	tcase_add_test(t, all_addresses_of_a_name_are_values);
	tcase_add_test(t, a_name_without_an_address_is_an_error);
	tcase_add_test(t, a_name_is_no_part_of_a_range);
	tcase_add_test(t, names_in_a_list_are_looked_up_at_each_load);
	suite_add_tcase(s, t);
	return s;
}
