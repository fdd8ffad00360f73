"""The examples as docs/web.md says that they are started."""

import re
import socket

from support import ROOT, eventually, free_port, get, python, values

EXAMPLES = str(ROOT / "examples" / "fastapi")
#: An application of TradeSim's names, in its folder.
API = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/produits")
def produits():
    return []
"""


def listens(port):
    """Tell whether a server takes connections; that is no request."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def serve(programs, exporter, module, *args):
    port = free_port()
    words = ("-m", "uvicorn", f"{module}:app", "--app-dir", EXAMPLES, "--port", str(port), *args)
    server = programs(python(*words), EXPORTER=exporter.url)
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: listens(port), what="the server")
    return server, url


def test_main_is_measured_over_its_workers(programs, exporter):
    server, url = serve(programs, exporter, "main", "--workers", "2")
    for path in ("/produits", "/produits/1", "/produits/9", "/produits/1"):
        eventually(lambda path=path: get(url, path))
    server.stop()
    assert values(exporter.scrape()) == {
        ("GET", "/produits", "200", ""): 1,
        ("GET", "/produits/{numero}", "200", ""): 2,
        ("GET", "/produits/{numero}", "404", ""): 1,
    }


def test_tradesims_application_is_measured_from_outside(programs, exporter, folder):
    (folder / "api").mkdir()
    (folder / "api" / "main.py").write_text(API)
    server, url = serve(programs, exporter, "tradesim")
    assert get(url, "/produits") == (200, "[]")
    found = values(get(url)[1])
    assert found == {("GET", "/produits", "200", ""): 1}
    server.stop()


def test_the_documents_name_what_there_is():
    text = (ROOT / "docs" / "web.md").read_text()
    assert {"fastapi/main.py", "fastapi/tradesim.py", "hono.ts"} <= set(
        re.findall(r"\.\./examples/([\w/.]+)\)", text)
    )
    parameters = re.findall(r"^\| `(\w+)` +\|", text, flags=re.MULTILINE)
    import inspect

    from tradesim_metrics.asgi import MetricsMiddleware

    own = list(inspect.signature(MetricsMiddleware.__init__).parameters)[2:]
    assert [name for name in parameters if name in own] == own
