"""Tests of what a publisher reports, by its journal."""

from __future__ import annotations

import math
import random
import sys
import threading
from decimal import Decimal

import pytest
from support import reports, run_python

from tradesim_metrics import Publisher
from tradesim_metrics.durations import BOUNDS, TurnSeconds


def publisher(**options):
    return Publisher("a game", "logs/metrics.jsonl", **options)


def test_reports_absolute_values_at_the_interval_and_at_the_end():
    with publisher(interval=1000) as p:
        for tour in range(1, 301):
            p.turn(budget_total=1000.5 - tour, transactions_reussies_total=3 * tour)
    first, last = reports()
    assert first["tour"] == 1
    assert first["budget_total"] == 999.5
    assert "fini" not in first
    assert last["fini"] is True
    assert (last["tour"], last["rapport"]) == (300, 2)
    assert (last["budget_total"], last["transactions_reussies_total"]) == (700.5, 900)
    assert last["type"] == "tradesim.report"
    assert last["session"] == "a game"
    seconds = last["temps_simulation_tour_seconds"]
    assert sum(seconds["counts"]) == 300
    assert last["simulation_publication_seconds_total"] > 0
    assert p.stats.reports == p.stats.taken == 2
    assert p.stats.problems == p.stats.left_out == 0


def test_turns_have_columns_of_equal_length():
    with publisher(interval=1000) as p:
        for tour in range(1, 1001):
            p.turn(0.001 * tour, budget_total=tour, other=1)
    columns = reports()[-1]["colonnes"]
    assert set(columns) == {"tour", "timestamp", "budget_total", "duree_seconds"}
    assert len({len(column) for column in columns.values()}) == 1
    assert 9 <= len(columns["tour"]) <= 128
    # Each of the first ten, of which the first report had one.
    assert columns["tour"][:9] == list(range(2, 11))
    assert columns["tour"] == sorted(set(columns["tour"]))
    assert columns["budget_total"] == columns["tour"]
    assert columns["duree_seconds"][0] == pytest.approx(0.001 * columns["tour"][0])


def test_durations_fall_into_the_buckets_of_the_exporter():
    assert len(BOUNDS) == 22
    assert BOUNDS[:3] == (1e-6, 2.5e-6, 5e-6)
    assert BOUNDS[-1] == 10.0
    seconds = TurnSeconds()
    for value in (0, 1e-6, 1.1e-6, 10.0, 10.5):
        assert seconds.add(value)
    assert seconds.counts[:2] == [2, 1]
    assert seconds.counts[-2:] == [1, 1]
    for value in (math.nan, math.inf, -1, "1", None):
        assert not seconds.add(value)
    assert sum(seconds.counts) == 5


def test_events_are_told_once_each_and_the_rest_of_the_values_stays():
    with publisher() as p:
        p.report({"budget_total": 5, "evenements_recents": [{"tour": 1, "type": "reassort"}]})
        p.report({"evenements": {"reassort": 12.5}})
        p.flush()
        p.report(
            {"evenements_recents": [{"tour": 2, "type": "inflation", "nombre": 1, "total": 2}]}
        )
        p.flush()
    read = reports()
    assert [r.get("evenements_recents") for r in read] == [
        [{"tour": 1, "type": "reassort"}],
        None,
        [{"tour": 2, "type": "inflation", "nombre": 1, "total": 2}],
        None,
    ]
    assert all(r["budget_total"] == 5 for r in read)
    assert read[-1]["evenements"] == {"reassort": 12.5}


def test_many_events_are_told_a_hundred_at_a_time():
    with publisher() as p:
        p.report({"evenements_recents": [{"tour": n, "type": "e"} for n in range(250)]})
        p.flush()
    told = [event["tour"] for r in reports() for event in r["evenements_recents"]]
    assert told == list(range(250))


def test_events_that_no_report_of_their_game_can_take_are_left_out():
    with publisher(interval=1000) as p:
        p.turn()
        p.report({"evenements_recents": [{"tour": n, "type": "e"} for n in range(1, 251)]})
        p.restart("the next")
        p.turn()
    told = [(r["session"], len(r.get("evenements_recents", ()))) for r in reports()]
    assert told == [("a game", 0), ("a game", 100), ("the next", 0), ("the next", 0)]
    assert p.stats.left_out == 150


