/*
 * What a function that can fail returns. ERR_NONE is 0, so `if (f())` reads as "if f failed".
 *
 * These are for callers to branch on. Why a transaction ended is told by enum why (why.h); the
 * detail for a human goes to the operator log at the place where it is known.
 */
#pragma once

#define ERR_TABLE(X)                                                                               \
	X(NONE, "no error")                                                                        \
	X(NOMEM, "out of memory")                                                                  \
	X(LIMIT, "a configured limit was reached")                                                 \
	X(SYNTAX, "not well-formed")                                                               \
	X(RANGE, "out of range")                                                                   \
	X(UNKNOWN, "unknown name")                                                                 \
	X(DUPLICATE, "already defined")                                                            \
	X(NOT_FOUND, "not found")                                                                  \
	X(PERMISSION, "permission denied")                                                         \
	X(READ_ONLY, "the file system is mounted read-only")                                       \
	X(NO_SPACE, "no space is left there")                                                      \
	X(NOT_FOLDER, "it is not a folder")                                                        \
	X(SYSTEM, "the operating system refused")                                                  \
	X(TIMEOUT, "timed out")                                                                    \
	X(REFUSED, "connection refused")                                                           \
	X(UNREACHABLE, "network or host unreachable")                                              \
	X(RESET, "connection reset")                                                               \
	X(NO_FDS, "out of file descriptors")                                                       \
	X(NO_PORTS, "out of local ports")                                                          \
	X(FORBIDDEN, "ssrf_protection does not let connect to this address")                       \
	X(IN_USE, "another program uses this address and port")                                    \
	X(NO_ADDRESS, "this machine does not have this address")                                   \
	X(DNS_NAME, "the name does not exist")                                                     \
	X(DNS_NODATA, "the name has no address")                                                   \
	X(DNS_SERVER, "the name servers failed")                                                   \
	X(DNS_TIMEOUT, "the name servers did not answer")                                          \
	X(CANCELLED, "cancelled")                                                                  \
	X(UNSUPPORTED, "not supported")

enum err {
#define X(sym, text) ERR_##sym,
	ERR_TABLE(X)
#undef X
		ERR_N
};

/* The error in words, for logs. Static; never NULL. */
const char *err_text(enum err);

/* Translate an errno value from a socket or file call. Unlisted values become ERR_SYSTEM. */
enum err err_from_errno(int e);
