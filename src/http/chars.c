/*
 * The table behind chars_int.h: one row of class bits for each byte.
 */
#include "http/chars_int.h"

#define URI (CHAR_PATH | CHAR_QUERY)
#define TOK (CHAR_TOKEN | URI)

/* Bytes that are not listed (controls, blank, DEL, everything outside ASCII) have no class. */
const uint8_t http_chars[256] = {
	['!'] = TOK,
	['"'] = URI,
	['#'] = CHAR_TOKEN,
	['$' ... '\''] = TOK,
	['(' ... ')'] = URI,
	['*' ... '+'] = TOK,
	[','] = URI,
	['-' ... '.'] = TOK | CHAR_HOST,
	['/'] = URI,
	['0' ... '9'] = TOK | CHAR_HOST | CHAR_DIGIT | CHAR_HEX,
	[':' ... '>'] = URI,
	['?'] = CHAR_QUERY,
	['@'] = URI,
	['A' ... 'F'] = TOK | CHAR_HOST | CHAR_HEX | CHAR_ALPHA | CHAR_UPPER,
	['G' ... 'Z'] = TOK | CHAR_HOST | CHAR_ALPHA | CHAR_UPPER,
	['['] = URI,
	['\\'] = CHAR_QUERY,
	[']'] = URI,
	['^'] = TOK,
	['_'] = TOK | CHAR_HOST,
	['`'] = TOK,
	['a' ... 'f'] = TOK | CHAR_HOST | CHAR_HEX | CHAR_ALPHA,
	['g' ... 'z'] = TOK | CHAR_HOST | CHAR_ALPHA,
	['{'] = URI,
	['|'] = TOK,
	['}'] = URI,
	['~'] = TOK,
};
