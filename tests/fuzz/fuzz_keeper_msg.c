/*
 * What a proxy may send to its keeper: whatever parses is written back as the same bytes.
 */
#include "daemon/keeper_msg.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct keeper_msg m;
	static char packet[KEEPER_PACKET_MAX];

	if (keeper_msg_parse(bytes, n, &m) != ERR_NONE)
		return 0;
	CHECK(m.kind >= KEEPER_OPEN_READ && m.kind < KEEPER_KIND_N && m.err < ERR_N);
	CHECK(keeper_msg_write(&m, packet) == n && memcmp(packet, bytes, n) == 0);
	return 0;
}
