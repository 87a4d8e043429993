/*
 * resolv.conf and hosts files: what is read stays within its bounds, and the names that are tried
 * for a name end and are names.
 */
#include "net/dns_setup.h"
#include "tests/fuzz/fuzz.h"

static void check_name(const char *name)
{
	char again[DNS_NAME_MAX];

	CHECK(name[0] != '\0' && strlen(name) < DNS_NAME_MAX);
	for (const char *c = name; *c != '\0'; c++)
		CHECK(*c == ascii_lower(*c));
	/* Folded once is folded; but for a second final dot. */
	CHECK(dns_name_fold(span_str(name), again) || strcmp(name, ".") == 0);
}

static void check_candidates(struct dns_resolv *r, const char *name)
{
	const struct dns_setup s = { .resolv = r };
	char out[DNS_NAME_MAX];
	unsigned n = 0;
	bool saw_itself = false;

	for (; dns_setup_candidate(&s, name, n, out); n++) {
		CHECK(n <= DNS_SEARCH_MAX);
		saw_itself |= strcmp(out, name) == 0;
	}
	CHECK(saw_itself);
}

static void check_resolv(struct span text)
{
	static struct dns_resolv r;

	dns_resolv_parse(&r, text);
	CHECK(r.n_servers <= DNS_SERVERS_MAX && r.n_search <= DNS_SEARCH_MAX);
	CHECK(r.ndots <= 15 && r.timeout_s <= 30 && r.attempts <= 5);
	for (unsigned i = 0; i < r.n_servers; i++)
		CHECK(r.servers[i].port != 0);
	for (unsigned i = 0; i < r.n_search; i++) {
		check_name(r.search[i]);
		check_candidates(&r, r.search[i]);
	}
}

static void check_answer(const struct dns_answer *a, bool v4)
{
	CHECK(a != NULL && a->n <= DNS_IPS_MAX);
	CHECK((a->err == ERR_NONE) == (a->n != 0));
	for (unsigned i = 0; i < a->n; i++)
		CHECK(ip_is_v4(&a->ips[i]) == v4);
}

static void check_hosts(struct span text)
{
	struct dns_hosts *h = dns_hosts_parse(text, SPAN(".corp.example"));
	char name[DNS_NAME_MAX];
	struct span rest = text, word;

	/* Words of the file, as good guesses for names that it may know. */
	while (rest.p != NULL) {
		word = span_cut(&rest, ' ');
		if (!dns_name_fold(word, name) || dns_hosts_find(h, span_str(name), DNS_A) == NULL)
			continue;
		check_answer(dns_hosts_find(h, span_str(name), DNS_A), true);
		check_answer(dns_hosts_find(h, span_str(name), DNS_AAAA), false);
	}
	dns_hosts_free(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct span text = span_of((const char *)bytes, n);
	struct endpoint e;

	check_resolv(text);
	check_hosts(text);
	if (dns_server_parse(text, &e))
		CHECK(e.port != 0);
	return 0;
}
