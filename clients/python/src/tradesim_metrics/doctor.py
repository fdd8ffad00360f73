"""The command `doctor`: says what would be published, to whom, and whether it arrives."""

from __future__ import annotations

import http.client
import json
import os
import platform
import time
from urllib.parse import quote, urlsplit

from . import __version__
from .journal import Journal
from .post import Post
from .publisher import Publisher
from .transport import TOKEN, TRANSPORT

#: Where an exporter listens unless it is told otherwise.
EXPORTER = "http://127.0.0.1:8000"
#: Seconds to wait for the exporter to look at its files, which it does each second.
PATIENCE = 5.0
#: What is there if this folder is TradeSim's.
SERVICE = "services/simulation_service.py"

_FOUND = 200


def _say(what: str, text: str) -> None:
    print(f"{what:<10} {text}")  # noqa: T201


def _get(url: str, path: str) -> tuple[int, bytes]:
    """Ask an exporter; status 0 where none answers."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=2)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(65536)
        connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 0, str(error).encode()
    return response.status, body


def _wait(url: str, session: str) -> int:
    """Ask an exporter for a session until it knows it; gives the last status."""
    end = time.monotonic() + PATIENCE
    while True:
        status, _ = _get(url, f"/api/state?session={quote(session)}")
        if status in {_FOUND, 0} or time.monotonic() > end:
            return status
        time.sleep(0.1)


def _tidy(journal: Journal) -> None:
    """Remove a journal that was begun for the check alone, because a game holds the wanted one."""
    if not journal.is_wanted:
        for path in (journal.path, f"{journal.path}.lock"):
            os.remove(path)


def examine(target: str | None, exporter: str | None) -> int:
    """Send one report of a game without turns, and look for it. Gives the exit code."""
    _say("package", f"tradesim-metrics {__version__}, Python {platform.python_version()}")
    name = (
        "from --to" if target else f"from {TRANSPORT}" if os.environ.get(TRANSPORT) else "default"
    )
    publisher = Publisher(f"doctor_{time.strftime('%Y%m%d_%H%M%S')}_{os.urandom(2).hex()}", target)
    transport = publisher.transport
    if transport is None:
        _say("to", f"nowhere: publishing is switched off or cannot begin ({name})")
        return 1
    if isinstance(transport, Journal):
        _say("to", f"{transport.path}, a journal ({name})")
        if not transport.is_wanted:
            _say("", "another game holds the journal, so this one is beside it")
    elif isinstance(transport, Post):
        token = f"with the token of {TOKEN}" if os.environ.get(TOKEN) else "without a token"
        _say("to", f"{transport.url}, over HTTP {token} ({name})")
        parts = urlsplit(transport.url)
        exporter = exporter or f"{parts.scheme}://{parts.netloc}"
    exporter = exporter or EXPORTER
    if os.path.exists(SERVICE):
        _say("publishes", "this TradeSim: totals, turn times, events, parts by continent and type,")
        _say("", "and each firm, product and supplier; a report at most every 100 ms")
    else:
        _say("publishes", f"what a game hands to Publisher; this folder has no {SERVICE}")
    publisher.flush()
    publisher.close()
    if not transport.taken:
        _say("arrives", "no: the report was not taken, see above")
        return 1
    status = _wait(exporter, publisher.session)
    if isinstance(transport, Journal):
        _tidy(transport)
    return _judge(status, transport, exporter)


def _judge(status: int, transport: object, exporter: str) -> int:
    """Say whether the report arrived."""
    if status == _FOUND:
        _, body = _get(exporter, "/api/sessions")
        version = json.loads(body).get("exporter", {}).get("version", "?") if body else "?"
        _say("arrives", f"yes: the exporter {version} at {exporter} has it")
        return 0
    if not isinstance(transport, Journal):
        _say("arrives", f"yes: it was answered, though {exporter} does not show it ({status})")
        return 0
    if status == 0:
        _say("arrives", f"written, but there is no exporter at {exporter}")
    else:
        _say("arrives", f"written, but the exporter at {exporter} does not have it ({status})")
    _say("", f"start the exporter with --follow {transport.path}")
    return 1