def test_events_that_nobody_can_take_are_bounded(tmp_path):
    (tmp_path / "blocked").write_text("")
    p = Publisher("a game", "blocked/metrics.jsonl", interval=0)
    for n in range(3000):
        p.report({"evenements_recents": [{"tour": n, "type": "e"}]})
    assert len(p._contents._events) == 1000
    assert p._contents._events[-1]["tour"] == 2999
    assert p.stats.left_out == 2000
    p.close()


class Number:
    """A number of a library, as NumPy's are."""

    def __float__(self):
        return 2.5


class Whole:
    def __index__(self):
        return 7


def test_right_values_are_sent_and_wrong_ones_counted(capsys):
    wrong = {
        "budget_min": math.nan,
        "budget_max": math.inf,
        "budget_moyen": "12",
        "produits_total": None,
        "produits_actifs": True,
        "entreprises_total": 10**400,
        "produits_inactifs": object(),
        "session": "another",
        "rapport": 3,
        7: 1,
        "repartitions": {
            "budget_total": [
                {"continent": "Asie", "valeur": 1.0},
                {"continent": "x" * 129, "valeur": 1.0},
                {"continent": "Europe", "valeur": math.nan},
            ]
        },
        "evenements": {"reassort": 5.0, "": 1.0, "inflation": "now", "\ud800": 1.0},
        "detail": {"produits": [{"nom": "fer", "prix": math.nan}]},
        "unknown": [object()],
    }
    right = {
        "budget_total": 1.5,
        "transactions_total": 12,
        "produits_prix_moyen": Decimal("3.25"),
        "produits_prix_min": Number(),
        "evenements_total": Whole(),
        "mine": 4,
    }
    with publisher() as p:
        p.report({**wrong, **right})
    read = reports()[0]
    for key, value in right.items():
        assert read[key] == (
            2.5 if key == "produits_prix_min" else 7 if key == "evenements_total" else value
        )
    assert read["repartitions"] == {"budget_total": [{"continent": "Asie", "valeur": 1.0}]}
    assert read["evenements"] == {"reassort": 5.0}
    assert read["session"] == "a game"
    for key in [*list(wrong)[:7], "detail", "unknown"]:
        assert key not in read, key
    # Each wrong value, part and time, in both reports.
    assert p.stats.left_out == 2 * (7 + 3 + 2 + 3 + 1 + 1)
    assert p.stats.problems == 0
    assert capsys.readouterr() == ("", "")


def test_wrong_events_are_left_out_one_by_one():
    with publisher() as p:
        p.report(
            {
                "evenements_recents": [
                    {"tour": 1, "type": "a", "nombre": math.nan, "total": 4.5},
                    {"tour": -1, "type": "a"},
                    {"tour": 1, "type": "x" * 200},
                    {"tour": 2, "type": "b", "nombre": 3},
                ]
            }
        )
        p.report({"evenements_recents": 5})
        p.report(5)
    assert reports()[0]["evenements_recents"] == [
        {"tour": 1, "type": "a", "total": 4.5},
        {"tour": 2, "type": "b", "nombre": 3},
    ]
    assert p.stats.left_out == 5


def test_a_report_over_the_limits_keeps_its_totals():
    names = {f"number_{n}": n for n in range(5000)}
    with publisher() as p:
        p.report(
            {
                "budget_total": 5,
                "detail": {
                    "produits": [],
                    "entreprises": [],
                    "fournisseurs": [{"nom": "f", "stocks": [1000.5] * 200_000}],
                },
            }
        )
        p.report(names)
        p.flush()
    first, second, *_ = reports()
    assert first["budget_total"] == second["budget_total"] == 5
    assert "detail" not in first
    assert 1000 < len(second) <= 2000
    assert p.stats.left_out > 3000


@pytest.mark.parametrize("name", ["", "x" * 1000, "é" * 100, "a\0b", "\ud800", 5])
def test_any_session_name_is_made_one_that_the_exporter_takes(name):
    with Publisher(name, "logs/metrics.jsonl") as p:
        p.turn()
    session = reports()[0]["session"]
    assert 0 < len(session.encode()) <= 128
    assert "\0" not in session
    assert p.stats.left_out == 1


def test_sessions_differ_and_leave_the_game_s_random_numbers_alone():
    random.seed(7)
    before = random.getstate()
    with Publisher() as one, Publisher() as other:
        one.turn()
        other.turn()
        assert one.session != other.session
    assert random.getstate() == before


def test_a_read_that_fails_is_said_once_and_the_rest_is_sent(capsys):
    def read():
        raise LookupError("gone")

    with publisher(read=read) as p:
        for _ in range(4):
            p.turn(budget_total=3)
            p.flush()
    assert [r["budget_total"] for r in reports()] == [3] * 6
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "gone" in err
    assert p.stats.problems == 6


