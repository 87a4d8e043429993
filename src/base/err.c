/*
 * Names of errors, and the one place where errno becomes ours.
 */
#include "base/err.h"

#include "base/base.h"

#include <errno.h>

const char *err_text(enum err e)
{
	static const char *const text[] = {
#define X(sym, text) text,
		ERR_TABLE(X)
#undef X
	};

	CHECK((unsigned)e < ERR_N);
	return text[e];
}

enum err err_from_errno(int e)
{
	switch (e) {
	case 0:
		return ERR_NONE;
	case ENOMEM:
	case ENOBUFS:
		return ERR_NOMEM;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case EROFS:
		return ERR_READ_ONLY;
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case ENOTDIR:
		return ERR_NOT_FOLDER;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ECONNREFUSED:
		return ERR_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return ERR_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return ERR_RESET;
	case EMFILE:
	case ENFILE:
		return ERR_NO_FDS;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return ERR_NO_PORTS;
	default:
		return ERR_SYSTEM;
	}
}
