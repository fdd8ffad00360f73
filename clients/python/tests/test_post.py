"""Tests of reports over HTTP, to receivers that answer, refuse, are slow or are not there."""

from __future__ import annotations

import socket
import sys
import threading
import time
import tracemalloc

import pytest
from support import Receiver, eventually, run_python

from tradesim_metrics import Publisher


def told(receiver):
    return [e["tour"] for r in receiver.taken for e in r.get("evenements_recents", ())]


def play(p, first, last):
    for n in range(first, last):
        p.turn(transactions_total=n)
        p.report({"evenements_recents": [{"tour": n, "type": "e"}]})
        p.flush()


def test_posts_over_one_connection_and_ends_with_fini(receiver):
    with Publisher("s", receiver.url, token="a-token") as p:
        for n in range(20):
            play(p, n, n + 1)
            eventually(p._transport.ready)
    assert receiver.taken[-1]["fini"]
    assert receiver.taken[-1]["transactions_total"] == 19
    assert told(receiver) == list(range(20))
    assert len(receiver.connections) == 1
    path, headers = receiver.requests[0]
    assert path == "/update_metrics"
    assert headers["Authorization"] == "Bearer a-token"
    assert headers["Content-Type"] == "application/json"
    assert p.stats.problems == 0
    assert p.stats.taken == p.stats.reports == len(receiver.taken)


def test_a_connection_that_was_closed_in_the_meantime_is_opened_anew(receiver):
    receiver.server.RequestHandlerClass.timeout = 0.05
    with Publisher("s", receiver.url) as p:
        play(p, 0, 1)
        eventually(p._transport.ready)
        time.sleep(0.3)
        play(p, 1, 2)
    assert told(receiver) == [0, 1]
    assert p.stats.problems == 0


def test_no_proxy_is_asked(receiver):
    run_python(
        """
import sys
from tradesim_metrics import Publisher
with Publisher("s", sys.argv[1]) as p:
    p.turn(budget_total=1)
""",
        receiver.url,
        http_proxy="http://127.0.0.1:1",
        HTTP_PROXY="http://127.0.0.1:1",
    )
    assert receiver.taken[-1]["budget_total"] == 1


def test_an_exporter_that_comes_back_gets_exact_totals_and_each_event_once(receiver):
    port, url = receiver.port, receiver.url
    p = Publisher("s", url)
    play(p, 0, 3)
    eventually(lambda: len(receiver.taken) == 1)
    eventually(p._transport.ready)
    receiver.status = 500
    play(p, 3, 6)
    eventually(lambda: p.stats.problems > 0)
    play(p, 6, 200)
    receiver.status = 200
    p.flush()
    eventually(p._transport.ready)
    p.close()
    assert receiver.taken[-1]["transactions_total"] == 199
    assert receiver.taken[-1]["tour"] == 200
    assert told(receiver) == list(range(min(told(receiver)), 200))[: len(told(receiver))]
    assert len(set(told(receiver))) == len(told(receiver))
    assert port == receiver.port


def test_the_end_sends_more_events_than_one_report_may_have(receiver):
    with Publisher("s", receiver.url, interval=1000) as p:
        play(p, 0, 1)
        eventually(p._transport.ready)
        p.report({"evenements_recents": [{"tour": n, "type": "e"} for n in range(1, 451)]})
    assert told(receiver) == list(range(451))
    assert receiver.taken[-1]["fini"]


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_a_refused_report_keeps_its_events_for_the_next(receiver, status):
    answers = [status]
    receiver.status = lambda _: answers.pop() if answers else 200
    with Publisher("s", receiver.url) as p:
        play(p, 0, 1)
        eventually(p._transport.ready)
        play(p, 1, 2)
    assert told(receiver) == [0, 1]
    assert receiver.taken[-1]["transactions_total"] == 1
    assert p.stats.problems == 1


def test_what_is_too_large_is_sent_without_its_largest_parts(receiver):
    receiver.status = lambda body: 413 if len(body) > 2000 else 200
    detail = {
        "produits": [{"nom": f"p{n}", "prix": 1.5} for n in range(100)],
        "entreprises": [],
        "fournisseurs": [],
    }
    with Publisher("s", receiver.url) as p:
        p.report({"transactions_total": 1, "detail": detail})
        eventually(p._transport.ready)
        p.report({"transactions_total": 2})
        p.flush()
        eventually(p._transport.ready)
    assert receiver.taken[-1]["transactions_total"] == 2
    assert "detail" not in receiver.taken[-1]
    assert p.stats.left_out == 1


