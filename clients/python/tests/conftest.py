"""Fixtures: servers that misbehave."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest


@pytest.fixture
def sink():
    """Make servers that take a connection and then do what a function does with it."""
    listeners, sockets, threads = [], [], []

    def make(serve):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                sockets.append(peer)
                threading.Thread(target=serve, args=(peer,), daemon=True).start()

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield make
    # The listeners come first, so that nothing else arrives.
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join()
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
