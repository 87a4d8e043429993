/*
 * Descriptors 0, 1 and 2.
 */
#pragma once

/* Open those that are closed, so that no socket or log becomes one of them. */
void streams_exist(void);
/* After the start of a daemon nobody reads what it prints: all three become /dev/null. */
void streams_to_null(void);