def dribble(peer):
    """Answer a byte a second, as one that is about to break down."""
    peer.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n" * 100:
        time.sleep(1)
        try:
            peer.sendall(bytes([byte]))
        except OSError:
            return


def stay_silent(peer):
    while peer.recv(65536):
        pass


def refuse_to_read(_peer):
    time.sleep(60)


def hang_up(peer):
    peer.recv(100)
    peer.close()


def talk_nonsense(peer):
    peer.recv(65536)
    peer.sendall(b"\0\xff" * 50_000)
    peer.close()


def flood(peer):
    """An answer without end."""
    peer.recv(65536)
    try:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"x" * 65536)
    except OSError:
        pass


FAULTS = [dribble, stay_silent, refuse_to_read, hang_up, talk_nonsense, flood, None]


@pytest.mark.parametrize("serve", FAULTS, ids=lambda f: getattr(f, "__name__", "absent"))
def test_a_receiver_in_trouble_costs_neither_time_nor_memory(sink, serve, capsys):
    url = sink(serve) if serve else f"http://127.0.0.1:{unused_port()}"
    large = {
        "detail": {
            "produits": [{"nom": f"p{n}", "prix": 1.5} for n in range(5000)],
            "entreprises": [],
            "fournisseurs": [],
        }
    }
    p = Publisher("s", url, interval=0)
    p.report(large)
    play(p, 0, 2000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    longest = 0.0
    for n in range(2000, 6000):
        begun = time.perf_counter()
        play(p, n, n + 1)
        longest = max(longest, time.perf_counter() - begun)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # The game never waits for a receiver, whose time-outs are seconds.
    assert longest < 1
    assert grown < 1_000_000
    begun = time.monotonic()
    p.close()
    assert time.monotonic() - begun < 3
    out, err = capsys.readouterr()
    assert out == ""
    # What went wrong first, and that the last report did not arrive: once each.
    assert err.count("\n") <= 2


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_close_is_bounded_a_hundred_times(sink):
    url = sink(stay_silent)
    publishers = [Publisher(f"s{n}", url) for n in range(100)]
    for p in publishers:
        p.turn(budget_total=1)
    took = []

    def close(p):
        begun = time.monotonic()
        p.close()
        took.append(time.monotonic() - begun)

    threads = [threading.Thread(target=close, args=(p,)) for p in publishers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == 100
    # Two seconds, and what a busy machine adds.
    assert sorted(took)[50] < 2.5
    assert max(took) < 8


def test_a_process_ends_in_time_whatever_the_receiver_does(sink):
    code = """
import sys, time
from tradesim_metrics import Publisher
ps = [Publisher(str(n), sys.argv[1]) for n in range(5)]
for p in ps:
    p.turn(budget_total=1)
"""
    begun = time.monotonic()
    run_python("pass")
    bare = time.monotonic() - begun
    begun = time.monotonic()
    ended = run_python(code, sink(dribble))
    # One bound for all of them.
    assert time.monotonic() - begun < 4 + 5 * bare
    assert ended.stdout == ""


def test_a_first_report_at_the_end_of_a_process_arrives(receiver):
    run_python(
        """
import atexit, sys
p = None
atexit.register(lambda: p.turn(budget_total=4))
from tradesim_metrics import Publisher
p = Publisher("s", sys.argv[1])
""",
        receiver.url,
    )
    assert receiver.taken == [] or receiver.taken[-1]["budget_total"] == 4


def test_http_is_not_loaded_with_tls_for_a_plain_url(receiver):
    code = """
import sys
from tradesim_metrics import Publisher
with Publisher("s", sys.argv[1]) as p:
    p.turn(budget_total=1)
print("requests" in sys.modules, "asyncio" in sys.modules)
"""
    assert run_python(code, receiver.url).stdout == "False False\n"


def test_an_exporter_that_is_started_late_gets_everything(sink):
    port = unused_port()
    p = Publisher("s", f"http://127.0.0.1:{port}")
    play(p, 0, 50)
    eventually(lambda: p.stats.problems > 0)
    late = Receiver(port)
    try:
        eventually(lambda: late.taken)
        eventually(p._transport.ready)
        p.close()
        assert late.taken[-1]["transactions_total"] == 49
        assert told(late) == list(range(50))
    finally:
        late.close()


if sys.platform != "win32":

    def test_a_killed_exporter_is_replaced_by_another_on_its_port():
        first = Receiver()
        p = Publisher("s", first.url)
        play(p, 0, 1)
        eventually(lambda: first.taken)
        first.close()
        play(p, 1, 60)
        second = Receiver(first.port)
        try:
            p.close()
            assert second.taken[-1]["transactions_total"] == 59
        finally:
            second.close()
