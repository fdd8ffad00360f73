"""FastAPI and Starlette as they are: routes, mounts, errors, and FastAPI's own meter."""

import importlib
import subprocess
import sys

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from support import eventually, reported, values

from tradesim_metrics.asgi import MetricsMiddleware


def client(app):
    return TestClient(app, raise_server_exceptions=False)


def counted(answers):
    return values(answers.get("/metrics").text)


@pytest.fixture
def application(monkeypatch):
    monkeypatch.setenv("WEB_EXPORTER", "")
    sys.modules.pop("application", None)
    return importlib.import_module("application").app


def test_fastapi_routes_are_templates(application):
    with client(application) as answers:
        codes = [
            answers.get(path).status_code
            for path in (
                "/",
                "/produits/5",
                "/produits/6",
                "/produits/x",
                "/api/T/r/x/secret",
                "/sub/secret/hello/secret",
                "/sub/secret/deep/secret",
                "/nowhere/secret",
                "/boom",
                "/broken",
                "/stream",
            )
        ]
        assert codes == [200, 200, 200, 422, 200, 200, 500, 404, 500, 200, 200]
        assert answers.post("/").status_code == 405
        assert answers.post("/echo", json={"a": 1}).json() == {"a": 1}
        found = counted(answers)
    assert found == {
        ("GET", "/", "200", ""): 1,
        ("GET", "/produits/{id}", "200", ""): 2,
        ("GET", "/produits/{id}", "422", ""): 1,
        ("GET", "/api/{t}/r/x/{a}", "200", ""): 1,
        ("GET", "/sub/{tenant}/hello/{n}", "200", ""): 1,
        ("GET", "/sub/{tenant}/deep/{path}", "500", "TypeError"): 1,
        ("GET", "unmatched", "404", ""): 1,
        ("GET", "/boom", "500", "ValueError"): 1,
        ("GET", "/broken", "200", "KeyError"): 1,
        ("GET", "/stream", "200", ""): 1,
        ("POST", "/", "405", ""): 1,
        ("POST", "/echo", "200", ""): 1,
    }


def test_web_sockets_pass(application):
    with client(application) as answers, answers.websocket_connect("/ws") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    with client(application) as answers:
        assert counted(answers) == {}


@pytest.mark.parametrize("outside", [False, True])
def test_starlette_with_mounts_and_other_middleware(outside, folder):
    (folder / "file.txt").write_text("text")

    async def hello(request):
        return PlainTextResponse(str(request.path_params))

    async def untouched(request, call_next):
        return await call_next(request)

    routes = [
        Route("/hello/{name}", hello),
        Mount("/static", StaticFiles(directory=folder)),
        Mount("/a", routes=[Mount("/b", routes=[Route("/c/{d:int}", hello)])]),
        Mount("/files/{rest:path}/end", routes=[Route("/x", hello)]),
    ]
    others = [Middleware(BaseHTTPMiddleware, dispatch=untouched)]
    if outside:
        app = MetricsMiddleware(Starlette(routes=routes, middleware=others), exporter=None)
    else:
        ours = Middleware(MetricsMiddleware, exporter=None)
        app = Starlette(routes=routes, middleware=[ours, *others])
    with client(app) as answers:
        for path in (
            "/hello/you",
            "/static/file.txt",
            "/static/none.txt",
            "/a/b/c/5",
            "/a/b/none",
            "/files/secret/7/end/x",
            "/none",
        ):
            answers.get(path)
        found = counted(answers)
    assert found == {
        ("GET", "/hello/{name}", "200", ""): 1,
        ("GET", "/static/{path}", "200", ""): 1,
        ("GET", "/static/{path}", "404", ""): 1,
        ("GET", "/a/b/c/{d:int}", "200", ""): 1,
        ("GET", "/a/b/{path}", "404", ""): 1,
        ("GET", "/files/{rest:path}/end/x", "200", ""): 1,
        ("GET", "unmatched", "404", ""): 1,
    }


def hidden(app):
    """Wrap an application so that nobody sees what it is."""

    async def wrapped(scope, receive, send):
        await app(scope, receive, send)

    return wrapped


@pytest.mark.parametrize("outside", [False, True])
def test_no_value_of_a_mount_is_ever_a_route(outside):
    async def hello(request):
        return PlainTextResponse(str(request.path_params))

    part = [
        # The inner parameter hides that of the mount.
        Mount("/sub/{id}", routes=[Route("/x/{id}", hello)]),
        # A value may be what the path has elsewhere, or be written otherwise.
        Mount("/api/{t}", routes=[Route("/x", hello)]),
        Mount("/number/{n:int}", routes=[Mount("/deep", Starlette(routes=[Route("/{m}", hello)]))]),
    ]
    routes = [*part, Host("testserver", Router([Mount("/host/{id}", routes=[Route("/x", hello)])]))]
    ours = Middleware(MetricsMiddleware, exporter=None)
    app = Starlette(routes=routes, middleware=[] if outside else [ours])
    paths = ["/sub/a/x/1", "/sub/b/x/1", "/api/api/x", "/api/b/x", "/number/05/deep/1", "/host/a/x"]
    with client(MetricsMiddleware(app, exporter=None) if outside else app) as answers:
        assert {answers.get(path).status_code for path in paths} == {200}
        found = counted(answers)
    assert found == {
        ("GET", "/sub/{id}/x/{id}", "200", ""): 2,
        ("GET", "/api/{t}/x", "200", ""): 2,
        ("GET", "/number/{n:int}/deep/{m}", "200", ""): 1,
        ("GET", "/host/{id}/x", "200", ""): 1,
    }
    with client(MetricsMiddleware(hidden(app), exporter=None)) as answers:
        for path in paths:
            answers.get(path)
        if outside:
            assert set(counted(answers)) == {
                ("GET", f"/{{mount}}{end}", "200", "") for end in ("/x/{id}", "/x", "/{m}")
            }


