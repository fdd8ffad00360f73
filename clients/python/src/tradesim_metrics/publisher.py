"""Turns a game into reports. A simulation calls it once per turn."""

from __future__ import annotations

import atexit
import os
from threading import RLock
from time import perf_counter, strftime, time

from .contents import Contents
from .durations import TurnSeconds
from .problems import Problems
from .report import TYPE, VERSION, is_label, prepare
from .transport import Transport, open_transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

#: Shortest time between two reports, in seconds.
INTERVAL = 0.1
#: Publishing takes at most one part in so many of the time, however slow the disk is.
SHARE = 100
#: Seconds that `close()` takes at most.
PATIENCE = 2.0
#: Each of the first turns of a game is told; of later ones, what takes one part in so many of time.
FIRST_TURNS = 10
SHARE_OF_TURNS = 1000


class Stats:
    """What a publisher has done so far.

    turns: turns of the session.
    reports, taken: reports handed to the transport, and those that were written or answered.
    seconds: time that the game spent on them.
    left_out: values, entries and events that were wrong or too many.
    problems: failures of any kind; each kind is said once on standard error.
    """

    __slots__ = ("left_out", "problems", "reports", "seconds", "taken", "turns")

    def __init__(  # noqa: PLR0917
        self, turns: int, reports: int, taken: int, seconds: float, left_out: int, problems: int
    ) -> None:
        self.turns, self.reports, self.taken, self.seconds = turns, reports, taken, seconds
        self.left_out, self.problems = left_out, problems

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"Stats({members})"


def new_session() -> str:
    """Make a name that no other game has: the local time and a random end."""
    # os.urandom, because the state of `random` belongs to the game.
    return f"{strftime('%Y%m%d_%H%M%S')}_{os.urandom(4).hex()}"


