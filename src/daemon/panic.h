/*
 * Fatal signals: a short word to the administrator, then the core.
 */
#pragma once

/*
 * For SEGV, BUS, FPE, ILL and ABRT: write what happened to stderr and, if set, to the log, then die
 * by the same signal with its default action. The calling thread gets an alternate stack; those
 * of thread_start() have one.
 */
void panic_trap_signals(void);
