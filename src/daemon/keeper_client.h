/*
 * The proxy's end of the way to its keeper.
 */
#pragma once

#include "net/opener.h"

/*
 * An opener that asks the keeper over this socket (stays the caller's). Lives as long as the
 * process. Any thread may use it; requests wait for each other.
 */
struct opener *keeper_client_init(int sock);

/* Tell the keeper that the proxy listens. */
enum err keeper_client_ready(void) MUST_USE;
/*
 * Have the keeper hold a copy of the descriptor for the proxies after this one; it lets go of the
 * last one.
 */
enum err keeper_client_keep(int fd) MUST_USE;
