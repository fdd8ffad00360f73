"""The turn log: every turn of a game in a file of its own; docs/history.md has its format."""

from __future__ import annotations

import os
from time import perf_counter, time

from .durations import TurnSeconds
from .journal import Journal
from .report import COLUMNS, MAX_TOTAL, encode, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .transport import Tell

TYPE = "tradesim.turns"
VERSION = 1
#: The turn log where reports go to no journal.
PATH = "logs/turns.jsonl"
#: Full files that are kept, as lib/publish/turn_log.ts keeps them.
KEEP = 7
#: Turns of a line, and seconds between two lines.
MAX_TURNS = 4096
INTERVAL = 1.0
#: Decimal places: microseconds and nanoseconds; of all other columns at most so many.
_PLACES = {"timestamp": 6, "duree_seconds": 9}
_MAX_PLACES = 9
_COLUMNS = ("timestamp", "duree_seconds", *(c for c in COLUMNS if c not in {"tour", *_PLACES}))


def beside(journal: str) -> str:
    """Give the turn log beside a journal: `turns.jsonl` for `metrics.jsonl`."""
    folder, name = os.path.split(journal)
    usual = name.startswith("metrics")
    return os.path.join(folder, f"turns{name[7:]}" if usual else f"turns-{name}")


def _places(values: Sequence[float | None]) -> int:
    """Count the decimal places that write all values exactly, as far as there is room."""
    places = 0
    for value in values:
        while places < _MAX_PLACES and value is not None and round(value, places) != value:
            places += 1
    return places


def _column(values: Sequence[float | None], places: int) -> list[int | None]:
    """Write a column: its places, the first value, and differences without the zeros at the end."""
    unit = 10**places
    column: list[int | None] = [places]
    before = 0
    for value in values:
        whole = None if value is None else round(value * unit)
        if whole is None or abs(whole) > MAX_TOTAL:
            column.append(None)
        else:
            column.append(whole - before)
            before = whole
    while column[-1] == 0 and len(column) > 2:  # noqa: PLR2004 - the places and the first value.
        column.pop()
    return column


class TurnLog:
    """Takes every turn, and writes a line of them at least every second."""

    def __init__(self, path: str, session: str, tell: Tell) -> None:
        self._file = Journal(path, session, tell, keep=KEEP, what="turns")
        self.begin(session)

    @property
    def path(self) -> str:
        """The file that is written to."""
        return self._file.path

    def begin(self, session: str) -> None:
        """Begin a session."""
        self._session = session
        self._durations = TurnSeconds()
        self._rows: list[list[float | None]] = []
        #: Number of the first turn of the next line, and durations of those before it.
        self._first = 1
        self._before = self._durations.report()
        self._due = 0.0

    def forked(self, session: str) -> None:
        """Begin anew in a child process. The turns that wait are the parent's."""
        self._file.forked(session)
        self.begin(session)

    def note(self, turn: int, seconds: object, values: Mapping[str, Any]) -> None:
        """Take a turn; of its values those that reports tell of single turns."""
        if turn != self._first + len(self._rows):
            self.write()
            self._first = turn
        row = [number(values[name]) if name in values else None for name in _COLUMNS]
        row[0] = time()
        row[1] = number(seconds)
        if not self._rows:
            report = self._durations.report()
            self._before = {**report, "counts": list(self._durations.counts)}
        self._durations.add(seconds)  # type: ignore[arg-type] # It looks for itself.
        self._rows.append(row)
        if len(self._rows) >= MAX_TURNS or perf_counter() >= self._due:
            self.write()

    def write(self, *, fini: bool = False) -> None:
        """Write the turns that wait."""
        rows, self._rows = self._rows, []
        if rows or fini:
            body: dict[str, object] = {
                "type": TYPE,
                "version": VERSION,
                "session": self._session,
                "tour": self._first,
                "tours": len(rows),
            }
            if rows:
                body["temps_simulation_tour_seconds"] = self._before
            body["colonnes"] = {
                name: _column(values, _PLACES.get(name, _places(values)))
                for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=False)
                if any(value is not None for value in values)
            }
            if fini:
                body["fini"] = True
            self._file.write(f"{encode(body)}\n".encode())
        self._first += len(rows)
        self._due = perf_counter() + INTERVAL

    def close(self) -> None:
        """Write the rest, and end the game."""
        self.write(fini=True)
        self._file.close()
