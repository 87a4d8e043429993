/*
 * Numbers and addresses in lines, by hand: they are printed for each record, where printf shows.
 */
#include "log/line_int.h"

/* The widest that a number comes out of print_number(). */
#define NUMBER_MAX 20

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static unsigned count_digits(uint64_t v)
{
	for (unsigned n = 1;; n += 4) {
		if (v < 10)
			return n;
		if (v < 100)
			return n + 1;
		if (v < 1000)
			return n + 2;
		if (v < 10000)
			return n + 3;
		v /= 10000;
	}
}

/* Two digits at a time, from the end. */
static void print_number(char *end, uint64_t v)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(end - 2, pairs + (size_t)v * 2, 2);
	else
		end[-1] = (char)('0' + v);
}

static COLD void put_cut_number(struct log_line *l, uint64_t v, unsigned n, unsigned width,
                                char pad)
{
	char digits[NUMBER_MAX];

	print_number(digits + n, v);
	for (; width > n; width--)
		log_put_char(l, pad);
	log_put_bytes(l, digits, n);
}

void log_put_number(struct log_line *l, uint64_t v, unsigned width, char pad)
{
	const unsigned n = count_digits(v);

	if (unlikely((size_t)(l->end - l->p) < MAX(n, width))) {
		put_cut_number(l, v, n, width, pad);
		return;
	}
	for (; width > n; width--)
		*l->p++ = pad;
	l->p += n;
	print_number(l->p, v);
}

static char *print_byte(char *to, unsigned v)
{
	if (v >= 100) {
		*to++ = (char)('0' + v / 100);
		v %= 100;
		memcpy(to, pairs + (size_t)v * 2, 2);
		return to + 2;
	}
	if (v >= 10) {
		memcpy(to, pairs + (size_t)v * 2, 2);
		return to + 2;
	}
	*to++ = (char)('0' + v);
	return to;
}

void log_put_ip(struct log_line *l, const struct ip *ip)
{
	static const struct ip zero;
	char text[IP_TEXT_MAX], *to = text;

	if (ip_eq(ip, &zero)) {
		log_put_char(l, '-');
		return;
	}
	if (!ip_is_v4(ip)) {
		log_put_text(l, ip_text(ip, text));
		return;
	}
	for (unsigned i = 12; i < 16; i++) {
		to = print_byte(to, ip->b[i]);
		*to++ = '.';
	}
	log_put_bytes(l, text, (size_t)(to - 1 - text));
}

void log_put_percent(struct log_line *l, uint8_t c)
{
	static const char hex[] = "0123456789ABCDEF";

	log_put_char(l, '%');
	log_put_char(l, hex[c >> 4]);
	log_put_char(l, hex[c & 15]);
}
