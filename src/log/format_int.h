/*
 * A compiled format: what format_parse.c makes and format.c runs.
 */
#pragma once

#include <stdatomic.h>

#include "log/format.h"
#include "log/style.h"

enum log_code {
	LOG_CODE_LITERAL,
	LOG_CODE_DASH,   /* a code whose fact does not exist here */
	LOG_CODE_NATIVE, /* the whole line in Squid's native format */
	LOG_CODE_FACTS,  /* the whole line of the format facts */
	LOG_CODE_PROTO,  /* "HTTP/1.1"; "NONE/0.0" if there was no request */
#define LOG_CODE(sym, text, style, arg, doc) LOG_CODE_##sym,
#define LOG_ALIAS(text, sym)
#define LOG_DASH(text, why)
#include "log/codes.tbl.h"
#undef LOG_CODE
#undef LOG_ALIAS
#undef LOG_DASH
	LOG_CODE_N
};

#define LOG_LEAD_MAX 16

struct log_op;
struct log_run;
/* Prints a value; nothing for what is absent. */
typedef void log_put_fn(struct log_line *l, const struct log_run *r, const struct log_op *op);

struct log_op {
	/* What every line looks at, once bound. */
	char lead[LOG_LEAD_MAX]; /* literal text before the value */
	log_put_fn *put;
	uint8_t n_lead;
	bool is_cut_at_max; /* a text that is printed in at most `max` bytes */
	bool may_be_empty;  /* nothing rather than "-" for what is absent */
	bool is_left, is_zero;
	uint8_t style;   /* enum log_style */
	char pad;        /* of a number: '0' or a blank */
	uint16_t digits; /* a number's least width: 0 if blanks follow it */
	uint16_t width;  /* at least; 0: as it comes */
	int16_t max;     /* at most; for times the digits of the fraction; -1: none given */
	uint16_t member; /* of struct log_rec; of codes that print one */
	uint16_t stamp;  /* number of its time in words; of codes that print one */
	uint32_t field;  /* number in the bound set; of codes that print one */
	/* LITERAL: the text; a name, a format of strftime(); in the format's arena */
	struct span arg;
	struct span element; /* of the list in the field */
	char separator;      /* of that list */

	uint8_t code;     /* enum log_code */
	bool wants_field; /* kind and arg say which */
	enum log_field_kind kind;
};

struct log_format {
	uint32_t magic;
	_Atomic unsigned refs;
	struct arena arena;
	char *name;
	struct log_op *ops;
	size_t n_ops, cap_ops;
	unsigned n_stamps;
	bool has_mime_headers; /* log_mime_hdrs concerns it */
	bool is_bound;
	struct log_format_conf conf; /* once bound */
};
#define LOG_FORMAT_MAGIC 0x10f03a70u

/* A time in words, made once a second. */
#define LOG_STAMP_MAX 256
struct log_stamp {
	int64_t second;
	size_t n; /* 0: it has no words */
	char text[LOG_STAMP_MAX];
};

struct log_state {
	uint32_t magic;
	int zone_minutes;
	int64_t zone_of; /* the quarter of an hour since 1970 that zone_minutes is of */
	uint64_t sequence;
	struct log_stamp stamps[];
};

struct log_run {
	const struct log_format *format;
	struct log_state *state;
	const struct log_rec *rec;
};

/* How a code's value is printed. */
struct log_printer {
	log_put_fn *put;
	bool is_text;    /* .N cuts it; else N are digits of a fraction, or nothing */
	uint16_t member; /* of struct log_rec; of functions that print one */
};
extern const struct log_printer log_printers[LOG_CODE_N];

/* What log_format_native() prints, without the newline. */
void log_put_native(struct log_line *l, const struct log_rec *rec, const struct log_format_conf *c);
struct ip log_client_ip(const struct log_rec *rec, const struct ip *netmask);
struct span log_url_text(const struct log_rec *rec, bool strip_query);
struct span log_media_type(struct span content_type);
void log_put_result(struct log_line *l, const struct log_rec *rec);
