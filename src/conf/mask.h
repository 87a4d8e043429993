/*
 * Configuration lines as they may be shown: passwords, arguments of programs and the like replaced
 * by
 * ***. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/* The line itself if it holds no secret, otherwise a copy in the arena. */
struct span conf_mask(struct arena *a, struct span line);
