/*
 * What every fuzz target is: one function over bytes from anywhere. A property that does not hold
 * is a failed CHECK.
 *
 * fuzz_NAME.c is the target, corpus/NAME its seeds. With --enable-fuzz it is linked with libFuzzer:
 *	tests/fuzz/fuzz_NAME -max_total_time=60 SCRATCH_FOLDER tests/fuzz/corpus/NAME
 * otherwise with replay_main.c, and `make check` runs it over its corpus.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
