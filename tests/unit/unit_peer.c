#include "unit.h"

Suite *suite_outgoing(void);

UNIT_MAIN(suite_outgoing)
