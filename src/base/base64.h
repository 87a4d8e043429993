/*
 * Base64 (RFC 4648 4), as the Basic scheme wants it.
 */
#pragma once

#include "base/base.h"

/* Bytes that n bytes become, with the NUL behind them. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* out has room for BASE64_SIZE(in.n). Returns the length without the NUL. */
size_t base64_encode(struct span in, char *out);
