"""What the tests share: receivers of reports, and programs that run in a process of their own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def reports(path="logs/metrics.jsonl"):
    """Every whole report of a journal."""
    return [json.loads(line) for line in Path(path).read_text().splitlines(keepends=True)]


def run_python(code, *args, timeout=120, check=True, **env):
    """Run a program in this folder; gives what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=check,
    )


def eventually(condition, seconds=30):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "never true"
        time.sleep(0.005)
    return value


class Receiver:
    """An exporter's endpoint whose answers a test chooses."""

    def __init__(self, port=0):
        #: Status of the answers from now on, and of the next ones.
        self.status = 200
        self.taken = []
        self.requests = []
        self.connections = set()
        self.peers = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                receiver.peers.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append((self.path, dict(self.headers)))
                receiver.connections.add(self.client_address)
                status = receiver.status
                if callable(status):
                    status = status(body)
                if status == 200:
                    receiver.taken.append(json.loads(body))
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