@pytest.mark.parametrize("outside", [False, True])
def test_plain_routes_of_fastapi_have_names_too(outside):
    async def hello(request):
        return PlainTextResponse("x")

    async def other(request):
        return PlainTextResponse("x")

    router = APIRouter()
    router.add_route("/in/{y}", other)
    app = FastAPI()
    app.add_route("/plain/{x}", hello)
    app.include_router(router, prefix="/pre")
    if outside:
        app = MetricsMiddleware(app, exporter=None)
    else:
        app.add_middleware(MetricsMiddleware, exporter=None)
    with client(app) as answers:
        for path in ("/docs", "/openapi.json", "/plain/1", "/pre/in/1", "/none"):
            answers.get(path)
        assert counted(answers) == {
            ("GET", "/docs", "200", ""): 1,
            ("GET", "/openapi.json", "200", ""): 1,
            ("GET", "/plain/{x}", "200", ""): 1,
            ("GET", "/pre/in/{y}", "200", ""): 1,
            ("GET", "unmatched", "404", ""): 1,
        }


def test_mounts_of_included_routers_have_their_prefix():
    async def hello(request):
        return PlainTextResponse("x")

    router = APIRouter()
    router.mount("/m/{t}", Starlette(routes=[Route("/q/{z}", hello)]))
    app = FastAPI()
    app.include_router(router, prefix="/pre")
    app.add_middleware(MetricsMiddleware, exporter=None)
    with client(app) as answers:
        assert answers.get("/pre/m/a/q/1").status_code == 200
        assert counted(answers) == {("GET", "/pre/m/{t}/q/{z}", "200", ""): 1}


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("of_server", [False, True])
def test_a_root_path_is_no_part_of_a_route(outside, of_server):
    app = FastAPI(root_path="" if of_server else "/base")

    @app.get("/x/{a}")
    def x(a):
        return a

    async def hello(request):
        return PlainTextResponse("x")

    app.mount("/m", Starlette(routes=[Route("/{b}", hello)]))
    if outside:
        app = MetricsMiddleware(app, exporter=None)
    else:
        app.add_middleware(MetricsMiddleware, exporter=None)
    answers = TestClient(app, root_path="/base" if of_server else "")
    for path in ("/x/1", "/base/x/2", "/base/m/2", "/none", "/base/none"):
        answers.get(path)
    assert counted(answers) == {
        ("GET", "/x/{a}", "200", ""): 2,
        ("GET", "/m/{b}", "200", ""): 1,
        ("GET", "unmatched", "404", ""): 2,
    }


def test_mounted_in_the_application_and_in_a_part_of_it_it_counts_once(capfd):
    part = FastAPI()

    @part.get("/x")
    def x():
        return 1

    app = FastAPI()
    app.mount("/part", part)
    for one in (app, part):
        one.add_middleware(MetricsMiddleware, exporter=None)
    with client(app) as answers:
        answers.get("/part/x")
        answers.get("/part/x")
        assert counted(answers) == {("GET", "/part/x", "200", ""): 2}
    assert capfd.readouterr().err.count("mounted twice") == 1


METERED = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from fastapi import FastAPI
from starlette.testclient import TestClient
from tradesim_metrics.asgi import MetricsMiddleware

reader = InMemoryMetricReader()
provider = MeterProvider([reader])
app = FastAPI({settings})
{setting}

@app.get("/x")
def x():
    return 1

{mounting}
with TestClient(app) as client:
    for _ in range(3):
        assert client.get("/x").status_code == 200
    text = client.get("/metrics").text
data = reader.get_metrics_data()
names = [m.name for r in (data.resource_metrics if data else []) for s in r.scope_metrics
         for m in s.metrics]
print(text.count("_count{{"), "http.server.request.duration" in names)
"""


@pytest.mark.parametrize(
    ("settings", "setting", "is_aside"),
    [
        ("", "metrics.set_meter_provider(provider)", True),
        ('telemetry={"meter_provider": provider}', "", True),
        ("", "", False),
        ('telemetry={"metrics": False}', "metrics.set_meter_provider(provider)", False),
    ],
)
@pytest.mark.parametrize("outside", [False, True])
def test_it_stands_aside_where_fastapi_measures_itself(settings, setting, is_aside, outside):
    mounting = (
        "app = MetricsMiddleware(app, exporter=None)"
        if outside
        else "app.add_middleware(MetricsMiddleware, exporter=None)"
    )
    code = METERED.format(settings=settings, setting=setting, mounting=mounting)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ("0 True\n" if is_aside else "1 False\n")
    assert done.stderr.count("FastAPI measures itself") == (1 if is_aside else 0)


def test_aside_it_still_hands_on_the_exporters_metrics(receiver):
    code = METERED.format(
        settings='telemetry={"meter_provider": provider}',
        setting="",
        mounting=f"app.add_middleware(MetricsMiddleware, exporter={receiver.url!r})",
    )
    code += "print(repr(text))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["0 True", repr(receiver.metrics)]
    assert all(report["http"]["requests"] == [] for report in receiver.taken)


def test_a_client_of_tests_starts_and_stops_the_application_again(receiver):
    app = FastAPI()

    @app.get("/x")
    def x():
        return 1

    app.add_middleware(MetricsMiddleware, exporter=receiver.url, interval=0.05)
    for _ in range(3):
        with client(app) as answers:
            answers.get("/x")
            eventually(lambda: receiver.taken)
    last = {report["session"]: report for report in receiver.taken}
    assert [reported(one) for one in last.values()] == [1, 1, 1]
    assert all(one["fini"] for one in last.values())
