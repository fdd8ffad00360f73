"""HTTP: one thread beside the game posts to an exporter, over one connection that is kept open."""

from __future__ import annotations

import http.client
import io
import re
import threading
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .transport import Tell

#: Seconds that one attempt may take, connecting and answer included.
TIMEOUT = 5.0
#: Seconds between two attempts: the first pause and the longest.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
#: Bytes of an answer that are read; an exporter's has less than a hundred.
MAX_ANSWER = 65536

_PATH = "/update_metrics"
_TOO_LARGE = 413
#: Refusals that may end by themselves, besides those from 500 on.
_AGAIN = (408, 429)


class _Reader(io.RawIOBase):
    """Reads a socket until a moment; http.client alone would wait anew for each byte."""

    def __init__(self, sock: Any, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._sock.settimeout(left)
        count: int = self._sock.recv_into(buffer)
        return count


class _Socket:
    """What http.client needs of a socket, with one deadline for the report and its answer."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.deadline = 0.0

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(max(0.001, self.deadline - monotonic()))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self.deadline))

    def close(self) -> None:
        self._sock.close()


class Post:
    """Posts one report at a time, again and again until it is answered.

    A report that the exporter refuses for good (any status but 200 to 299, 408, 429 and 500 to 599)
    is dropped. No proxy is asked, whatever the environment says.
    """

    def __init__(self, url: str, token: str | None, tell: Tell) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'cannot post to "{url}": expected a URL of http or https')
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ValueError("cannot use the token: expected ASCII characters without spaces")
        self._host, self._port = parts.hostname, parts.port
        self._is_secure = parts.scheme == "https"
        self._path = parts.path if len(parts.path) > 1 else _PATH
        if parts.query:
            self._path += "?" + parts.query
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self._path}"
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
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
        self._connection: http.client.HTTPConnection | None = None
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
        self._begin()

    def _run(self) -> None:
        reports = self._reports
        while (report := reports.get()) is not None:
            self._deliver(report)
        if self._connection is not None:
            self._connection.close()

    def _deliver(self, report: bytes) -> None:
        pause = FIRST_PAUSE
        while True:
            status, problem = self._attempt(report)
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

    def _attempt(self, report: bytes) -> tuple[int, str]:
        """Post once. Gives the status, 0 for no answer, and what is wrong."""
        was_open = self._connection is not None
        try:
            return self._post(report)
        except Exception as error:
            self._drop_connection()
            if not was_open or isinstance(error, TimeoutError):
                return 0, _reason(error)
        # The exporter may have closed the connection since the last report.
        try:
            return self._post(report)
        except Exception as error:
            self._drop_connection()
            return 0, _reason(error)

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, report: bytes) -> tuple[int, str]:
        deadline = monotonic() + TIMEOUT
        connection = self._connection
        if connection is None:
            kind = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
            connection = kind(self._host, self._port, timeout=TIMEOUT)
            connection.connect()
            self._socket = connection.sock = _Socket(connection.sock)
            self._connection = connection
        self._socket.deadline = deadline
        connection.request("POST", self._path, body=report, headers=self._headers)
        response = connection.getresponse()
        response.read(MAX_ANSWER)
        if not response.isclosed():
            self._drop_connection()
        elif response.will_close:
            self._connection = None
        return response.status, f"the answer is {response.status} {response.reason}"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
