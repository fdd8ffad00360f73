"""Tests of forks and of ends without a farewell. RIGOUR multiplies how often."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from support import reports, run_python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
RIGOUR = float(os.environ.get("RIGOUR", "0.1"))

FORKS = """
import os, sys, threading, time
from tradesim_metrics import Publisher

count, target, every = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
p = Publisher("parent", target, interval=0.001)
over = threading.Event()

def play():
    while not over.is_set():
        p.turn(transactions_total=p.stats.turns + 1)
        if p.stats.turns % 10 == 0:
            p.report({"evenements_recents": [{"tour": p.stats.turns, "type": "e"}]})
        time.sleep(0.0005)

player = threading.Thread(target=play)
player.start()
for n in range(count):
    child = os.fork()
    if child == 0:
        if n % every == 0:
            # Two turns of its own, with totals that the parent's child goes on counting from.
            base = p._values.get("transactions_total", 0)
            p.turn(transactions_total=base + 1)
            p.turn(transactions_total=base + 2)
            p.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
over.set()
player.join()
turns = p.stats.turns
p.close()
print(turns, p.stats.left_out, p.stats.problems)
"""


def test_forks_while_another_thread_publishes(tmp_path):
    count = int(10_000 * RIGOUR)
    every = 20
    done = run_python(FORKS, count, "logs/metrics.jsonl", every, timeout=600)
    turns, left_out, problems = map(int, done.stdout.split())
    assert (left_out, problems) == (0, 0)
    own = reports()
    assert {r["session"] for r in own} == {"parent"}
    assert own[-1]["tour"] == own[-1]["transactions_total"] == turns
    assert [r["rapport"] for r in own] == list(range(1, len(own) + 1))
    told = [e["tour"] for r in own for e in r.get("evenements_recents", ())]
    assert told == list(range(10, turns + 1, 10))
    children = sorted(tmp_path.glob("logs/metrics-*.jsonl"))
    assert len(children) == -(-count // every)
    sessions = set()
    for path in children:
        read = reports(path)
        sessions |= {r["session"] for r in read}
        assert read[-1]["tour"] == 2
        assert read[-1]["transactions_total"] == 2
        assert read[-1]["fini"]
        assert "evenements_recents" not in read[-1]
    assert len(sessions) == len(children)


def test_forks_over_http(receiver):
    count = int(1000 * RIGOUR)
    done = run_python(FORKS, count, receiver.url, 10, timeout=600)
    turns, left_out, _ = map(int, done.stdout.split())
    assert left_out == 0
    own = [r for r in receiver.taken if r["session"] == "parent"]
    assert own[-1]["tour"] == turns
    told = [e["tour"] for r in own for e in r.get("evenements_recents", ())]
    assert told == list(range(10, turns + 1, 10))
    children = [r for r in receiver.taken if r["session"] != "parent"]
    last = {r["session"]: r for r in children}
    assert len(last) == -(-count // 10)
    assert all(r["tour"] == r["transactions_total"] == 2 and r["fini"] for r in last.values())


@pytest.mark.parametrize(
    "url", ["{0}", "http://localhost:{1}", "http://127.0.0.1:9", "https://127.0.0.1:{1}"]
)
def test_the_thread_that_posts_imports_nothing(receiver, url):
    # A child that is forked during an import waits for its end for ever.
    run_python(
        """
import sys
from tradesim_metrics import Publisher
p = Publisher("s", sys.argv[1])
before = set(sys.modules)
p.turn(transactions_total=1)
p.flush()
p.close()
assert set(sys.modules) == before, set(sys.modules) - before
""",
        url.format(receiver.url, receiver.port),
    )
    assert bool(receiver.taken) == ("127.0.0.1:9" not in url and "https" not in url)


#: A child that waits for ever is killed, which its parent sees.
CHILD = """
import os, signal, sys, threading, time

def fork(work):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
"""


@pytest.mark.parametrize(
    "module", ["json", "tradesim_metrics.journal", "tradesim_metrics.post", "http.client"]
)
def test_a_child_may_be_forked_while_a_thread_imports(receiver, module):
    run_python(
        CHILD
        + """
from tradesim_metrics import Publisher

class Slow:
    \"\"\"Finds nothing, and takes its time for one module.\"\"\"

    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            begun.set()
            time.sleep(0.3)

begun = threading.Event()
target = sys.argv[2] if sys.argv[1] in ("tradesim_metrics.post", "http.client") else "a.jsonl"
sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=lambda: Publisher("parent", target).close())
thread.start()
assert begun.wait(20)

