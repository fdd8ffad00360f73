"""Tests of the turn log: every turn is there, once, exactly, and after whatever end."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from support import reports, run_python
from test_tradesim import game

from tradesim_metrics import Publisher
from tradesim_metrics.tradesim import attach
from tradesim_metrics.turn_log import TurnLog, beside

LOG = "logs/turns.jsonl"


def column(numbers, count):
    """Add up a column, as docs/history.md says."""
    unit, known = 10 ** numbers[0], 0
    steps = [*numbers[1:], *[0] * (count - len(numbers) + 1)]
    values = []
    for step in steps:
        known += step or 0
        values.append(None if step is None else known / unit)
    return values


def turns(path=LOG):
    """Every turn of a turn log: session, number and values."""
    found = []
    for line in reports(path):
        assert (line["type"], line["version"]) == ("tradesim.turns", 1)
        count = line["tours"]
        columns = {name: column(numbers, count) for name, numbers in line["colonnes"].items()}
        for place in range(count):
            values = {name: values[place] for name, values in columns.items()}
            found.append((line["session"], line["tour"] + place, values))
    return found


def test_every_turn_is_kept_exactly_while_reports_thin_them():
    draw = random.Random(7)
    played = [
        {
            "budget_total": round(draw.uniform(-5, 9e6), 2),
            "produits_prix_moyen": draw.uniform(1, 9),
            "transactions_reussies_total": n,
        }
        for n in range(10_000)
    ]
    with Publisher("a game", every_turn=True) as p:
        for n, values in enumerate(played):
            p.turn(n % 7 / 1024, **values)
    found = turns()
    assert [(session, turn) for session, turn, _ in found] == [
        ("a game", n + 1) for n in range(10_000)
    ]
    for n, (_, _, values) in enumerate(found):
        assert values["budget_total"] == played[n]["budget_total"]
        assert values["transactions_reussies_total"] == n
        assert values["produits_prix_moyen"] == pytest.approx(
            played[n]["produits_prix_moyen"], abs=1e-9
        )
        assert values["duree_seconds"] == pytest.approx(n % 7 / 1024, abs=1e-9)
    times = [values["timestamp"] for _, _, values in found]
    assert times == sorted(times)
    assert sum(len(r["colonnes"]["tour"]) for r in reports() if "colonnes" in r) < 10_000
    lines = reports(LOG)
    assert lines[-1]["fini"]
    for line in lines[:-1]:
        assert sum(line["temps_simulation_tour_seconds"]["counts"]) == line["tour"] - 1


def test_values_that_are_unknown_or_wrong_leave_the_others():
    with Publisher("s", every_turn=True) as p:
        p.turn(0.5)
        p.turn(0.5, budget_total=3)
        p.turn(float("nan"), budget_total=float("inf"))
        p.turn(0.5, budget_total=2.25, budget_max=1e15)
    values = [values for _, _, values in turns()]
    assert [v.get("budget_total") for v in values] == [None, 3, None, 2.25]
    assert [v["duree_seconds"] for v in values] == [0.5, 0.5, None, 0.5]
    assert values[-1]["budget_max"] == 1e15


def test_it_is_off_unless_it_is_asked_for():
    with Publisher("s") as p:
        p.turn(budget_total=1)
    assert not Path(LOG).exists()
    with Publisher("s", "off", every_turn=True) as p:
        p.turn(budget_total=1)
    assert not Path(LOG).exists()


def test_it_lies_beside_the_journal_or_where_it_is_wanted():
    assert beside("a/metrics.jsonl") == os.path.join("a", "turns.jsonl")
    assert beside("a/metrics-b.jsonl") == os.path.join("a", "turns-b.jsonl")
    assert beside("a/other.jsonl") == os.path.join("a", "turns-other.jsonl")
    with Publisher("s", "a/metrics.jsonl", every_turn=True) as p:
        p.turn(budget_total=1)
    with Publisher("s", every_turn="b/all.jsonl") as p:
        p.turn(budget_total=1)
    assert len(turns("a/turns.jsonl")) == len(turns("b/all.jsonl")) == 1


def test_two_games_at_once_keep_their_turns_apart():
    one = Publisher("one", every_turn=True)
    other = Publisher("other", every_turn=True)
    for _ in range(5):
        one.turn(budget_total=1)
        other.turn(budget_total=2)
    one.close()
    other.close()
    assert {session for session, _, _ in turns()} == {"one"}
    assert [turn for _, turn, _ in turns("logs/turns-other.jsonl")] == [1, 2, 3, 4, 5]


def test_a_new_game_counts_from_its_first_turn_and_the_old_one_has_ended():
    with Publisher("one", every_turn=True) as p:
        for _ in range(3):
            p.turn(budget_total=1)
        p.restart("two")
        for _ in range(2):
            p.turn(budget_total=1)
    assert [(session, turn) for session, turn, _ in turns()] == [
        *[("one", n) for n in (1, 2, 3)],
        *[("two", n) for n in (1, 2)],
    ]
    assert [line["session"] for line in reports(LOG) if line.get("fini")] == ["one", "two"]


def test_a_child_is_a_game_of_its_own_with_totals_from_there_on():
    p = Publisher("s", every_turn=True)
    p.turn(transactions_reussies_total=40)
    p.turn(transactions_reussies_total=50)
    p._forked()
    p.turn(transactions_reussies_total=53)
    session = p.session
    p.close()
    found = [
        (s, turn, values["transactions_reussies_total"])
        for path in Path("logs").glob("turns*.jsonl")
        for s, turn, values in turns(path)
        if s == session
    ]
    assert found == [(session, 1, 3)]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_game_that_is_killed_leaves_whole_lines_of_all_but_the_last_second():
    ended = run_python(
        """
