"""Measures the requests of an ASGI application: FastAPI, Starlette, or any other.

>>> from tradesim_metrics.asgi import MetricsMiddleware
>>> app.add_middleware(MetricsMiddleware)  # FastAPI and Starlette
>>> app = MetricsMiddleware(app)  # any application

docs/web.md has what it counts, and what it does beside an exporter and without one.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
import weakref
from concurrent.futures import Future
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .web_reporter import SCRAPE_HEADER, Exporter, NoExporterError, Reporter
from .web_requests import METHODS, OTHER, UNMATCHED, Requests
from .web_routes import route_of, within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["MetricsMiddleware"]

#: Where an exporter listens unless it is told otherwise.
EXPORTER = "http://127.0.0.1:8000"
#: Seconds between two reports.
INTERVAL = 1.0
SHORTEST_INTERVAL = 0.01
#: Seconds that the end may take at most.
PATIENCE = 2.0
#: Seconds within which an exporter must have answered a scrape.
SCRAPE_PATIENCE = 5.0

_CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_MARK = "tradesim_metrics"
_SCRAPE_HEADER = SCRAPE_HEADER.lower().encode()
#: The client's doing, and no error of the server. By name, because no framework is imported.
_GONE = frozenset(("CancelledError", "Cancelled", "ClientDisconnect", "GeneratorExit"))
#: The code of a request whose client left before there was a response, as nginx has it.
_CLIENT_CLOSED_REQUEST = 499
_SERVER_ERROR = 500
_OK = 200
_UNAVAILABLE = 503


class MetricsMiddleware:
    """Measures each request of an application, and answers `/metrics` in its place.

    It never raises into the application, leaves `receive` alone and costs a few microseconds. It
    prints nothing but each kind of problem once, on standard error.

    exporter: the URL of a tradesim-exporter. Every process reports to it, and `/metrics` gives its
        text. None: `/metrics` gives the requests of the process that is asked.
    token: the exporter's bearer token, if it is on another machine.
    path: the path of the metrics; None answers none.
    interval: seconds between two reports.

    Raises ValueError for a URL, a token, a path or an interval that cannot be used.
    """

    def __init__(
        self,
        app: App,
        *,
        exporter: str | None = EXPORTER,
        token: str | None = None,
        path: str | None = "/metrics",
        interval: float = INTERVAL,
    ) -> None:
        self.app = app
        self._exporter = None if exporter is None else (exporter, token)
        if exporter is not None:
            Exporter(exporter, token)
        if path is not None and not path.startswith("/"):
            raise ValueError(f'cannot answer at the path "{path}": expected one such as /metrics')
        if not (isfinite(interval) and interval >= SHORTEST_INTERVAL):
            raise ValueError(
                f"cannot report every {interval} s: expected {SHORTEST_INTERVAL} or more"
            )
        self._path = path
        self._interval = interval
        self._told: set[str] = set()
        self._begin()
        _open.add(self)

    def _begin(self) -> None:
        """Begin a session: of this process, and of no other."""
        self._requests = Requests()
        self._reporter: Reporter | None = None
        self._is_started = False
        self._is_aside = False
        self._starting = threading.Lock()
        #: The scrape that is under way.
        self._scraping: Future[bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind != "http":
            if kind == "lifespan":
                await self._live(scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        if _MARK in scope:
            self._tell("twice", "the middleware is mounted twice; the inner one counts nothing")
            await self.app(scope, receive, send)
            return
        if not self._is_started:
            self._start(scope)
        if self._path is not None and self._is_scrape(scope):
            await self._answer(scope, send)
        elif self._is_aside:
            await self.app(scope, receive, send)
        else:
            await self._measure(scope, receive, send)

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method not in METHODS:
            method = OTHER
        exchange = _Exchange(self._requests, self.app, method, scope, send)
        scope[_MARK] = True
        try:
            await self.app(scope, receive, exchange)
        except BaseException as error:
            exchange.fail(error)
            raise
        exchange.end()

    def _start(self, scope: Scope) -> None:
        """Begin to report, unless somebody else measures, or nobody is there to report to."""
        with self._starting:
            if self._is_started:
                return
            self._is_started = True
            try:
                self._is_aside = _measures_itself(scope.get("app") or self.app)
                if self._is_aside:
                    self._tell("aside", "FastAPI measures itself, so this middleware does not")
                # Aside too, because /metrics gives the exporter's text.
                if self._exporter is not None:
                    self._report_to(Exporter(*self._exporter), scope)
            except Exception as error:
                self._tell("start", f"cannot report: {error!r}")

    def _report_to(self, exporter: Exporter, scope: Scope) -> None:
        host, port = (scope.get("server") or (None, None))[:2]
        if port == exporter.port and exporter.host in ("127.0.0.1", "localhost", "::1", host):
            self._tell(
                "itself",
                f'this application itself answers at "{exporter.url}", where the exporter should: '
                "start it on another port, such as 8001",
            )
            return
        self._reporter = Reporter(self._requests, exporter, self._interval, self._tell)
        self._reporter.start()

    def _is_scrape(self, scope: Scope) -> bool:
        path = scope["path"]
        return (
            path.endswith(self._path)
            and scope["method"] in ("GET", "HEAD")
            and path in (self._path, scope.get("root_path", "") + self._path)
        )

    async def _answer(self, scope: Scope, send: Send) -> None:
        """Answer a scrape."""
        status, body = _OK, b""
        is_own = any(name == _SCRAPE_HEADER for name, _ in scope.get("headers", ()))
        reporter = None if is_own else self._reporter
        if reporter is not None:
            try:
                body = await self._scrape(reporter)
            except Exception as error:
                self._tell("scrape", f"cannot get the exporter's metrics: {error}")
                # Numbers of one process after those of all would look like a restart.
                if reporter.has_answered:
                    status, body = _UNAVAILABLE, b"The exporter does not answer\n"
        if not body:
            body = self._requests.text().encode()
        headers = [
            (b"content-type", _CONTENT_TYPE if status == _OK else b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        is_head = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if is_head else body})

    async def _scrape(self, reporter: Reporter) -> bytes:
        """Ask the exporter in a thread of its own: the application may have filled all others."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # Another library's loop, such as Trio's.
            return reporter.scrape()
        scraping = self._scraping
        # Who asks meanwhile gets the same answer.
        if scraping is None or scraping.done():
            scraping = Future()
            scraping.set_running_or_notify_cancel()
            asking = (scraping, reporter)
            threading.Thread(target=_ask, args=asking, name="tradesim_metrics", daemon=True).start()
            self._scraping = scraping
        try:
            return await asyncio.wait_for(asyncio.wrap_future(scraping), SCRAPE_PATIENCE)
        except asyncio.TimeoutError:
            raise NoExporterError(f"no answer within {SCRAPE_PATIENCE} s") from None
        finally:
            # An answer may be large.
            if scraping.done() and self._scraping is scraping:
                self._scraping = None

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the last report before the server is told that the application has shut down.

        Where the application does not know of that, this does it in its place: uvicorn ends by the
        signal that it got, and then nothing else would be called.
        """
        is_known = False

        def receive_for_it() -> Awaitable[Message]:
            nonlocal is_known
            is_known = True
            return receive()

        def send_and_close(message: Message) -> Awaitable[None]:
            nonlocal is_known
            is_known = True
            if message["type"].startswith("lifespan.shutdown."):
                self.close()
            return send(message)

        try:
            await self.app(scope, receive_for_it, send_and_close)
        except Exception:
            if is_known:
                raise
        kind = "lifespan.shutdown" if is_known else ""
        while kind != "lifespan.shutdown":
            kind = (await receive())["type"]
            await send_and_close({"type": f"{kind}.complete"})

    def close(self) -> None:
        """Send the last report, within 2 s. A request that comes later begins a new session."""
        reporter = self._reporter
        if reporter is not None:
            self._begin()
            reporter.close(PATIENCE)

    def _tell(self, kind: str, sentence: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            _print(sentence)


class _Exchange:
    """One request: it is the `send` of the application, and notes the response."""

    __slots__ = (
        "_app",
        "_begun",
        "_ended",
        "_method",
        "_mounted",
        "_requests",
        "_scope",
        "_send",
        "_status",
    )

    def __init__(self, requests: Requests, app: App, method: str, scope: Scope, send: Send) -> None:
        self._requests = requests
        self._app = app
        self._method = method
        self._scope = scope
        self._send = send
        #: Where this application is mounted itself; None where it is not.
        self._mounted = scope.get("root_path", "") if "app_root_path" in scope else None
        #: The code of the response; 0 as long as it has not begun.
        self._status = 0
        #: When the response was complete.
        self._ended = 0.0
        requests.begin(method)
        self._begun = perf_counter()

    def __call__(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == "http.response.body":
            if not message.get("more_body", False):
                self._complete()
        elif kind == "http.response.start":
            self._status = message["status"]
        elif kind == "http.response.pathsend":
            self._complete()
        return self._send(message)

    def _complete(self) -> None:
        if self._ended == 0.0:
            self._ended = perf_counter()
            # Of an error the exception is known later; what else is done in the background is not
            # waited for.
            if 0 < self._status < _SERVER_ERROR:
                self._count(self._status, "")

    def end(self) -> None:
        """Note that the application has returned."""
        if self._requests is not _COUNTED:
            # Without a response the server sends an error.
            status = self._status or _SERVER_ERROR
            self._count(status, f"{status:d}" if status >= _SERVER_ERROR else "")

    def fail(self, error: BaseException) -> None:
        """Note what the application has raised."""
        if self._requests is _COUNTED:
            return
        name = type(error).__name__
        if name in _GONE:
            self._count(self._status or _CLIENT_CLOSED_REQUEST, "")
        else:
            self._count(self._status or _SERVER_ERROR, name)

    def _count(self, status: int, error: str) -> None:
        requests, self._requests = self._requests, _COUNTED
        seconds = (self._ended or perf_counter()) - self._begun
        try:
            route = route_of(self._scope, self._mounted, self._app)
        except Exception:  # Another framework may use the same names for something else.
            route = UNMATCHED
        requests.end(self._method, route, status, error, seconds)


#: In place of the requests of an exchange that was counted.
_COUNTED = Requests()


def _measures_itself(app: Any) -> bool:
    """Tell whether this is FastAPI from 0.142 on, with a meter that it records requests with."""
    metrics = sys.modules.get("opentelemetry.metrics")
    if metrics is None:
        return False
    found = next((one for one in within(app) if hasattr(one, "_native_telemetry")), None)
    settings = getattr(found, "_telemetry", None)
    if not isinstance(settings, dict) or not settings.get("metrics", True):
        return False
    provider = settings.get("meter_provider") or metrics.get_meter_provider()
    return type(provider).__name__ not in ("_ProxyMeterProvider", "NoOpMeterProvider")


def _print(sentence: str) -> None:
    try:
        sys.stderr.write(f"tradesim_metrics: {sentence}\n")
        sys.stderr.flush()
    except Exception:  # noqa: S110 - nobody reads it.
        pass


def _ask(scraping: Future[bytes], reporter: Reporter) -> None:
    try:
        scraping.set_result(reporter.scrape())
    except BaseException as error:
        scraping.set_exception(error)


#: Those whose last report is still to be sent.
_open: weakref.WeakSet[MetricsMiddleware] = weakref.WeakSet()


def _close_all() -> None:
    for middleware in list(_open):
        middleware.close()


def _forked() -> None:
    """Begin anew in a child process: threads, locks and connections are its parent's."""
    for middleware in list(_open):
        # A request that was forked in its midst is counted there still.
        middleware._requests.forked()
        middleware._begin()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
