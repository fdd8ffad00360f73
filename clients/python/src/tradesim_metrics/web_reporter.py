"""Reports the requests of a web process to an exporter, from a thread beside the application."""

from __future__ import annotations

import json
import threading
from time import monotonic, time
from typing import TYPE_CHECKING

from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from .web_requests import Requests

#: Seconds after which a report leaves though nothing has changed: the process is still there.
HEARTBEAT = 5.0
#: Seconds between two attempts where the exporter does not take reports, at most.
LONGEST_PAUSE = 5.0
#: Seconds that one request to the exporter may take, its whole answer included.
TIMEOUT = 2.0
#: Bytes of a scrape that are handed on.
MAX_SCRAPE = 64 * 2**20
#: What only an exporter's scrape has.
_MARK = b"\ntradesim_exporter_build_info{"
_OK = 200
_HINTS = {
    401: "it wants a token: give the middleware the one of --ingest-token-file",
    403: "it wants a token: give the middleware the one of --ingest-token-file",
    404: "no exporter answers there",
    405: "no exporter answers there",
}


class NoExporterError(Exception):
    """The exporter does not answer as one."""


class Exporter:
    """An exporter by its URL.

    Raises ValueError for a URL or a token that cannot be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        connection = self._connection = Connection(url, token, TIMEOUT)
        self.host, self.port, self.url = connection.host, connection.port, connection.origin
        self._base = connection.path.rstrip("/")

    def post(self, report: bytes) -> None:
        """Post a report over the connection that is kept open. Raises if it is not taken."""
        status, problem = self._connection.post(f"{self._base}/update_metrics", report)
        if status != _OK:
            raise NoExporterError(_hinted(status, problem))

    def forget(self) -> None:
        """Close the connection."""
        self._connection.close()

    def scrape(self) -> bytes:
        """Fetch the exporter's metrics."""
        headers = {SCRAPE_HEADER: "1"}
        status, problem, body = self._connection.get(f"{self._base}/metrics", headers, MAX_SCRAPE)
        if status != _OK:
            raise NoExporterError(_hinted(status, problem))
        if _MARK not in body:
            raise NoExporterError("what answers there is no exporter")
        return body


#: Marks a scrape that an application hands on, so that it never comes back to itself.
SCRAPE_HEADER = "X-Tradesim-Metrics"


def _hinted(status: int, problem: str) -> str:
    hint = _HINTS.get(status)
    return problem if hint is None else f"{problem}; {hint}"


class Reporter:
    """Reports what a process has answered: once in an interval, if anything has changed.

    Reports are absolute, so that one which is lost or repeated changes nothing.
    """

    def __init__(
        self,
        requests: Requests,
        exporter: Exporter,
        interval: float,
        tell: Callable[[str, str], None],
    ) -> None:
        #: Whether the exporter has ever answered as one.
        self.has_answered = False
        self._requests = requests
        self._exporter = exporter
        self._interval = interval
        self._tell = tell
        self._wake = threading.Event()
        self._is_closing = False
        # One report at a time.
        self._lock = threading.Lock()
        self._rapport = 0
        self._sent = -1
        self._sent_at = 0.0
        self._thread = threading.Thread(target=self._run, name="tradesim_metrics", daemon=True)

    def start(self) -> None:
        """Report from now on."""
        self._thread.start()

    def _run(self) -> None:
        pause = self._interval
        while not self._is_closing:
            self._wake.wait(pause)
            pause = self._interval if self._report() else min(2 * pause, LONGEST_PAUSE)
        self._report(fini=True)
        self._exporter.forget()

    def _report(self, *, fini: bool = False) -> bool:
        """Send a report if there is a reason to. Returns whether the exporter knows all."""
        with self._lock:
            changes = self._requests.changes
            is_known = changes == self._sent and monotonic() < self._sent_at + HEARTBEAT
            if is_known and not fini:
                return True
            # One that has never answered anything need not say that it is over.
            if fini and self._rapport == 0 and changes == 0:
                return True
            self._rapport += 1
            report: dict[str, object] = {
                "type": "tradesim.report",
                "version": 1,
                "session": self._requests.session,
                "rapport": self._rapport,
                "timestamp": time(),
                "http": self._requests.report(),
            }
            if fini:
                report["fini"] = True
            try:
                self._exporter.post(json.dumps(report, separators=(",", ":")).encode())
            except NoExporterError as error:
                self._tell("post", f'cannot report to "{self._exporter.url}": {error}')
                return False
            except Exception as error:  # A bug here must not end the thread.
                self._tell("report", f"cannot report: {error!r}")
                return False
            self.has_answered = True
            self._sent = changes
            self._sent_at = monotonic()
            return True

    def scrape(self) -> bytes:
        """Report what is new, and fetch the exporter's metrics, which have it then."""
        self._report()
        body = self._exporter.scrape()
        self.has_answered = True
        return body

    def close(self, seconds: float) -> None:
        """Send the last report, and wait for that so many seconds at most."""
        self._is_closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
