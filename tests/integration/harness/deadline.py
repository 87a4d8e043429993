"""Deadlines instead of sleeps, and the one variable that multiplies counts.

TEST_TIMEOUT_SCALE stretches every deadline (for sanitizers and slow machines).
TEST_LONG multiplies repetitions and sizes; it never selects other tests.
"""
import os
import time

SCALE = float(os.environ.get("TEST_TIMEOUT_SCALE", "1"))
LONG = max(1, int(os.environ.get("TEST_LONG") or "1"))

# The longest that any single wait of a test may take before the test fails.
LIMIT = 20.0 * SCALE


class DeadlineError(AssertionError):
    """Something that had to happen did not happen in time."""


def until(check, what, limit=LIMIT):
    """Polls check() until it returns something true, and returns that."""
    end = time.monotonic() + limit
    pause = 0.002
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise DeadlineError(f"not within {limit:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
