check_PROGRAMS += tests/unit/unit_http
TESTS += tests/unit/unit_http
tests_unit_unit_http_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_http_SOURCES = tests/unit/unit_http.c tests/unit/unit.h \
	tests/unit/http/test_body.c \
	tests/unit/http/test_chars.c \
	tests/unit/http/test_chunked.c \
	tests/unit/http/test_condition.c \
	tests/unit/http/test_date.c \
	tests/unit/http/test_etag.c \
	tests/unit/http/test_field.c \
	tests/unit/http/test_head.c \
	tests/unit/http/test_hop.c \
	tests/unit/http/test_list.c \
	tests/unit/http/test_parse_reply.c \
	tests/unit/http/test_parse_request.c \
	tests/unit/http/test_range.c \
	tests/unit/http/test_serialise.c \
	tests/unit/http/test_target.c \
	tests/unit/http/test_uri.c
tests_unit_unit_http_LDADD = src/http/libhttp.a src/base/libbase.a $(unit_libs)
