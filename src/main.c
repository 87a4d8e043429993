/*
 * Cuttle, an egress proxy that reads squid.conf. Everything begins in daemon/start.c.
 */
#include "admin/command.h"
#include "daemon/options.h"
#include "daemon/start.h"

int main(int argc, char *argv[])
{
	struct options o;

	if (argc > 1 && argv[1][0] != '-')
		return command_run(argc - 1, argv + 1);
	if (!options_parse(argc, argv, stderr, &o))
		return EXIT_FAILURE;
	return start_cuttle(&o);
}
