#include "unit.h"

Suite *suite_outgoing(void);
Suite *suite_peer(void);
Suite *suite_route(void);

UNIT_MAIN(suite_outgoing, suite_peer, suite_route)
