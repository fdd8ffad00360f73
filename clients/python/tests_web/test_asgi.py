"""The middleware around plain ASGI applications: what is counted, and what it leaves alone."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
import time
import weakref

import pytest
from support import (
    COUNT,
    Receiver,
    call,
    eventually,
    metrics_of,
    reported,
    response,
    run_python,
    scope_of,
    values,
)

from tradesim_metrics.asgi import MetricsMiddleware
from tradesim_metrics.web_reporter import Exporter


def own(app, **options):
    return MetricsMiddleware(app, exporter=None, **options)


def counted(app):
    return values(metrics_of(app)[1])


def routed(app, path):
    """An application that finds a route."""

    class Route:
        pass

    async def router(scope, receive, send):
        scope["route"] = Route()
        scope["route"].path = path
        await app(scope, receive, send)

    return router


def test_a_request_is_counted_by_method_route_and_code():
    app = own(routed(response(201), "/a/{id}"))
    call(app, scope_of("/a/5", "POST"))
    call(app, scope_of("/a/6", "POST"))
    call(app, scope_of("/a/6", "BREW"))
    assert counted(app) == {
        ("POST", "/a/{id}", "201", ""): 2,
        ("_OTHER", "/a/{id}", "201", ""): 1,
    }


def test_without_a_route_it_is_unmatched():
    app = own(response(404))
    for index in range(5):
        call(app, scope_of(f"/secret/{index}"))
    assert counted(app) == {("GET", "unmatched", "404", ""): 5}


def test_messages_and_receive_pass_as_they_are():
    seen = {}

    async def inner(scope, receive, send):
        seen.update(scope=scope, receive=receive)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await send({"type": "http.response.body", "body": b"2"})

    async def receive():
        raise AssertionError("nobody asked")

    scope = scope_of()
    sent = call(own(inner), scope, receive)
    assert seen["receive"] is receive
    assert seen["scope"] is scope
    assert [message.get("body") for message in sent] == [None, b"1", b"2"]
    assert sent[0]["headers"] == [(b"a", b"b")]


@pytest.mark.parametrize("after", [False, True])
def test_an_exception_is_counted_and_raised_again(after):
    async def inner(scope, receive, send):
        if after:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    app = own(inner)
    with pytest.raises(ZeroDivisionError):
        call(app)
    assert counted(app) == {("GET", "unmatched", "200" if after else "500", "ZeroDivisionError"): 1}
    assert values(metrics_of(app)[1], "http_server_active_requests") == {("GET", "", "", ""): 0}


@pytest.mark.parametrize("after", [False, True])
def test_a_client_that_leaves_is_no_error(after):
    class ClientDisconnect(Exception):  # noqa: N818 - Starlette's name.
        pass

    for error in (asyncio.CancelledError, ClientDisconnect):

        async def inner(scope, receive, send, error=error):
            if after:
                await send({"type": "http.response.start", "status": 206, "headers": []})
            raise error

        app = own(inner)
        with pytest.raises(error):
            call(app)
        assert counted(app) == {("GET", "unmatched", "206" if after else "499", ""): 1}


def test_no_response_is_an_error_of_the_server():
    async def inner(scope, receive, send):
        pass

    app = own(inner)
    call(app)
    call(own(response(503)))
    assert counted(app) == {("GET", "unmatched", "500", "500"): 1}


def test_the_time_is_that_of_the_response_without_the_background():
    async def inner(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b""})
        during.update(values(app._requests.text()))
        await asyncio.sleep(2)

    during = {}
    app = own(inner)
    call(app)
    assert during == {("GET", "unmatched", "200", ""): 1}
    seconds = values(metrics_of(app)[1], COUNT.replace("count", "sum"))
    assert 0.2 <= seconds["GET", "unmatched", "200", ""] < 1.9


def test_an_exception_in_the_background_is_none_of_the_response():
    async def inner(scope, receive, send):
        await response()(scope, receive, send)
        raise KeyError

    app = own(inner)
    with pytest.raises(KeyError):
        call(app)
    assert counted(app) == {("GET", "unmatched", "200", ""): 1}


def test_active_requests_are_those_without_an_answer():
    async def main():
        go = asyncio.Event()

        async def inner(scope, receive, send):
            await go.wait()
            await response()(scope, receive, send)

        app = own(inner)

        async def nothing(*_):
            pass

        tasks = [asyncio.create_task(app(scope_of(), nothing, nothing)) for _ in range(3)]
        await asyncio.sleep(0)
        busy = values(app._requests.text(), "http_server_active_requests")
        go.set()
        await asyncio.gather(*tasks)
        return busy, values(app._requests.text(), "http_server_active_requests")

    busy, idle = asyncio.run(main())
    assert busy == {("GET", "", "", ""): 3}
    assert idle == {("GET", "", "", ""): 0}


def test_web_sockets_pass_and_count_nothing():
    seen = []

    async def inner(scope, receive, send):
        seen.append((scope["type"], receive, send))

    async def receive():
        pass

    app = own(inner)
    call(app, {"type": "websocket", "path": "/"}, receive)
    assert [kind for kind, *_ in seen] == ["websocket"]
    assert seen[0][1] is receive
    assert counted(app) == {}


def lifespan(app, *kinds):
    """Run a lifespan to its end; gives what the application sent."""
    messages = iter([{"type": f"lifespan.{kind}"} for kind in kinds])

    async def receive():
        return next(messages)

    return [message["type"] for message in call(app, {"type": "lifespan"}, receive)]


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_where_an_application_has_no_lifespan_the_last_report_leaves_all_the_same(error, receiver):
    async def inner(scope, receive, send):
        if scope["type"] == "http":
            await response()(scope, receive, send)
        elif error is not None:
            raise error

    app = MetricsMiddleware(inner, exporter=receiver.url, interval=60)
    call(app)
    assert lifespan(app, "startup", "shutdown") == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert receiver.taken[-1]["fini"] is True
    assert reported(receiver.taken[-1]) == 1


@pytest.mark.parametrize("has_asked", [False, True])
def test_a_lifespan_that_fails_is_the_servers(has_asked):
    async def inner(scope, receive, send):
        if has_asked:
            await receive()
        else:
            await send({"type": "lifespan.startup.failed"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lifespan(own(inner), "startup")


def test_a_lifespan_passes_as_it_is():
    async def inner(scope, receive, send):
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})

    assert lifespan(own(inner), "startup", "shutdown") == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


def test_metrics_has_its_own_path_and_methods():
    app = own(response(404), path="/intern/metrics")
    assert metrics_of(app)[0] == 404
    sent = call(app, scope_of("/intern/metrics"))
    assert sent[0]["status"] == 200
    assert dict(sent[0]["headers"])[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    head = call(app, scope_of("/intern/metrics", "HEAD"))
    assert dict(head[0]["headers"])[b"content-length"] == b"%d" % len(sent[1]["body"])
    assert head[1]["body"] == b""
    assert call(app, scope_of("/intern/metrics", "POST"))[0]["status"] == 404
    assert call(own(response(404), path=None), scope_of("/metrics"))[0]["status"] == 404
    # Under a root path the server may have it in the path, or not.
    for path in ("/app/metrics", "/metrics"):
        assert call(own(response(404)), scope_of(path, root_path="/app"))[0]["status"] == 200
    assert call(own(response(404)), scope_of("/x/metrics", root_path="/app"))[0]["status"] == 404


def test_mounted_twice_it_counts_once_and_says_so_once(capfd):
    inner = own(response())
    app = own(inner)
    for _ in range(3):
        call(app)
    assert counted(app) == {("GET", "unmatched", "200", ""): 3}
    assert counted(inner) == {}
    assert capfd.readouterr().err.count("mounted twice") == 1


@pytest.mark.parametrize(
    ("url", "token"),
    [("ftp://x", None), ("localhost:8000", None), ("http://", None), ("http://x", "a\nb")],
)
def test_a_wrong_setting_stops_the_start(url, token):
    with pytest.raises(ValueError, match="cannot"):
        MetricsMiddleware(response(), exporter=url, token=token)


@pytest.mark.parametrize(
    "settings", [{"path": "metrics"}, {"path": ""}, {"interval": 0}, {"interval": float("nan")}]
)
def test_a_path_or_an_interval_that_cannot_be_used_stops_the_start_too(settings):
    with pytest.raises(ValueError, match="expected"):
        own(response(), **settings)


def test_what_another_framework_keeps_in_the_scope_fails_no_request():
    async def inner(scope, receive, send):
        scope.update(fastapi=5, path_params=[1], route=object(), root_path="/x")
        await response()(scope, receive, send)

    app = own(inner)
    assert call(app)[0]["status"] == 200
    assert counted(app) == {("GET", "unmatched", "200", ""): 1}


def test_it_reports_what_has_changed_and_that_it_lives(receiver, monkeypatch):
    monkeypatch.setattr("tradesim_metrics.web_reporter.HEARTBEAT", 0.3)
    app = MetricsMiddleware(response(), exporter=receiver.url, token="abc", interval=0.02)
    call(app)
    eventually(lambda: receiver.taken)
    first = receiver.taken[0]
    assert first["type"] == "tradesim.report"
    assert reported(first) == 1
    assert receiver.headers[0][0] == "/update_metrics"
    assert receiver.headers[0][1]["Authorization"] == "Bearer abc"
    eventually(lambda: len(receiver.taken) >= 3)
    numbers = [report["rapport"] for report in receiver.taken]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len({report["session"] for report in receiver.taken}) == 1
    app.close()
    last = receiver.taken[-1]
    assert last["fini"] is True
    # Afterwards another session begins.
    call(app)
    eventually(lambda: receiver.taken[-1]["session"] != last["session"])
    assert reported(receiver.taken[-1]) == 1
    app.close()


def test_the_last_report_leaves_before_the_shutdown_is_over(receiver):
    order = []

    async def inner(scope, receive, send):
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await response()(scope, receive, send)

    async def main():
        async def send(message):
            order.append((message["type"], [one.get("fini") for one in receiver.taken][-1:]))

        await app({"type": "lifespan"}, None, send)

    app = MetricsMiddleware(inner, exporter=receiver.url, interval=60)
    call(app)
    asyncio.run(main())
    assert order == [("lifespan.shutdown.complete", [True])]
    assert reported(receiver.taken[-1]) == 1


def test_metrics_are_the_exporters_with_what_is_new(receiver):
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=60)
    call(app)
    assert metrics_of(app) == (200, receiver.metrics)
    assert reported(receiver.taken[-1]) == 1
    call(app)
    metrics_of(app)
    assert reported(receiver.taken[-1]) == 2
    app.close()


def test_a_scrape_never_comes_back_to_the_application(receiver):
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=60)
    call(app)
    text = metrics_of(app, headers=[(b"x-tradesim-metrics", b"1")])[1]
    assert values(text) == {("GET", "unmatched", "200", ""): 1}
    app.close()


def test_without_an_exporter_there_are_its_own_metrics_and_one_word(capfd):
    gone = Receiver()
    gone.close()
    app = MetricsMiddleware(response(), exporter=gone.url, interval=0.01)
    for _ in range(3):
        call(app)
        status, text = metrics_of(app)
        assert status == 200
    assert values(text) == {("GET", "unmatched", "200", ""): 3}
    err = eventually(lambda: capfd.readouterr().err)
    app.close()
    err += capfd.readouterr().err
    assert err.count("cannot report to") == 1
    assert err.count("cannot get the exporter's metrics") == 1


def test_an_exporter_that_is_gone_for_a_while_leaves_a_gap_and_no_other_numbers(receiver):
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=0.01)
    call(app)
    assert metrics_of(app)[0] == 200
    receiver.status = 500
    assert metrics_of(app)[0] == 503
    call(app)
    receiver.status = 200
    assert metrics_of(app) == (200, receiver.metrics)
    eventually(lambda: reported(receiver.taken[-1]) == 2)
    app.close()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "--ingest-token-file"), (404, "no exporter"), (500, "500")]
)
def test_what_is_refused_is_said_once_and_fails_no_request(status, words, receiver, capfd):
    receiver.status = status
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=0.01)
    call(app)
    eventually(lambda: len(receiver.headers) >= 3)
    assert call(app)[0]["status"] == 200
    app.close()
    err = capfd.readouterr().err
    assert err.count("cannot report") == 1
    assert words in err


def test_what_is_no_exporter_is_not_handed_on(receiver, capfd):
    receiver.metrics = "<html>"
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=60)
    call(app)
    receiver.status = 404
    status, text = metrics_of(app)
    assert (status, values(text)) == (200, {("GET", "unmatched", "200", ""): 1})
    app.close()
    receiver.status = 200
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=60)
    call(app)
    assert "<html>" not in metrics_of(app)[1]
    app.close()
    assert "no exporter" in capfd.readouterr().err


def test_an_application_where_the_exporter_should_be_says_so(capfd):
    app = MetricsMiddleware(response(), exporter="http://127.0.0.1:8000")
    for _ in range(2):
        call(app, scope_of(server=("127.0.0.1", 8000)))
    assert capfd.readouterr().err.count("start it on another port") == 1
    assert metrics_of(app)[0] == 200


def test_the_end_takes_no_longer_than_it_may():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        app = MetricsMiddleware(response(), exporter=url, interval=0.01)
        call(app)
        began = time.monotonic()
        app.close()
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_exporter_whose_connection_ends_with_each_answer_is_read_to_the_end(version):
    metrics = b"\ntradesim_exporter_build_info{} 1\n" + b"# x\n" * 100_000

    def answer():
        for _ in range(2):
            connection, _address = server.accept()
            with connection:
                connection.recv(65536)
                head = f"HTTP/{version} 200 OK\r\nConnection: close\r\n"
                connection.sendall(f"{head}Content-Length: {len(metrics)}\r\n\r\n".encode())
                # The head is read before there is more.
                time.sleep(0.2)
                connection.sendall(metrics)
                with contextlib.suppress(OSError):
                    while connection.recv(65536):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        exporter = Exporter(f"http://127.0.0.1:{server.getsockname()[1]}", None)
        assert exporter.scrape() == metrics
        exporter.post(b"{}")
        exporter.forget()
        thread.join(20)
    assert not thread.is_alive()


def test_a_forked_process_is_a_session_of_its_own(receiver):
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=0.01)
    call(app)
    eventually(lambda: receiver.taken)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            call(app)
            app.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    call(app)
    app.close()
    last = {report["session"]: report for report in receiver.taken}
    assert sorted(reported(one) for one in last.values()) == [1, 2]
    assert all(one["fini"] for one in last.values())


def test_a_request_that_is_forked_in_its_midst_ends_in_the_child_too():
    async def inner(scope, receive, send):
        # As if another thread counted a request at this moment.
        lock = app._requests._lock
        lock.acquire()
        child.append(os.fork())
        if child[0] == 0:
            signal.alarm(20)
        else:
            lock.release()
        await response()(scope, receive, send)

    child = []
    app = own(inner)
    call(app)
    if child[0] == 0:
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]) == 0


def test_requests_and_scrapes_import_nothing(receiver):
    # A child that is forked while another thread imports waits for the end of that for ever.
    code = """
