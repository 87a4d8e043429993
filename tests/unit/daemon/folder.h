/*
 * A folder of a test's own, gone when the test is over.
 */
#pragma once

#include "base/base.h"

/* Fixtures for tcase_add_checked_fixture(). */
void folder_make(void);
void folder_remove(void);

/* "FOLDER/name"; valid until the eighth call from now. */
const char *folder_path(const char *name);
/* Write a file; returns its path. */
const char *folder_write(const char *name, const char *text);
/* The start of a file, or "" if there is none; static. */
const char *folder_read(const char *name);
