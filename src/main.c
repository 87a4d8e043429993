/*
 * Cuttle, an egress proxy that reads squid.conf. Everything begins in daemon/start.c.
 */
#include "daemon/options.h"
#include "daemon/start.h"

int main(int argc, char *argv[])
{
	struct options o;

	if (!options_parse(argc, argv, stderr, &o))
		return EXIT_FAILURE;
	return start_cuttle(&o);
}
