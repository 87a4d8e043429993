/*
 * Base64, encoding. Pure.
 */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(struct span in, char *out)
{
	char *at = out;

	for (size_t i = 0; i < in.n; i += 3) {
		const size_t left = MIN(in.n - i, (size_t)3);
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < left ? (uint8_t)in.p[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			*at++ = (char)(k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
	*at = '\0';
	return (size_t)(at - out);
}
