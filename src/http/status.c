/*
 * The phrases of the status codes (IANA's HTTP Status Code Registry).
 */
#include "http/serialise.h"

static const char *const informational[] = {
	"Continue",
	"Switching Protocols",
	"Processing",
	"Early Hints",
};

static const char *const successful[] = {
	"OK",
	"Created",
	"Accepted",
	"Non-Authoritative Information",
	"No Content",
	"Reset Content",
	"Partial Content",
	"Multi-Status",
	"Already Reported",
	[26] = "IM Used",
};

static const char *const redirection[] = {
	"Multiple Choices",
	"Moved Permanently",
	"Found",
	"See Other",
	"Not Modified",
	"Use Proxy",
	[7] = "Temporary Redirect",
	"Permanent Redirect",
};

static const char *const client_error[] = {
	"Bad Request",
	"Unauthorized",
	"Payment Required",
	"Forbidden",
	"Not Found",
	"Method Not Allowed",
	"Not Acceptable",
	"Proxy Authentication Required",
	"Request Timeout",
	"Conflict",
	"Gone",
	"Length Required",
	"Precondition Failed",
	"Content Too Large",
	"URI Too Long",
	"Unsupported Media Type",
	"Range Not Satisfiable",
	"Expectation Failed",
	[21] = "Misdirected Request",
	"Unprocessable Content",
	"Locked",
	"Failed Dependency",
	"Too Early",
	"Upgrade Required",
	[28] = "Precondition Required",
	"Too Many Requests",
	[31] = "Request Header Fields Too Large",
	[51] = "Unavailable For Legal Reasons",
};

static const char *const server_error[] = {
	"Internal Server Error",
	"Not Implemented",
	"Bad Gateway",
	"Service Unavailable",
	"Gateway Timeout",
	"HTTP Version Not Supported",
	"Variant Also Negotiates",
	"Insufficient Storage",
	"Loop Detected",
	[10] = "Not Extended",
	"Network Authentication Required",
};

static const struct {
	const char *const *phrases;
	size_t n;
} classes[] = {
	[1] = { informational, ARRAY_LEN(informational) },
	[2] = { successful, ARRAY_LEN(successful) },
	[3] = { redirection, ARRAY_LEN(redirection) },
	[4] = { client_error, ARRAY_LEN(client_error) },
	[5] = { server_error, ARRAY_LEN(server_error) },
};

const char *http_status_phrase(unsigned status)
{
	const unsigned class = status / 100, within = status % 100;

	if (class >= ARRAY_LEN(classes) || within >= classes[class].n)
		return "";
	const char *const phrase = classes[class].phrases[within];

	return phrase != NULL ? phrase : "";
}
