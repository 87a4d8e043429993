/*
 * What a request asks for: from the head to the target URI, by the form in which it was sent.
 *
 * Pure.
 */
#pragma once

#include "http/head.h"
#include "http/uri.h"

/*
 * RFC 9112 3.2, 3.3: reconstruct the target URI of a parsed request. An invalid Host is refused
 * even where it is not needed; the target "*" is for OPTIONS only. What had to be made anew lies in
 * the arena, the rest points into the head. False: *detail is a static text that says why.
 */
bool http_target_uri(const struct http_head *h, struct arena *a, struct uri *u,
                     const char **detail) MUST_USE;