import os, signal, time
from tradesim_metrics import Publisher
p = Publisher("s", every_turn=True)
for n in range(1, 9001):
    p.turn(budget_total=n)
time.sleep(1.1)
p.turn(budget_total=9001)
os.kill(os.getpid(), signal.SIGKILL)
""",
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert [values["budget_total"] for _, _, values in turns()] == list(range(1, 9002))


def test_full_files_are_kept_up_to_a_number(monkeypatch):
    monkeypatch.setattr("tradesim_metrics.turn_log.MAX_TURNS", 10)
    log = TurnLog(LOG, "s", lambda *message: pytest.fail(str(message)))
    log._file._max_bytes = 2000
    for turn in range(1, 1001):
        log.note(turn, 0.001, {"budget_total": turn})
    log.close()
    names = [LOG, *(f"{LOG}.{n}" for n in range(1, 8))]
    assert sorted(str(p) for p in Path("logs").glob("turns.jsonl*")) == sorted(
        [*names, f"{LOG}.lock"]
    )
    assert max(os.path.getsize(name) for name in names) <= 2000
    kept = list(itertools.chain(*([t for _, t, _ in turns(name)] for name in reversed(names))))
    assert kept == list(range(kept[0], 1001))


def test_a_disk_that_takes_nothing_is_said_once_and_the_game_continues(capsys):
    Path("blocked").write_text("")
    with Publisher("s", every_turn="blocked/turns.jsonl") as p:
        for n in range(50):
            p.turn(budget_total=n)
            p.flush()
    assert reports()[-1]["tour"] == 50
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot write turns" in said


@pytest.mark.parametrize("where", [3, "a\0b"])
def test_a_path_that_is_none_does_not_reach_the_game(capsys, where):
    with Publisher("s", every_turn=where) as p:
        p.turn(budget_total=1)
    assert reports()[-1]["tour"] == 1
    assert "turns are not kept" in capsys.readouterr().err


def test_every_turn_of_tradesim_equals_the_game():
    s = game()
    expected = []
    p = attach(s, transport="logs/metrics.jsonl", every_turn=True)
    for turn in range(1, 301):
        s.simulation_tour()
        expected.append((turn, sum(e.budget for e in s.entreprises)))
    p.close()
    found = turns()
    assert [turn for _, turn, _ in found] == [turn for turn, _ in expected]
    for (_, _, values), (_, budget) in zip(found, expected):
        assert values["budget_total"] == pytest.approx(budget, abs=1e-9)
