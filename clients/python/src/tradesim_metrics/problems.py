"""What goes wrong: it is counted, said once, and never raised into the game."""

from __future__ import annotations

import sys


class Problems:
    """Counts what was left out and what failed."""

    __slots__ = ("_told", "count", "left_out")

    def __init__(self) -> None:
        #: Values, entries and events that were wrong or too many.
        self.left_out = 0
        #: Failures of any kind.
        self.count = 0
        self._told: set[str] = set()

    def drop(self) -> None:
        """Count something that is left out."""
        self.left_out += 1

    def complain(self, kind: str, message: str) -> None:
        """Say a kind of problem once. The game continues."""
        self.count += 1
        if kind in self._told:
            return
        self._told.add(kind)
        try:  # noqa: SIM105 - contextlib would take longer to import than all else.
            sys.stderr.write(f"tradesim_metrics: {message}; the game continues\n")
        except Exception:  # noqa: S110 - there is nowhere left to say so.
            pass
