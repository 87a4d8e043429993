/*
 * Numbers and addresses in lines, by hand: they are printed for each record, where printf shows.
 */
#include "log/line_int.h"

#define NUMBER_MAX 40

void log_put_number(struct log_line *l, uint64_t v, unsigned width, char pad)
{
	char digits[NUMBER_MAX];
	char *p = digits + sizeof(digits);

	width = MIN(width, (unsigned)NUMBER_MAX);
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while ((size_t)(digits + sizeof(digits) - p) < width)
		*--p = pad;
	log_put_bytes(l, p, (size_t)(digits + sizeof(digits) - p));
}

void log_put_ip(struct log_line *l, const struct ip *ip)
{
	static const struct ip zero;
	char text[IP_TEXT_MAX];

	if (ip_eq(ip, &zero)) {
		log_put_char(l, '-');
	} else if (ip_is_v4(ip)) {
		for (unsigned i = 12; i < 16; i++) {
			log_put_number(l, ip->b[i], 1, '0');
			if (i < 15)
				log_put_char(l, '.');
		}
	} else {
		log_put_text(l, ip_text(ip, text));
	}
}

void log_put_percent(struct log_line *l, uint8_t c)
{
	static const char hex[] = "0123456789ABCDEF";

	log_put_char(l, '%');
	log_put_char(l, hex[c >> 4]);
	log_put_char(l, hex[c & 15]);
}