def play():
    with Publisher("child", target) as p:
        p.turn()

fork(play)
thread.join()
""",
        module,
        receiver.url,
    )


def test_a_child_may_be_forked_while_a_thread_closes(sink):
    run_python(
        CHILD
        + """
from tradesim_metrics import Publisher
p = Publisher("s", sys.argv[1])
p.turn()
thread = threading.Thread(target=p.close)
thread.start()
while p.is_open:
    time.sleep(0.001)
fork(p.close)
thread.join()
""",
        sink(lambda _: None),
    )


def test_a_child_that_publishes_nothing_leaves_no_trace(tmp_path):
    run_python("""
import os
from tradesim_metrics import Publisher
p = Publisher("s", interval=1000)
p.turn(budget_total=1)
if os.fork() == 0:
    raise SystemExit(0)
os.wait()
p.turn(budget_total=2)
""")
    assert sorted(p.name for p in (tmp_path / "logs").iterdir()) == [
        "metrics.jsonl",
        "metrics.jsonl.lock",
    ]
    assert [r["session"] for r in reports()] == ["s", "s"]
    assert reports()[-1]["fini"]


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_workers_of_multiprocessing_are_sessions_of_their_own(tmp_path, method):
    (tmp_path / "play.py").write_text("""
import multiprocessing, sys
from tradesim_metrics import Publisher

def play(n):
    with Publisher() as p:
        p.turn(transactions_total=n)
    return p.session

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(*pool.map(play, range(6), chunksize=1))
""")
    code = (
        "import runpy, sys; sys.argv[0] = 'play.py'; runpy.run_path('play.py', run_name='__main__')"
    )
    sessions = run_python(code, method).stdout.split()
    read = [
        json.loads(line)
        for path in tmp_path.glob("logs/*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert {r["session"] for r in read} == set(sessions)
    assert sum(r["transactions_total"] for r in read if r.get("fini")) == sum(range(6))


EXITS = """
import os, sys, threading, time
from tradesim_metrics import Publisher

seed = int(sys.argv[1])
# A moment in the first 60 ms, often in the midst of a report.
delay = (seed * 7919 % 1000) / 1000 * 0.06
p = Publisher(f"s{seed}", interval=0.002)
end = time.perf_counter() + delay

def leave():
    while time.perf_counter() < end:
        pass
    os._exit(7)

threading.Thread(target=leave).start()
done = 0
log = os.open("truth", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
while True:
    done += 1
    p.turn(transactions_total=done)
    os.pwrite(log, b"%d %.6f\\n" % (done, time.perf_counter() - p._report_due), 0)
"""


def test_exits_without_farewell_lose_an_interval_at_most(tmp_path):
    taken = 0
    for seed in range(int(1000 * RIGOUR)):
        run_python(EXITS, seed, check=False)
        lines = Path("logs/metrics.jsonl").read_bytes().splitlines(keepends=True)
        # A line that was torn has no end, and the next game does not continue it.
        whole = [json.loads(line) for line in lines if line.endswith(b"}\n")]
        own = [r for r in whole if r["session"] == f"s{seed}"]
        if not own:
            continue
        taken += 1
        assert [r["transactions_total"] for r in own] == [r["tour"] for r in own]
        assert [r["rapport"] for r in own] == list(range(1, len(own) + 1))
        turns, overdue = (Path("truth").read_text().split() or ["0", "0"])[:2]
        assert own[-1]["tour"] <= int(turns) + 1
        # The turns that are missing ended before the next report was due.
        assert float(overdue) < 0.05
    assert taken > 0.3 * 1000 * RIGOUR


def test_a_signal_in_the_midst_of_a_report_hurts_nothing():
    run_python("""
import signal, time
from tradesim_metrics import Publisher
p = Publisher("s", interval=0.0001)
fired = 0
def handler(*_):
    global fired
    fired += 1
    p.turn(transactions_total=p.stats.turns + 1)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
while fired < 300:
    p.turn(transactions_total=p.stats.turns + 1)
signal.setitimer(signal.ITIMER_REAL, 0)
""")
    last = reports()[-1]
    assert last["tour"] == sum(last["temps_simulation_tour_seconds"]["counts"])
    assert last["fini"]


if sys.version_info >= (3, 12):

    def test_a_fork_beside_the_thread_warns_no_more_than_python_itself():
        ended = run_python("""
import os, warnings
from tradesim_metrics import Publisher
p = Publisher("s", "http://127.0.0.1:9")
p.turn()
if os.fork() == 0:
    os._exit(0)
os.wait()
""")
        assert ended.stdout == ""
