"""HTTP: one connection that is kept open, and a deadline for each request."""

from __future__ import annotations

# Looking up a host needs it. If a thread imported it at its first post, a child forked meanwhile
# would wait for the end of that import for ever.
import encodings.idna  # noqa: F401
import http.client
import io
import re
from base64 import b64encode
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

#: Bytes of an answer to a report that are read; an exporter's has less than a hundred.
MAX_ANSWER = 65536


class _Reader(io.RawIOBase):
    """Reads a socket until a moment; http.client alone would wait anew for each byte."""

    def __init__(self, owner: _Socket, sock: Any) -> None:
        self._owner = owner
        self._sock = sock
        self._deadline = owner.deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._sock.settimeout(left)
        count: int = self._sock.recv_into(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._owner.end_reading()


class _Socket:
    """What http.client needs of a socket, with one deadline for the request and its answer."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._readers = 0
        self._is_over = False
        self.deadline = 0.0

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(max(0.001, self.deadline - monotonic()))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_Reader(self, self._sock))

    def end_reading(self) -> None:
        self._readers -= 1
        if self._is_over and self._readers <= 0:
            self._sock.close()

    def close(self) -> None:
        # http.client closes it before it reads an answer after which the connection ends.
        self._is_over = True
        if self._readers <= 0:
            self._sock.close()


class Connection:
    """A connection to the exporter of a URL. No proxy is asked, whatever the environment says.

    `timeout` is for one request, in seconds: connecting and the whole answer included. Raises
    ValueError for a URL or a token that cannot be used.
    """

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f'cannot report to "{url}": expected a URL such as http://127.0.0.1:8000'
            )
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ValueError("cannot use the token: expected ASCII characters without spaces")
        self.host = parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.path = parts.path
        self.query = parts.query
        #: Without user and password.
        self.origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._timeout = timeout
        self._reading: dict[str, str] = {}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._reading["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        self._posting = {"Content-Type": "application/json", **self._reading}
        if token is not None:
            self._posting["Authorization"] = f"Bearer {token}"
        self._kept: tuple[http.client.HTTPConnection, _Socket] | None = None

    def post(self, path: str, report: bytes) -> tuple[int, str]:
        """Post a report. Gives the status, 0 for no answer, and what is wrong."""
        was_open = self._kept is not None
        try:
            return self._post(path, report)
        except Exception as error:
            self.close()
            if not was_open or isinstance(error, TimeoutError):
                return 0, _reason(error)
        # The exporter may have closed the connection since the last report.
        try:
            return self._post(path, report)
        except Exception as error:
            self.close()
            return 0, _reason(error)

    def get(self, path: str, headers: dict[str, str], limit: int) -> tuple[int, str, bytes]:
        """Fetch over a connection of its own. Gives what `post` does, and the body."""
        try:
            connection, _ = self._open()
            try:
                connection.request("GET", path, headers={**self._reading, **headers})
                response = connection.getresponse()
                return response.status, _refusal(response), response.read(limit)
            finally:
                connection.close()
        except Exception as error:
            return 0, _reason(error), b""

    def close(self) -> None:
        if self._kept is not None:
            self._kept[0].close()
        self._kept = None

    def abandon(self) -> None:
        """Forget the connection: it is that of the process from which this one was forked."""
        self._kept = None

    def _open(self) -> tuple[http.client.HTTPConnection, _Socket]:
        deadline = monotonic() + self._timeout
        connection = self._kind(self.host, self.port, timeout=self._timeout)
        connection.connect()
        sock = _Socket(connection.sock)
        sock.deadline = deadline
        connection.sock = sock
        return connection, sock

    def _post(self, path: str, report: bytes) -> tuple[int, str]:
        deadline = monotonic() + self._timeout
        if self._kept is None:
            self._kept = self._open()
        connection, sock = self._kept
        sock.deadline = deadline
        connection.request("POST", path, body=report, headers=self._posting)
        response = connection.getresponse()
        response.read(MAX_ANSWER)
        if not response.isclosed():
            self.close()
        elif response.will_close:
            self._kept = None
        return response.status, _refusal(response)


def _refusal(response: http.client.HTTPResponse) -> str:
    return f"the answer is {response.status} {response.reason}"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
