"""What the tests share: an exporter and web servers in processes of their own, and plain ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COUNT = "http_server_request_duration_seconds_count"


def eventually(condition, seconds=60, what="the condition"):
    """Wait until a condition holds, and give what it gave."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"never true: {what}"
        time.sleep(0.02)
    return value


def free_port():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def get(url, path="/metrics", headers=None, method="GET", timeout=30):
    """Status and text of an answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def values(text, name=COUNT):
    """The values of a metric's series, by their labels as (method, route, code, error)."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[1]))
            key = tuple(
                labels.get(label, "")
                for label in (
                    "http_request_method",
                    "http_route",
                    "http_response_status_code",
                    "error_type",
                )
            )
            found[key] = found.get(key, 0) + float(match[2])
    return found


def run_python(code, *args):
    """Run a program; gives what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def reported(report):
    """Requests of the first kind in a report, however long they took."""
    return sum(report["http"]["requests"][0]["counts"])


class Program:
    """A program in a process group of its own, with what it says on standard error."""

    def __init__(self, words, cwd, **env):
        self.log = ""
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log += line

    def stop(self, number=signal.SIGTERM, seconds=300):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        self._reader.join(10)
        self.process.stderr.close()


@functools.cache
def deno():
    """The program itself: npx would not hand on signals."""
    own = shutil.which("deno")
    words = [own] if own else ["npx", "-y", "deno@2.9.6"]
    words += ["eval", "console.log(Deno.execPath())"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


class Exporter(Program):
    """The real exporter, from source."""

    def __init__(self, folder, *args, port=0):
        words = json.loads((ROOT / "deno.json").read_text())["tasks"]["start"]["command"].split()
        # The folder has no files that it could follow.
        super().__init__(
            [
                *(deno(), *words[1:-1], str(ROOT / "main.ts"), "--port", str(port)),
                *("--state", "state.json", "--system-interval", "0", *args),
            ],
            folder,
        )
        found = eventually(
            lambda: re.search(r"msg=Listening address=(\S+)", self.log), what="the exporter listens"
        )
        self.url = found[1]
        self.port = int(self.url.rpartition(":")[2])

    def scrape(self):
        return get(self.url)[1]


class Receiver:
    """An exporter's endpoints whose answers a test chooses."""

    def __init__(self):
        self.status = 200
        self.metrics = "# TYPE x gauge\ntradesim_exporter_build_info{} 1\nx 1\n"
        self.taken = []
        self.headers = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.headers.append((self.path, dict(self.headers)))
                if receiver.status == 200:
                    receiver.taken.append(json.loads(body))
                self.answer(receiver.status, b"{}")

            def do_GET(self):
                receiver.headers.append((self.path, dict(self.headers)))
                self.answer(receiver.status, receiver.metrics.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


def scope_of(path="/", method="GET", **others):
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": method,
        "path": path,
        "root_path": "",
        "headers": [],
        "server": ("127.0.0.1", 1),
        **others,
    }


def call(app, scope=None, receive=None):
    """Run one request through an application; gives the messages that it sent."""
    sent = []

    async def send(message):
        sent.append(message)

    async def nothing():
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(app(scope or scope_of(), receive or nothing, send))
    return sent


def metrics_of(app, **others):
    """What an application's own `/metrics` says."""
    sent = call(app, scope_of("/metrics", **others))
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:]).decode()


def response(status=200, body=b"x"):
    """An application that answers everything so."""

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def python(*words):
    return [sys.executable, *words]
