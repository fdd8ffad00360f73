"""Counts turns by their duration, in the exporter's buckets."""

from __future__ import annotations

from bisect import bisect_left

#: Upper bounds in seconds: 1, 2.5 and 5 in every decade from 1 µs to 10 s, as lib/turns has them.
BOUNDS = (*(float(f"{m}e{e}") for e in range(-6, 1) for m in ("1", "2.5", "5")), 10.0)

_INFINITE = float("inf")


class TurnSeconds:
    """Durations of all turns of a session."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        #: Turns per bucket, +Inf last; not cumulative.
        self.counts = [0] * (len(BOUNDS) + 1)
        #: Seconds of all turns.
        self.sum = 0.0

    def add(self, seconds: float) -> bool:
        """Count a turn. Returns False for what is not a duration."""
        try:
            if 0 <= seconds < _INFINITE:
                self.sum += seconds
                self.counts[bisect_left(BOUNDS, seconds)] += 1
                return True
        except TypeError:
            pass
        return False

    def report(self) -> dict[str, object]:
        """Give the value of `temps_simulation_tour_seconds`."""
        return {"le": BOUNDS, "counts": self.counts, "sum": self.sum}
