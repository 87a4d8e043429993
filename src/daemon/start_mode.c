/*
 * Which processes a start makes: a decision, apart from doing it.
 */
#include "daemon/start_mode.h"

enum start_mode start_mode_of(const struct options *o, bool is_process_1, bool is_root)
{
	if (o->is_no_daemon)
		return START_IN_PROCESS;
	if (is_process_1)
		return is_root ? START_FOREGROUND : START_IN_PROCESS;
	return o->is_foreground ? START_FOREGROUND : START_DAEMON;
}
