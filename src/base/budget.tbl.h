/*
 * The order in which memory_limit refuses, first refused first.
 * BUDGET(symbol, name in the manager, refused above this share of the limit in thousandths, what)
 * A share of 0 is counted and never refused.
 */
/* clang-format off */
BUDGET(CACHE,		"cache",	700,	"objects kept in memory: the reply is delivered, not kept")
BUDGET(INDEX,		"index",	750,	"entries of the cache's index and of the DNS cache")
BUDGET(IDLE,		"idle",		800,	"idle upstream connections: closed instead of kept")
BUDGET(TRANSFER,	"transfer",	880,	"buffers for bulk transfers: they go on in small pieces")
BUDGET(CONNECTION,	"connection",	940,	"new client connections: closed, or left in the queue")
BUDGET(REQUEST,		"request",	1000,	"what requests under way need: they end with an error")
BUDGET(FIXED,		"fixed",	0,	"configuration and what is there from the start")
/* clang-format on */
