"""Reports the requests of a web process to an exporter, from a thread beside the application."""

from __future__ import annotations

import http.client
import json
import re
import threading
from base64 import b64encode
from time import monotonic, time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .web_requests import Requests

#: Seconds after which a report leaves though nothing has changed: the process is still there.
HEARTBEAT = 5.0
#: Seconds between two attempts where the exporter does not take reports, at most.
LONGEST_PAUSE = 5.0
#: Seconds that one request to the exporter may wait for its next byte.
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
    """An exporter by its URL. No proxy is asked, whatever the environment says.

    Raises ValueError for a URL or a token that cannot be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'cannot report to "{url}": expected a URL of http or https')
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ValueError("cannot use the token: expected ASCII characters without spaces")
        self.host = parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._base = parts.path.rstrip("/")
        basic: dict[str, str] = {}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            basic["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._reading = basic
        self._posting = {"Content-Type": "application/json", **basic, **bearer}
        self._connection: http.client.HTTPConnection | None = None

    def post(self, report: bytes) -> None:
        """Post a report over the connection that is kept open. Raises if it is not taken."""
        was_open = self._connection is not None
        try:
            self._post(report)
        except (OSError, http.client.HTTPException) as error:
            self.forget()
            # The exporter may have closed the connection since the last report.
            if not was_open or isinstance(error, TimeoutError):
                raise NoExporterError(_reason(error)) from error
            try:
                self._post(report)
            except (OSError, http.client.HTTPException) as again:
                self.forget()
                raise NoExporterError(_reason(again)) from again

    def _post(self, report: bytes) -> None:
        if self._connection is None:
            self._connection = self._kind(self.host, self.port, timeout=TIMEOUT)
        connection = self._connection
        connection.request("POST", f"{self._base}/update_metrics", report, self._posting)
        response = connection.getresponse()
        response.read(65536)
        if not response.isclosed():
            self.forget()
        if response.status != _OK:
            raise NoExporterError(_refusal(response))

    def forget(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def scrape(self) -> bytes:
        """Fetch the exporter's metrics."""
        connection = self._kind(self.host, self.port, timeout=TIMEOUT)
        try:
            headers = {**self._reading, SCRAPE_HEADER: "1"}
            connection.request("GET", f"{self._base}/metrics", headers=headers)
            response = connection.getresponse()
            body = response.read(MAX_SCRAPE)
            if response.status != _OK:
                raise NoExporterError(_refusal(response))
        except (OSError, http.client.HTTPException) as error:
            raise NoExporterError(_reason(error)) from error
        finally:
            connection.close()
        if _MARK not in body:
            raise NoExporterError("what answers there is no exporter")
        return body


#: Marks a scrape that an application hands on, so that it never comes back to itself.
SCRAPE_HEADER = "X-Tradesim-Metrics"


def _refusal(response: http.client.HTTPResponse) -> str:
    answer = f"the answer is {response.status} {response.reason}"
    hint = _HINTS.get(response.status)
    return answer if hint is None else f"{answer}; {hint}"


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


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