class Publisher:
    """Publishes a game as a session of its own.

    Values are absolute: totals since the game began, or what is now. They are kept, and a report
    with the newest leaves with the first turn, then at most every `interval` seconds, and at the
    end. A lost report loses no total, because the next one has them all.

    The publisher never raises into the game and prints nothing but each kind of problem once, on
    standard error. It may be used from any thread, and in child processes, each of which is a
    session of its own.

    session: a name that no other game has. Default: the local time and a random end.
    transport: a URL, the path of a journal, "off" or a `Transport`. Default: the environment
        variable TRADESIM_METRICS, else the journal "logs/metrics.jsonl".
    token: the exporter's bearer token. Default: the environment variable TRADESIM_METRICS_TOKEN.
    interval: the shortest time between two reports, in seconds.
    read: gives further values; called in the game's thread, and only when a report leaves. If it
        has a method `restart`, that is called when a child process begins a session.
    every_turn: keep every turn in a turn log: True, beside the journal as turns.jsonl; or its path.
    """

    def __init__(
        self,
        session: str | None = None,
        transport: Transport | str | os.PathLike[str] | None = None,
        *,
        token: str | None = None,
        interval: float = INTERVAL,
        read: Callable[[], Mapping[str, Any]] | None = None,
        every_turn: bool | str | os.PathLike[str] = False,
    ) -> None:
        self._lock = RLock()
        self._problems = Problems()
        self._contents = Contents(read, self._problems)
        #: Those of the contents, where a turn finds them at once.
        self._values = self._contents.values
        self._interval = interval
        self._read = read
        self._is_publishing = False
        #: Whether a report is the last one or was asked for, so that nothing waits for the next.
        self.is_asked = False
        self._begin(session)
        self._transport = self._open(transport, token)
        if self._transport is None:
            self.__class__ = Silent
            return
        prepare()
        _open.add(self)
        if every_turn:
            from .every_turn import keep_every_turn  # noqa: PLC0415 - others need none of it.

            keep_every_turn(self, every_turn)

    def _begin(self, session: str | None) -> None:
        """Begin a session: everything but values and settings starts anew."""
        self.session = new_session() if session is None else session
        if not is_label(self.session):
            self.drop()
            name = str(self.session).encode(errors="replace").replace(b"\0", b"_")
            self.session = name[:100].decode(errors="ignore") or new_session()
        self._pid = os.getpid()
        self._durations = TurnSeconds()
        self._turns = self._reports = self._taken = 0
        self._spent = 0.0
        self._mark = perf_counter()
        #: When the next report, the next single turn and the earlier of both are due.
        self._report_due = self._row_due = self._due = 0.0

    def _open(
        self, target: Transport | str | os.PathLike[str] | None, token: str | None
    ) -> Transport | None:
        try:
            if target is None or isinstance(target, (str, os.PathLike)):
                return open_transport(target, self.session, token, self.complain)
        except Exception as error:
            self.complain("transport", f"nothing is published: {error}")
            return None
        return target

    def turn(self, seconds: float | None = None, /, **values: object) -> None:
        """Tell that a turn has ended.

        seconds: how long it took. Default: the time since the last turn, without that for reports.
        values: what is known after it, by the keys of docs/report.md.
        """
        with self._lock:
            now = perf_counter()
            if seconds is None:
                # A signal may have told of a turn just now.
                seconds = now - self._mark if now > self._mark else 0.0
            self._mark = now
            self._turns += 1
            if not self._durations.add(seconds):
                self.drop()
            if values:
                self._values.update(values)
            if now >= self._due:
                self._act(now, lambda: {"tour": self._turns, "duree_seconds": seconds, **values})

    def poll(self, row: Callable[[], Mapping[str, Any]]) -> None:
        """Tell that a turn has ended which `read` counts; `row` gives what is told of it alone."""
        now = perf_counter()
        if now >= self._due:
            with self._lock:
                self._act(now, row)

    def report(self, values: Mapping[str, Any]) -> None:
        """Tell values that are no turn's, by the keys of docs/report.md.

        They replace those before, but `evenements_recents`, which are all told, each once.
        """
        with self._lock:
            try:
                values = dict(values)
                self._contents.add_events(values.pop("evenements_recents", ()))
                self._values.update(values)
            except Exception:
                self.drop()
            now = perf_counter()
            if now >= self._report_due:
                self._publish(now)

    def flush(self, *, fini: bool = False) -> None:
        """Publish what is known now, for a game that is about to wait."""
        with self._lock:
            self.is_asked = True
            self._publish(perf_counter(), fini=fini)
            self.is_asked = False

    def restart(self, session: str | None = None) -> None:
        """Begin a new session, because a new game has begun. The old one gets its last report."""
        with self._lock:
            if self._reports:
                self._publish(perf_counter(), fini=True)
            self._contents.restart()
            self._begin(session)

    def close(self) -> None:
        """Send the last report, and let go of the transport. Takes 2 s at most."""
        self._close(perf_counter() + PATIENCE)

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def transport(self) -> Transport | None:
        """Where the reports go; None = nowhere."""
        return self._transport

    @property
    def is_open(self) -> bool:
        """Whether anything is published: not switched off, not closed."""
        return not isinstance(self, Silent)

    @property
    def stats(self) -> Stats:
        """What has been done so far."""
        return Stats(
            turns=self._turns,
            reports=self._reports,
            taken=self._taken,
            seconds=self._spent,
            left_out=self._problems.left_out,
            problems=self._problems.count,
        )

    def _close(self, deadline: float) -> None:
        with self._lock:
            transport = self._transport
            if transport is None or self.__class__ is Silent:
                return
            try:
                self._look_at_process()
                self.is_asked = True
                self.__class__ = Silent
                if self._reports or self._turns:
                    # Half of the time for the report before, the rest for the last one.
                    transport.settle((deadline - perf_counter()) / 2)
                    self._look(transport)
                    self._send_rest(transport, deadline)
                    if not transport.taken:
                        self.complain("end", "the last report did not arrive")
                transport.close()
            except Exception as error:
                self.complain("close", f"cannot end: {error!r}")
            finally:
                # Only now: a child that is forked meanwhile makes the lock anew.
                _open.discard(self)

    def _send_rest(self, transport: Transport, deadline: float) -> None:
        """Send the last report, and others before it as long as events wait and are taken."""
        is_taken, is_last = True, False
        while not is_last:
            report = self._compose(fini=None if is_taken else True)
            is_last = not is_taken or not self._contents.has_more_events
            transport.write(report)
            left = max(0.0, deadline - perf_counter())
            transport.settle(left if is_last else left / 2)
            self._look(transport)
            is_taken = transport.taken

    def _act(self, now: float, row: Callable[[], Mapping[str, Any]]) -> None:
        """Note a single turn and publish, if either is due."""
        if now >= self._row_due:
            try:
                self._contents.note(row())
            except Exception as error:
                self.complain("row", f"cannot read a turn: {error!r}")
            if self._contents.rows_ever >= FIRST_TURNS:
                done = perf_counter()
                self._row_due = done + SHARE_OF_TURNS * (done - now)
        if now >= self._report_due:
            self._publish(now)
        self._due = min(self._row_due, self._report_due)

    def _publish(self, begun: float, *, fini: bool = False) -> None:
        transport = self._transport
        if self._is_publishing:  # `read` or a signal's handler calls.
            return
        self._is_publishing = True
        try:
            self._look_at_process()
            if transport is None or self.__class__ is Silent:
                return
            if not transport.ready():
                self._report_due = begun + self._interval
                return
            self._look(transport)
            transport.write(self._compose(fini=fini))
            if transport.ready():
                self._look(transport)
        except Exception as error:
            self.complain("report", f"cannot make a report: {error!r}")
        finally:
            self._is_publishing = False
        self._mark = now = perf_counter()
        cost = now - begun
        self._spent += cost
        self._report_due = now + max(self._interval, SHARE * cost)

    def _look(self, transport: Transport) -> None:
        """Learn what became of the last report."""
        if self._contents.learn(transport):
            self._taken += 1

    def _compose(self, *, fini: bool | None) -> bytes:
        """Make a report. With None it is the last one if it has all events that wait."""
        self._reports += 1
        body: dict[str, object] = {
            "type": TYPE,
            "version": VERSION,
            "session": self.session,
            "rapport": self._reports,
            "tour": self._turns,
            "timestamp": round(time(), 3),
            "simulation_publication_seconds_total": self._spent,
        }
        if self._turns:
            body["temps_simulation_tour_seconds"] = self._durations.report()
        return self._contents.compose(body, fini=fini)

    def _look_at_process(self) -> None:
        """Notice a fork of which Python was not told."""
        if os.getpid() != self._pid:
            self._forked()

    def _forked(self) -> None:
        """Begin a session of its own in a child process, with totals from here on."""
        self._contents.forked()
        self._is_publishing = False
        self._begin(f"{self.session[:100]}-{os.urandom(4).hex()}")
        if self._transport is not None:
            self._transport.forked(self.session)
        restart = getattr(self._read, "restart", None)
        if restart is not None:
            restart()

    def drop(self) -> None:
        """Count something that is left out."""
        self._problems.drop()

    def complain(self, kind: str, message: str) -> None:
        """Say a kind of problem once. The game continues."""
        self._problems.complain(kind, message)


class Silent(Publisher):
    """A publisher that is switched off or closed: a turn is no more than a call."""

    def turn(self, seconds: float | None = None, /, **values: object) -> None:
        """Do nothing."""

    def poll(self, row: Callable[[], Mapping[str, Any]]) -> None:
        """Do nothing."""

    def report(self, values: Mapping[str, Any]) -> None:
        """Do nothing."""

    def flush(self, *, fini: bool = False) -> None:
        """Do nothing."""

    def restart(self, session: str | None = None) -> None:
        """Do nothing."""


#: Publishers to end with the process, and to begin anew in its children.
_open: set[Publisher] = set()


def _at_exit() -> None:
    deadline = perf_counter() + PATIENCE
    for publisher in list(_open):
        publisher._close(deadline)


def _in_child() -> None:
    for publisher in list(_open):
        publisher._lock = RLock()
        try:
            if publisher.is_open:
                publisher._forked()
        except Exception as error:
            publisher.complain("fork", f"cannot begin anew: {error!r}")


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
