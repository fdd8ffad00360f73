"""What a game has told and the next report holds: values, events and single turns."""

from __future__ import annotations

from time import time

from .report import (
    COLUMNS,
    LARGE,
    MAX_EVENTS,
    MAX_KEYS,
    checked,
    checked_events,
    encoded,
    number,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .problems import Problems
    from .transport import Transport

#: Single turns in a report.
MAX_TURNS = 128
#: Events that wait to be told; of more, the oldest are dropped.
MAX_WAITING = 1000

#: Totals since the session began, from which a child process subtracts what its parent has told.
TOTALS = (
    "transactions_total",
    "transactions_reussies_total",
    "transactions_echouees_total",
    "transactions_montant_total",
    "evenements_total",
)
#: Keys that only the publisher writes.
OWN = frozenset(
    {
        "type",
        "version",
        "session",
        "rapport",
        "fini",
        "simulation_publication_seconds_total",
    }
)


class Contents:
    """Keeps what a game tells until a report has it, and events until that report has arrived.

    read: gives further values when a report is made, as `Publisher` has it.
    """

    def __init__(self, read: Callable[[], Mapping[str, Any]] | None, problems: Problems) -> None:
        self._read = read
        self._problems = problems
        #: The newest value of each key; one object for ever.
        self.values: dict[str, object] = {}
        self._events: list[dict[str, object]] = []
        self._base: dict[str, float] = {}
        self._is_small = False
        self.begin()

    def begin(self) -> None:
        """Begin a session: single turns start anew, values and events stay."""
        self._rows: list[dict[str, float | None]] = []
        #: Single turns since the session began.
        self.rows_ever = 0
        #: Events in the report whose fate is not known; None = there is no such report.
        self._unsettled: int | None = None

    def restart(self) -> None:
        """Begin a session of another game. Events that no report has taken are left out."""
        for _ in self._events[self._unsettled or 0 :]:
            self._problems.drop()
        self._events = []
        self._base = {}
        self.values.clear()
        self.begin()

    def forked(self) -> None:
        """Begin a session in a child process, with totals from here on. Events are the parent's."""
        for key in TOTALS:
            value = number(self.values.get(key))
            if value is not None:
                self._base[key] = value
        self._events = []
        self.begin()

    @property
    def has_more_events(self) -> bool:
        """Whether more events wait than one report may have."""
        return len(self._events) > MAX_EVENTS

    def note(self, row: Mapping[str, Any]) -> None:
        """Keep a single turn for the next report."""
        kept = {name: number(row[name]) for name in COLUMNS if name in row}
        kept["timestamp"] = round(time(), 3)
        if None in kept.values():
            return
        self.count_from_base(kept)
        self._rows.append(kept)
        self.rows_ever += 1
        if len(self._rows) >= MAX_TURNS:
            del self._rows[::2]

    def add_events(self, events: Any) -> None:
        """Keep events until they are told. Of too many, the oldest are dropped."""
        if not events:
            return
        waiting = self._events
        waiting += checked_events(events, self._problems.drop)
        first = self._unsettled or 0
        for _ in range(len(waiting) - MAX_WAITING):
            waiting.pop(first)
            self._problems.drop()

    def learn(self, transport: Transport) -> bool:
        """Learn what became of the last report. Gives whether it is news that it arrived.

        Events that arrived need not be told again.
        """
        told, self._unsettled = self._unsettled, None
        if told is None:
            return False
        if transport.taken:
            del self._events[:told]
            return True
        if transport.too_large and not self._is_small:
            self._is_small = True
            self._problems.drop()
        return False

    def compose(self, body: dict[str, object], *, fini: bool | None) -> bytes:
        """Make the next report, which begins with what the publisher knows itself.

        fini: whether it is the last one; None = it is, if it has all events that wait.
        """
        if self._rows:
            body["colonnes"] = self._columns()
        self._add(body, self.values)
        if self._read is not None:
            values = self._ask()
            if getattr(self._read, "trusted", False):
                body.update(values)
            else:
                self._add(body, values)
        self.count_from_base(body)
        if fini or (fini is None and not self.has_more_events):
            body["fini"] = True
        events = self._events[:MAX_EVENTS]
        if events:
            body["evenements_recents"] = events
        if self._is_small:
            for key in LARGE:
                body.pop(key, None)
        self._unsettled = len(events)
        return encoded(body, self._problems.drop)

    def _columns(self) -> dict[str, list[float | None]]:
        """Give the single turns since the last report, and forget them."""
        rows, self._rows = self._rows, []
        names = [name for name in COLUMNS if name in rows[-1]]
        rows = [row for row in rows if all(name in row for name in names)]
        return {name: [row[name] for row in rows] for name in names}

    def _add(self, body: dict[str, object], values: Mapping[str, Any]) -> None:
        """Add values to a report, as far as they are right and there is room."""
        drop = self._problems.drop
        for key, value in values.items():
            if key in OWN or not isinstance(key, str) or len(body) >= MAX_KEYS:
                drop()
            else:
                good = checked(key, value, drop)
                if good is not None:
                    body[key] = good

    def _ask(self) -> dict[str, Any]:
        """Ask the game for further values."""
        try:
            values = dict(self._read()) if self._read is not None else {}
            self.add_events(values.pop("evenements_recents", ()))
        except Exception as error:
            self._problems.complain("read", f"cannot read all values of the game: {error!r}")
            return {}
        return values

    def count_from_base(self, body: dict[str, Any]) -> None:
        """Subtract from totals what was there when the session began."""
        for key, base in self._base.items():
            value = body.get(key)
            if isinstance(value, (int, float)):
                body[key] = max(0, value - base)