def test_read_is_asked_only_for_reports():
    asked = []
    with publisher(
        read=lambda: asked.append(1) or {"budget_total": 1, "produits_total": math.nan},
        interval=1000,
    ) as p:
        for _ in range(100):
            p.turn()
    assert len(asked) == 2
    assert reports()[-1]["budget_total"] == 1
    assert "produits_total" not in reports()[-1]


def test_restart_ends_a_session_and_begins_another():
    with publisher() as p:
        p.turn(budget_total=1)
        p.restart("the next")
        p.turn(budget_total=2)
    old, end, new, last = reports()
    assert [r["session"] for r in (old, end, new, last)] == ["a game"] * 2 + ["the next"] * 2
    assert end["fini"]
    assert (new["tour"], new["rapport"]) == (1, 1)


def test_off_publishes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADESIM_METRICS", "off")
    with Publisher() as p:
        p.turn(budget_total=1)
        p.report({})
        p.flush()
        p.restart()
    assert list(tmp_path.iterdir()) == []
    assert p.stats.turns == 0


@pytest.mark.parametrize(
    ("target", "token"),
    [
        ("ftp://127.0.0.1/", None),
        ("127.0.0.1:8000", None),
        ("localhost:8000/update_metrics", None),
        ("[::1]:8000", None),
        ("http://", None),
        ("http://[::1", None),
        ("http://x:port", None),
        ("http://127.0.0.1:1", "a secret\n"),
    ],
)
def test_a_wrong_url_or_token_is_said_once_without_the_secret(target, token, capsys):
    with Publisher(None, target, token=token) as p:
        for _ in range(100):
            p.turn(budget_total=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "secret" not in err
    assert p.stats.problems == 1


def test_nothing_is_said_where_there_is_no_standard_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Publisher(None, "ftp://x") as p:
        p.turn()
    assert p.stats.problems == 1


def test_threads_lose_no_turn():
    with publisher(interval=0.001) as p:
        threads = [
            threading.Thread(target=lambda: [p.turn(budget_total=1) for _ in range(5000)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    read = reports()
    assert read[-1]["tour"] == 20_000
    assert sum(read[-1]["temps_simulation_tour_seconds"]["counts"]) == 20_000
    assert [r["rapport"] for r in read] == list(range(1, len(read) + 1))


def test_publishing_takes_little_of_the_time_however_slow_it_is():
    clock = []

    def read():
        end = clock_now() + 0.02
        while clock_now() < end:
            pass
        clock.append(1)
        return {}

    from time import perf_counter as clock_now

    begun = clock_now()
    with publisher(read=read, interval=0) as p:
        while clock_now() < begun + 1.5:
            p.turn()
        spent = p.stats.seconds
        elapsed = clock_now() - begun
    # One part in a hundred, and the first report.
    assert spent < 0.25 * elapsed
    assert len(clock) <= 8


def test_import_loads_nothing_that_a_journal_does_not_need():
    code = """
import sys
before = set(sys.modules)
import tradesim_metrics
with tradesim_metrics.Publisher() as p:
    p.turn(budget_total=1)
new = set(sys.modules) - before
stdlib = sys.stdlib_module_names
print([name for name in new if name.partition(".")[0] not in stdlib | {"tradesim_metrics"}])
print(sorted(new & {"http.client", "ssl", "socket", "email", "random", "dataclasses", "asyncio"}))
"""
    assert run_python(code).stdout == "[]\n[]\n"


def test_a_game_that_ends_by_itself_sends_its_last_report():
    run_python(
        """
from tradesim_metrics import Publisher
p = Publisher("s")
p.turn(transactions_total=1)
p.turn(transactions_total=2)
raise SystemExit(3)
""",
        check=False,
    )
    assert reports()[-1]["fini"]
    assert reports()[-1]["transactions_total"] == 2


def test_single_turns_of_a_child_count_from_the_fork_on():
    p = publisher()
    p.turn(transactions_reussies_total=40)
    p._forked()
    p.turn(transactions_reussies_total=43)
    p.close()
    path = p.transport.path
    told = [r for r in reports(path) if r["session"] == p.session and "colonnes" in r]
    assert [r["colonnes"]["transactions_reussies_total"] for r in told] == [[3]]
    assert told[-1]["transactions_reussies_total"] == 3
