/*
 * Signals as a descriptor: blocked in every thread, read by the main thread.
 */
#pragma once

/*
 * Block what this program acts on, ignore SIGPIPE, and return a non-blocking signalfd, or -1 with
 * errno. Before threads start, so that they inherit the mask. A child that execs must unblock them.
 */
int signals_open(void);
/* The next signal that has arrived, or 0. */
int signals_next(int fd);
