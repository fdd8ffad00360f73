"""Tests of the journal: its lock, its rotation and its lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support import reports, run_python

from tradesim_metrics import Publisher
from tradesim_metrics.journal import Journal


def journal(**options):
    said = []
    made = Journal("logs/metrics.jsonl", "a/b", lambda *message: said.append(message), **options)
    return made, said


def test_only_one_writes_a_journal():
    one, _ = journal()
    other, said = journal()
    assert Path(other.path).name == "metrics-a_b.jsonl"
    third, told = journal()
    third.write(b"{}\n")
    assert not third.taken
    assert "another simulation" in told[0][1]
    one.close()
    other.close()
    again, _ = journal()
    assert Path(again.path).name == "metrics.jsonl"
    again.close()
    assert said == []


def test_the_lock_ends_with_a_process_that_is_killed():
    run_python(
        """
import os, signal
from tradesim_metrics import Publisher
p = Publisher("s")
p.turn()
os.kill(os.getpid(), signal.SIGKILL)
""",
        check=False,
    )
    one, _ = journal()
    assert Path(one.path).name == "metrics.jsonl"
    one.close()


def test_full_files_are_rotated_and_no_report_is_lost():
    one, said = journal(max_bytes=1500)
    for n in range(200):
        one.write(b'{"n":%d}\n' % n)
    one.close()
    assert sorted(p.name for p in Path("logs").iterdir()) == [
        "metrics.jsonl",
        "metrics.jsonl.1",
        "metrics.jsonl.lock",
    ]
    kept = reports("logs/metrics.jsonl.1") + reports("logs/metrics.jsonl")
    assert [r["n"] for r in kept] == list(range(200))
    assert os.path.getsize("logs/metrics.jsonl.1") <= 1500
    assert said == []


def test_a_removed_file_is_begun_anew():
    one, _ = journal()
    one.write(b'{"n":0}\n')
    os.remove("logs/metrics.jsonl")
    for n in range(1, 15):
        one.write(b'{"n":%d}\n' % n)
    one.close()
    assert reports()[-1]["n"] == 14


def test_a_torn_line_is_not_continued():
    Path("logs").mkdir()
    Path("logs/metrics.jsonl").write_text('{"n":0}\n{"n":')
    one, _ = journal()
    one.write(b'{"n":1}\n')
    one.close()
    assert Path("logs/metrics.jsonl").read_text() == '{"n":0}\n{"n":\n{"n":1}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_said_once_and_events_wait(capsys):
    os.mkdir("logs")
    os.symlink("/dev/full", "logs/metrics.jsonl")
    p = Publisher("s", "logs/metrics.jsonl", interval=0)
    for n in range(30):
        p.report({"transactions_total": n, "evenements_recents": [{"tour": n, "type": "e"}]})
        p.flush()
    os.remove("logs/metrics.jsonl")
    for n in range(30, 45):
        p.report({"transactions_total": n, "evenements_recents": [{"tour": n, "type": "e"}]})
        p.flush()
    p.close()
    assert [e["tour"] for r in reports() for e in r.get("evenements_recents", ())] == list(
        range(45)
    )
    assert reports()[-1]["transactions_total"] == 44
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_that_nobody_reads_does_not_hold_up_the_game():
    os.mkdir("logs")
    os.mkfifo("logs/metrics.jsonl")
    with Publisher("s", "logs/metrics.jsonl", interval=0) as p:
        for n in range(500):
            p.turn(budget_total=n)
            p.flush()
    assert p.stats.problems > 0


def test_a_short_write_is_torn_and_the_next_line_begins_anew(monkeypatch):
    one, said = journal()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, line: write(fd, line[:4]))
    one.write(b'{"n":0}\n')
    assert not one.taken
    monkeypatch.setattr(os, "write", write)
    one.write(b'{"n":1}\n')
    assert one.taken
    one.close()
    assert Path("logs/metrics.jsonl").read_text() == '{"n"\n{"n":1}\n'
    assert len(said) == 1
