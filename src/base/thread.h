/*
 * Starting threads. Signals are the main thread's business.
 */
#pragma once

#include <pthread.h>

#include "base/base.h"

typedef void *thread_fn(void *arg);

/*
 * Run fn(arg) in a thread that takes no signals but those that a fault raises, and these on a stack
 * of their own: a handler can speak also where the thread's stack has overflowed. fn returns (it
 * does not call pthread_exit()). name: 15 bytes at most. On failure *t is untouched.
 */
enum err thread_start(pthread_t *t, const char *name, thread_fn *fn, void *arg) MUST_USE;
