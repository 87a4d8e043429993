/*
 * Which processes a start makes.
 */
#pragma once

#include "daemon/options.h"

enum start_mode {
	START_IN_PROCESS, /* one process, in the foreground */
	START_FOREGROUND, /* the keeper in the foreground, the proxy as its child */
	START_DAEMON /* the same in the background; the starter waits until the proxy listens */
};

/*
 * Which processes there will be. Process 1 never goes into the background: the container would end.
 * As root it still keeps a proxy, otherwise there is nothing a keeper could do that the container
 * does not. Pure.
 */
enum start_mode start_mode_of(const struct options *o, bool is_process_1, bool is_root);