import asyncio, sys
from tradesim_metrics.asgi import MetricsMiddleware

async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

async def main():
    async def send(message):
        pass

    for path in ("/", "/metrics"):
        await app({"type": "http", "method": "GET", "path": path}, None, send)

app = MetricsMiddleware(inner, exporter=sys.argv[1])
asyncio.run(asyncio.sleep(0))
before = set(sys.modules)
asyncio.run(main())
app.close()
assert set(sys.modules) == before, set(sys.modules) - before
"""
    run_python(code, receiver.url)


class Slow:
    """An exporter that answers when it may."""

    def __init__(self):
        self.entered, self.go = threading.Event(), threading.Event()
        self.asked = 0

    def scrape(self):
        self.asked += 1
        self.entered.set()
        assert self.go.wait(20)
        return b"all"


def test_a_scrape_that_is_under_way_survives_the_end():
    slow = Slow()

    async def main():
        task = asyncio.create_task(app._scrape(slow))
        await asyncio.to_thread(slow.entered.wait, 20)
        app._begin()
        slow.go.set()
        return await task

    app = own(response())
    assert asyncio.run(main()) == b"all"


def test_scrapes_at_once_are_one_question_to_the_exporter():
    slow = Slow()

    async def main():
        tasks = [asyncio.create_task(app._scrape(slow)) for _ in range(3)]
        await asyncio.to_thread(slow.entered.wait, 20)
        # One that is broken off takes nothing from the others.
        tasks[0].cancel()
        await asyncio.sleep(0)
        slow.go.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        return answers, await app._scrape(slow)

    app = own(response())
    (cancelled, *answers), later = asyncio.run(main())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert (answers, later, slow.asked) == ([b"all"] * 2, b"all", 2)
    assert app._scraping is None


def test_a_scrape_needs_no_thread_that_the_application_may_have_filled(receiver):
    go = threading.Event()

    async def main():
        loop = asyncio.get_running_loop()
        busy = [loop.run_in_executor(None, go.wait, 60) for _ in range(100)]

        async def send(message):
            sent.append(message)

        await app(scope_of("/metrics"), None, send)
        go.set()
        await asyncio.gather(*busy)

    sent = []
    app = MetricsMiddleware(response(), exporter=receiver.url, interval=60)
    call(app)
    asyncio.run(main())
    assert sent[0]["status"] == 200
    assert sent[1]["body"].decode() == receiver.metrics
    app.close()


def test_a_scrape_that_took_too_long_does_not_keep_later_ones_from_the_exporter(
    receiver, monkeypatch, capfd
):
    slow = Slow()

    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        app._reporter = slow
        slow.has_answered = True
        await app(scope_of("/metrics"), None, send)
        slow.go.set()
        scraping = app._scraping
        await asyncio.to_thread(eventually, scraping.done)
        await app(scope_of("/metrics"), None, send)
        return [message["status"] for message in sent if "status" in message]

    monkeypatch.setattr("tradesim_metrics.asgi.SCRAPE_PATIENCE", 0.1)
    app = own(response())
    call(app)
    assert asyncio.run(main()) == [503, 200]
    assert "no answer within 0.1 s" in capfd.readouterr().err


def test_a_middleware_that_is_dropped_is_collected():
    app = own(response())
    call(app)
    seen = weakref.ref(app)
    del app
    gc.collect()
    assert seen() is None


def test_no_framework_is_imported():
    code = (
        "import sys; import tradesim_metrics.asgi; "
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('starlette', 'fastapi', 'opentelemetry', 'prometheus_client', 'anyio')])"
    )
    assert run_python(code) == "[]\n"
