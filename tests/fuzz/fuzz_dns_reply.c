/*
 * Messages of name servers: whatever they hold, what is read from them is bounded and of the kind
 * that was asked for. The first byte says which kind; the rest is the message.
 */
#include "net/dns_reply.h"
#include "tests/fuzz/fuzz.h"

static void check_reply(const struct dns_reply *r, enum dns_kind kind)
{
	const size_t name_n = strlen(r->name);

	CHECK(r->n <= DNS_IPS_MAX && name_n < DNS_NAME_MAX);
	CHECK(r->ttl_s <= INT32_MAX);
	CHECK(kind == DNS_PTR ? r->n == 0 : name_n == 0);
	CHECK((r->err == ERR_NONE) == (r->n != 0 || name_n != 0));
	for (unsigned i = 0; i < r->n; i++)
		CHECK(ip_is_v4(&r->ips[i]) == (kind == DNS_A));
	for (size_t i = 0; i < name_n; i++)
		CHECK(r->name[i] > ' ' && r->name[i] < 0x7f &&
		      r->name[i] == ascii_lower(r->name[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const enum dns_kind kinds[] = { DNS_A, DNS_AAAA, DNS_PTR };
	struct dns_reply r;

	if (n == 0)
		return 0;
	const enum dns_kind kind = kinds[bytes[0] % ARRAY_LEN(kinds)];

	memset(&r, 0xa5, sizeof(r));
	dns_reply_parse(&r, kind, span_of((const char *)bytes + 1, n - 1));
	check_reply(&r, kind);
	return 0;
}
