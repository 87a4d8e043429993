# The built-in configuration, as an example to start from.
cuttleconfdir = $(sysconfdir)/cuttle
dist_cuttleconf_DATA = etc/cuttle.conf.default

# Error pages: installed as templates to change, and compiled in for where nothing is installed.
dist_cuttleconf_DATA += etc/errorpage.css
errorsdir = $(pkgdatadir)/errors
dist_errors_DATA = \
	etc/errors/ERR_ACCESS_DENIED \
	etc/errors/ERR_CACHE_ACCESS_DENIED \
	etc/errors/ERR_CACHE_MGR_ACCESS_DENIED \
	etc/errors/ERR_CANNOT_FORWARD \
	etc/errors/ERR_CONFLICT_HOST \
	etc/errors/ERR_CONNECT_FAIL \
	etc/errors/ERR_DNS_FAIL \
	etc/errors/ERR_FORWARDING_DENIED \
	etc/errors/ERR_GATEWAY_FAILURE \
	etc/errors/ERR_INVALID_REQ \
	etc/errors/ERR_INVALID_RESP \
	etc/errors/ERR_INVALID_URL \
	etc/errors/ERR_LIFETIME_EXP \
	etc/errors/ERR_ONLY_IF_CACHED_MISS \
	etc/errors/ERR_PRECONDITION_FAILED \
	etc/errors/ERR_PROTOCOL_UNKNOWN \
	etc/errors/ERR_READ_ERROR \
	etc/errors/ERR_READ_TIMEOUT \
	etc/errors/ERR_REQUEST_PARSE_TIMEOUT \
	etc/errors/ERR_REQUEST_START_TIMEOUT \
	etc/errors/ERR_SECURE_CONNECT_FAIL \
	etc/errors/ERR_SHUTTING_DOWN \
	etc/errors/ERR_SOCKET_FAILURE \
	etc/errors/ERR_TOO_BIG \
	etc/errors/ERR_UNSUP_HTTPVERSION \
	etc/errors/ERR_UNSUP_REQ \
	etc/errors/ERR_WRITE_ERROR \
	etc/errors/ERR_ZERO_SIZE_OBJECT
nodist_src_error_liberror_a_SOURCES = src/error/errorpage_builtin.c
EXTRA_DIST += src/error/errorpage_builtin.awk
CLEANFILES += src/error/errorpage_builtin.c
src/error/errorpage_builtin.c: src/error/errorpage_builtin.awk $(dist_errors_DATA) etc/errorpage.css
	$(AM_V_GEN)$(MKDIR_P) src/error && out="$$(pwd)/$@" && (cd $(srcdir) && \
		$(AWK) -f src/error/errorpage_builtin.awk $(dist_errors_DATA) etc/errorpage.css) \
		>"$$out.tmp" && mv "$$out.tmp" "$$out"
# Where the default configuration writes. The keeper opens logs there, so the folder may stay root's.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(localstatedir)/log/cuttle" "$(DESTDIR)$(runstatedir)"
