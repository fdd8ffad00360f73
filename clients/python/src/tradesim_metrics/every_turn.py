"""A publisher that keeps every turn in a turn log, which its reports only thin."""

from __future__ import annotations

import os
from time import perf_counter

from .journal import Journal
from .publisher import Publisher
from .report import number
from .turn_log import PATH, TurnLog, beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class EveryTurn(Publisher):
    """What a publisher becomes that is asked for every turn: others pay nothing for it."""

    _log: TurnLog

    def turn(self, seconds: float | None = None, /, **values: object) -> None:
        """Tell that a turn has ended, and keep it."""
        with self._lock:
            if seconds is None:
                seconds = max(0.0, perf_counter() - self._mark)
            super().turn(seconds, **values)
            known = {"tour": self._turns, **self._values}
            self._contents.count_from_base(known)
            self._keep(seconds, known)

    def poll(self, row: Callable[[], Mapping[str, Any]]) -> None:
        """Tell that a turn has ended which `read` counts, and keep it."""
        with self._lock:
            try:
                values = row()
            except Exception as error:
                self.complain("row", f"cannot read a turn: {error!r}")
                super().poll(row)
                return
            super().poll(lambda: values)
            self._keep(values["duree_seconds"], values)

    def flush(self, *, fini: bool = False) -> None:
        """Publish what is known now, and write its turns."""
        with self._lock:
            super().flush(fini=fini)
            self._guard(lambda: self._log.write(fini=fini))

    def restart(self, session: str | None = None) -> None:
        """Begin a new session; its turns count from 1."""
        with self._lock:
            self._guard(lambda: self._log.write(fini=True))
            super().restart(session)
            self._log.begin(self.session)

    def _keep(self, seconds: object, values: Mapping[str, Any]) -> None:
        turn = number(values["tour"])
        if turn is None or turn < 1 or turn != int(turn):
            self.drop()
            return
        self._guard(lambda: self._log.note(int(turn), seconds, values))

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            self._look_at_process()
            work()
        except Exception as error:
            self.complain("turns", f"cannot keep a turn: {error!r}")

    def _close(self, deadline: float) -> None:
        with self._lock:
            self._guard(self._log.close)
            super()._close(deadline)

    def _forked(self) -> None:
        super()._forked()
        self._log.forked(self.session)


def keep_every_turn(publisher: Publisher, where: str | os.PathLike[str] | bool) -> None:
    """Let a publisher keep every turn: in this file, or with True beside its journal."""
    try:
        path = PATH
        if not isinstance(where, bool):
            path = os.fsdecode(where)
        elif isinstance(publisher.transport, Journal):
            path = beside(publisher.transport.wanted)
        log = TurnLog(path, publisher.session, publisher.complain)
    except Exception as error:
        publisher.complain("turns", f"turns are not kept: {error}")
        return
    publisher.__class__ = EveryTurn
    assert isinstance(publisher, EveryTurn)
    publisher._log = log
