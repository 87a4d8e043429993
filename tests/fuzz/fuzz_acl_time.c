/*
 * Times: each minute of the week, as the acl sees it and as counting from the minute at which each
 * span begins says.
 */
#include "tests/fuzz/acl_policy.h"
#include "tests/fuzz/fuzz.h"

#define DAY  1440u
#define WEEK (7 * DAY)

struct week {
	bool is_in[WEEK];
	bool is_good;
	bool has_any;
};

/* "12:30"; -1: not a time. */
static int minute_of(const char *text, size_t n)
{
	const size_t colon = n > 2 && text[1] == ':' ? 1 : 2;
	unsigned h = 0, m = 0;

	if (n < colon + 2 || n > colon + 3 || text[colon] != ':')
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (i == colon)
			continue;
		if (text[i] < '0' || text[i] > '9')
			return -1;
		*(i < colon ? &h : &m) = (i < colon ? h : m) * 10 + (unsigned)(text[i] - '0');
	}
	return m < 60 && h * 60 + m <= DAY ? (int)(h * 60 + m) : -1;
}

static void mark(struct week *w, unsigned days, unsigned first, unsigned minutes)
{
	w->has_any = true;
	for (unsigned day = 0; day < 7; day++)
		for (unsigned k = 0; (days >> day & 1) != 0 && k < minutes; k++)
			w->is_in[(day * DAY + first + k) % WEEK] = true;
}

static void mark_span(struct week *w, const char *word, size_t n, unsigned days)
{
	const char *dash = memchr(word, '-', n);
	const size_t before = dash != NULL ? (size_t)(dash - word) : n;
	const int first = minute_of(word, before);
	const int last = dash != NULL ? minute_of(dash + 1, n - before - 1) : -1;

	if (first < 0 || last < 0 || first == (int)DAY) {
		w->is_good = false;
		return;
	}
	/* To the end of a day is not to the first minute of the next. */
	mark(w, days, (unsigned)first,
	     last == (int)DAY ? DAY - (unsigned)first
	                      : ((unsigned)last + DAY - (unsigned)first) % DAY + 1);
}

static unsigned days_of(const char *word, size_t n)
{
	static const char letters[] = "SMTWHFA";
	unsigned days = 0;

	for (size_t i = 0; i < n; i++) {
		if (word[i] == 'D')
			days |= 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5;
		else if (word[i] != '-' && strchr(letters, word[i]) == NULL)
			return 0;
		else if (word[i] != '-')
			days |= 1u << (strchr(letters, word[i]) - letters);
	}
	return days;
}

static void read_words(struct week *w, const char *text)
{
	unsigned days = 0;

	for (size_t n; text += strspn(text, " "), (n = strcspn(text, " ")) != 0; text += n) {
		if (*text >= '0' && *text <= '9') {
			mark_span(w, text, n, days != 0 ? days : 0x7f);
			days = 0;
		} else if (days_of(text, n) == 0) {
			w->is_good = false;
		} else {
			days |= days_of(text, n);
		}
	}
	if (days != 0)
		mark(w, days, 0, DAY);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char alphabet[] = "  SMTWHFAD--00112233456789::x";
	static struct week w;
	char text[80] = "", conf[200];
	struct acl_policy p;
	struct facts f = { .state[FACT_CLOCK] = FACT_VALUE };

	for (size_t i = 0; i < MIN(n, sizeof(text) - 1); i++)
		text[i] = strchr(alphabet, bytes[i]) != NULL && bytes[i] != '\0'
		                  ? (char)bytes[i]
		                  : alphabet[bytes[i] % (sizeof(alphabet) - 1)];
	w = (struct week){ .is_good = true };
	read_words(&w, text);
	snprintf(conf, sizeof(conf), "acl t time -- %s\nhttp_access allow t\n", text);
	acl_policy_init(&p, conf);
	CHECK(p.is_good == (w.is_good && w.has_any));
	for (unsigned i = 0; p.is_good && i < WEEK; i++) {
		f.weekday = i / DAY;
		f.minute = i % DAY;
		CHECK(acl_policy_allows(&p, &f) == w.is_in[i]);
	}
	acl_policy_fini(&p);
	return 0;
}
