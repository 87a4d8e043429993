/*
 * The floor against its reference: the bytes are addresses, 16 each.
 */
#include "net/floor.h"
#include "tests/fuzz/floor_reference.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct ip ip;

	for (; n >= sizeof(ip.b); bytes += sizeof(ip.b), n -= sizeof(ip.b)) {
		memcpy(ip.b, bytes, sizeof(ip.b));
		CHECK((floor_classify(&ip) != FLOOR_PASSES) == floor_reference_is_below(&ip));
	}
	return 0;
}
