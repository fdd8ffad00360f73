"""HTTP: one thread beside the game posts to an exporter, over one connection that is kept open."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from .connection import Connection

if TYPE_CHECKING:
    from .transport import Tell

#: Seconds that one attempt may take, connecting and answer included.
TIMEOUT = 5.0
#: Seconds between two attempts: the first pause and the longest.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0

_PATH = "/update_metrics"
_TOO_LARGE = 413
#: Refusals that may end by themselves, besides those from 500 on.
_AGAIN = (408, 429)


class Post:
    """Posts one report at a time, again and again until it is answered.

    A report that the exporter refuses for good (any status but 200 to 299, 408, 429 and 500 to 599)
    is dropped.
    """

    def __init__(self, url: str, token: str | None, tell: Tell) -> None:
        connection = self._connection = Connection(url, token, TIMEOUT)
        self._path = connection.path if len(connection.path) > 1 else _PATH
        if connection.query:
            self._path += "?" + connection.query
        self.url = connection.origin + self._path
        self._tell = tell
        self._begin()
        self._start()

    def _begin(self) -> None:
        self.taken = False
        self.too_large = False
        self._is_busy = False
        self._reports: SimpleQueue[bytes | None] = SimpleQueue()
        self._settled = threading.Event()
        #: Set when nobody wants to wait for the next attempt.
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="tradesim_metrics", daemon=True)
        self._thread.start()

    def ready(self) -> bool:
        return not self._is_busy

    def write(self, report: bytes) -> None:
        self.taken = False
        self._is_busy = True
        self._settled.clear()
        if self._thread is None:
            try:
                self._start()
            except RuntimeError:  # The interpreter is ending: nobody else can post this.
                self._deliver(report)
                return
        self._reports.put(report)

    def settle(self, seconds: float) -> None:
        self._hurry.set()
        if self._is_busy:
            self._settled.wait(seconds)

    def close(self) -> None:
        # The thread is a daemon: it may be in the midst of an attempt, which nobody waits for.
        self._hurry.set()
        self._reports.put(None)

    def forked(self, _session: str) -> None:
        # Neither thread nor locks survived; the connection is the parent's.
        self._connection.abandon()
        self._begin()

    def _run(self) -> None:
        reports = self._reports
        while (report := reports.get()) is not None:
            self._deliver(report)
        self._connection.close()

    def _deliver(self, report: bytes) -> None:
        pause = FIRST_PAUSE
        while True:
            status, problem = self._connection.post(self._path, report)
            self.taken = 200 <= status < 300  # noqa: PLR2004
            if self.taken:
                break
            self._tell("post", f'cannot post to "{self.url}": {problem}')
            self.too_large = self.too_large or status == _TOO_LARGE
            is_last = self._hurry.is_set()
            # After a refusal too: whatever comes next may fare no better.
            self._hurry.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            is_for_good = 0 < status < 500 and status not in _AGAIN  # noqa: PLR2004
            if is_for_good or is_last:
                break
        self._is_busy = False
        self._settled.set()
