"""Counts the requests of one web process by what tells them apart, within limits.

Names and buckets are those of OpenTelemetry's conventions for HTTP servers, as Prometheus writes
them; docs/report.md has the form of the report.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Upper bounds in seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY")
)
#: Any other method or error.
OTHER = "_OTHER"
#: The route of a request that matched none, and of those beyond the limit.
UNMATCHED = "unmatched"
OTHER_ROUTE = "other"

#: Routes and errors that are told apart.
MAX_ROUTES = 200
MAX_ERRORS = 50
#: Combinations of method, route, code and error that are told apart; ten more hold the others.
MAX_ROWS = 990
MAX_LABEL_BYTES = 128

#: Where a row has the sum of its seconds; before it are its counts, that of +Inf last.
_SUM = len(BOUNDS) + 1

Key = tuple[str, str, int, str]


def new_session() -> str:
    """Make a name that no other process has."""
    return f"web-{os.getpid()}-{os.urandom(8).hex()}"


def _is_label(text: str) -> bool:
    try:
        return 0 < len(text.encode()) <= MAX_LABEL_BYTES and "\0" not in text
    except UnicodeEncodeError:  # Half of a pair.
        return False


class Requests:
    """What a process has answered since it began, and what it is answering."""

    __slots__ = ("_active", "_errors", "_lock", "_routes", "_rows", "changes", "session")

    def __init__(self) -> None:
        self.session = new_session()
        #: Grows with every change.
        self.changes = 0
        # An application may run in several threads, each with an event loop.
        self._lock = Lock()
        self._rows: dict[Key, list[float]] = {}
        self._active: dict[str, int] = {}
        self._routes = {UNMATCHED, OTHER_ROUTE}
        self._errors = {"", OTHER}

    def forked(self) -> None:
        """Let go in a child process of the lock that a thread of its parent may have held."""
        self._lock = Lock()

    def begin(self, method: str) -> None:
        """Note that a request has come."""
        with self._lock:
            self._active[method] = self._active.get(method, 0) + 1
            self.changes += 1

    def end(self, method: str, route: str, status: int, error: str, seconds: float) -> None:
        """Count a request that has begun and is over now."""
        with self._lock:
            row = self._rows.get((method, route, status, error))
            if row is None:
                row = self._row(method, route, status, error)
            row[bisect_left(BOUNDS, seconds)] += 1
            row[_SUM] += seconds
            self._active[method] -= 1
            self.changes += 1

    def _row(self, method: str, route: str, status: int, error: str) -> list[float]:
        """Find the row of a request that is the first of its kind, or one too many."""
        key = (
            method,
            _kept(route, self._routes, MAX_ROUTES + 2, OTHER_ROUTE),
            # A member of http.HTTPStatus would be written as its name before Python 3.11.
            int(status) if 100 <= status <= 599 else 500,  # noqa: PLR2004 - the codes that there are.
            _kept(error, self._errors, MAX_ERRORS + 2, OTHER),
        )
        if key not in self._rows and len(self._rows) >= MAX_ROWS:
            key = (OTHER, OTHER_ROUTE, key[2] // 100 * 100, error and OTHER)
        return self._rows.setdefault(key, [0] * _SUM + [0.0])

    def _copy(self) -> tuple[list[tuple[Key, list[float]]], dict[str, int]]:
        with self._lock:
            return [(key, row[:]) for key, row in self._rows.items()], dict(self._active)

    def report(self) -> dict[str, object]:
        """Give the value of a report's `http`."""
        rows, active = self._copy()
        requests: list[dict[str, object]] = []
        for (method, route, status, error), row in rows:
            one: dict[str, object] = {"method": method, "route": route, "status": status}
            if error:
                one["error"] = error
            one["counts"] = row[:_SUM]
            one["sum"] = row[_SUM]
            requests.append(one)
        return {"le": BOUNDS, "requests": requests, "active": active}

    def text(self) -> str:
        """Give all of it in Prometheus' text format.

        The process is a label, so that Prometheus never takes the numbers of one process for those
        of another, or of all.
        """
        rows, active = self._copy()
        pid = str(os.getpid())
        name = "http_server_active_requests"
        lines = [
            f"# HELP {name} Requests that this process is answering now.",
            f"# TYPE {name} gauge",
            *(
                f"{name}{_labels(http_request_method=method, process_pid=pid)} {count}"
                for method, count in sorted(active.items())
            ),
        ]
        name = "http_server_request_duration_seconds"
        lines.append(f"# HELP {name} Time from a request to the end of its response, in seconds.")
        lines.append(f"# TYPE {name} histogram")
        for (method, route, status, error), row in sorted(rows):
            labels = _labels(
                http_request_method=method,
                http_route=route,
                http_response_status_code=str(status),
                error_type=error,
                process_pid=pid,
            )
            lines += _histogram(name, labels, row)
        return "\n".join(lines) + "\n"


def _kept(value: str, known: set[str], limit: int, other: str) -> str:
    """Give the value if it is one of those told apart, or can become one."""
    if value not in known:
        if len(known) >= limit or not _is_label(value):
            return other
        known.add(value)
    return value


def _labels(**values: str) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in values.items() if value)
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _histogram(name: str, labels: str, row: list[float]) -> Iterable[str]:
    count = 0.0
    for bound, own in zip((*BOUNDS, "+Inf"), row, strict=False):
        count += own
        yield f'{name}_bucket{labels[:-1]},le="{bound}"}} {count:.0f}'
    yield f"{name}_sum{labels} {row[_SUM]!r}"
    yield f"{name}_count{labels} {count:.0f}"
