"""Tests of what is read of TradeSim, on a stand-in that has its names."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import reports, run_python

from tradesim_metrics import Publisher
from tradesim_metrics.report import COLUMNS
from tradesim_metrics.tradesim import attach

STANDIN = Path(__file__).parent / "standin"
ROOT = Path(__file__).parents[3]
sys.path.append(str(STANDIN))

from services.price_service import price_service  # noqa: E402
from services.simulation_service import SimulationService, world  # noqa: E402

WORLDS = [(6, 12, 5), (1, 1, 1), (42, 61, 20)]


def game(seed=1, size=(6, 12, 5)):
    random.seed(seed)
    made = world(*size)
    return SimulationService(made.entreprises, made.fournisseurs, made.produits)


def by(items, key, value=lambda _: 1):
    sums = {}
    for item in items:
        label = key(item)
        sums[label] = sums.get(label, 0) + value(item)
    return sums


def parts(report, name):
    return {
        tuple(part[label] for label in ("continent", "produit_type") if label in part): part[
            "valeur"
        ]
        for part in report["repartitions"][name]
    }


def check(report, s):
    """Compare every number of a report with the objects of the game."""
    budgets = [e.budget for e in s.entreprises]
    prices = [p.prix for p in s.produits]
    bought = s.transaction_metrics_service.transactions_reussies
    failed = s.transaction_metrics_service.transactions_echouees
    expected = {
        "tour": s.tours_completes,
        "budget_total": sum(budgets),
        "budget_moyen": sum(budgets) / len(budgets),
        "budget_min": min(budgets),
        "budget_max": max(budgets),
        "entreprises_total": len(budgets),
        "entreprises_solvables": sum(b > 0 for b in budgets),
        "produits_total": len(prices),
        "produits_actifs": sum(p.actif for p in s.produits),
        "produits_inactifs": sum(not p.actif for p in s.produits),
        "produits_prix_moyen": sum(prices) / len(prices),
        "produits_prix_min": min(prices),
        "produits_prix_max": max(prices),
        "transactions_total": s.total_actions,
        "transactions_reussies_total": len(bought),
        "transactions_echouees_total": len(failed),
        "transactions_montant_total": s.budget_metrics_service.depenses_totales,
        "transactions_unites_total": sum(t["quantite"] for t in bought),
        "evenements_total": s.evenements_appliques,
        "stock_fournisseurs_unites": sum(sum(f.stock_produit.values()) for f in s.fournisseurs),
        "stock_entreprises_unites": sum(sum(e.stocks.values()) for e in s.entreprises),
        "produits_epuises": sum(
            all(f.stock_produit.get(p.id, 0) == 0 for f in s.fournisseurs) for p in s.produits
        ),
        "argent_initial_euros": pytest.approx(sum(e.budget_initial for e in s.entreprises)),
    }
    for key, value in expected.items():
        assert report[key] == value, key
    seconds = report["temps_simulation_tour_seconds"]
    assert sum(seconds["counts"]) == len(s.performance_metrics_service.temps_execution)
    assert seconds["sum"] == pytest.approx(sum(s.performance_metrics_service.temps_execution))

    detail = report["detail"]
    assert [p["nom"] for p in detail["produits"]] == [p.nom for p in s.produits]
    for told, own in zip(detail["produits"], s.produits, strict=False):
        assert told == {
            "nom": own.nom,
            "prix": own.prix,
            "type": own.type.value,
            "actif": own.actif,
        }
    achats = by(bought, lambda t: t["entreprise"])
    for told, own in zip(detail["entreprises"], s.entreprises, strict=False):
        assert told == {
            "nom": own.nom,
            "budget": own.budget,
            "budget_initial": own.budget_initial,
            "continent": own.continent,
            "strategie": own.strategie,
            "achats": achats.get(own.nom, 0),
            "stocks": [own.stocks.get(p.id, 0) for p in s.produits],
        }
    for told, own in zip(detail["fournisseurs"], s.fournisseurs, strict=False):
        assert told == {
            "nom": own.nom_entreprise,
            "continent": own.continent,
            "stocks": [own.stock_produit.get(p.id, 0) for p in s.produits],
            "prix": [price_service.get_prix_produit_fournisseur(p.id, own.id) for p in s.produits],
        }

    continent = {e.nom: e.continent for e in s.entreprises}
    kind = {p.nom: p.type.value for p in s.produits}
    both = lambda t: (continent[t["entreprise"]], kind[t["produit"]])  # noqa: E731
    assert parts(report, "budget_total") == pytest.approx(
        by(s.entreprises, lambda e: (e.continent,), lambda e: e.budget)
    )
    assert parts(report, "produits_actifs") == by(
        s.produits, lambda p: (p.type.value,), lambda p: p.actif
    )
    for name, items, value in (
        ("transactions_reussies_total", bought, lambda _: 1),
        ("transactions_montant_total", bought, lambda t: t["montant_total"]),
        ("transactions_unites_total", bought, lambda t: t["quantite"]),
        ("transactions_total", bought + failed, lambda _: 1),
    ):
        assert parts(report, name) == pytest.approx(by(items, both, value)), name
    for name in report["repartitions"]:
        assert sum(parts(report, name).values()) == pytest.approx(report[name]), name


@pytest.mark.parametrize("size", WORLDS)
def test_every_tenth_turn_of_300_equals_the_game(size):
    s = game(2, size)
    p = attach(s, transport="logs/metrics.jsonl")
    for turn in range(1, 301):
        assert "error" not in s.simulation_tour()
        if turn % 10 == 0:
            p.flush()
            check(reports()[-1], s)
    p.close()
    assert p.stats.left_out == p.stats.problems == 0
    read = reports()
    events = [event for r in read for event in r.get("evenements_recents", ())]
    assert len(events) == s.evenements_appliques
    total = lambda kind: sum(e["total"] for e in events if e["type"] == kind)  # noqa: E731
    last = read[-1]
    assert last["fini"]
    assert last["argent_entre_euros_total"] == total("recharge_budget")
    assert last["livraisons_unites_total"] == total("reassort") + total(
        "recharge_stock_fournisseur"
    )
    # All events happen in turns with an even tick.
    assert {event["tour"] % 2 for event in events} == {1}
    assert set(last["evenements"]) == {event["type"] for event in events}
    # Money closes: what firms have is what they began with, and got, less what they spent.
    assert last["budget_total"] == pytest.approx(
        last["argent_initial_euros"]
        + last["argent_entre_euros_total"]
        - last["transactions_montant_total"]
    )


class Busy:
    """A transport that takes no report between the first and the end."""

    taken = too_large = False

    def __init__(self):
        self.reports = []

    def ready(self):
        return not self.reports

    def write(self, report):
        self.reports.append(json.loads(report))
        self.taken = True

    def settle(self, _seconds):
        pass

    def close(self):
        pass


def test_events_that_no_report_can_take_are_bounded_and_counted():
    s = game()
    busy = Busy()
    p = attach(s, transport=busy)
    waiting = p._read
    for _ in range(4000):
        s.simulation_tour()
        assert len(waiting._unread) + len(waiting._events) < 2000
    p.close()
    assert p.stats.left_out == s.evenements_appliques - 1000 > 0
    # The newest are told, in order; totals have all of them.
    first, *later = busy.reports
    assert "evenements_recents" not in first
    told = [e["tour"] for r in later for e in r["evenements_recents"]]
    assert len(told) == 1000
    assert told == sorted(told)
    assert told[-1] > 3900
    check(busy.reports[-1], s)


def test_columns_tell_each_of_the_first_turns_and_some_of_the_others():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    budgets = []
    for _ in range(100):
        s.simulation_tour()
        budgets.append(sum(e.budget for e in s.entreprises))
    p.close()
    columns = [r["colonnes"] for r in reports() if "colonnes" in r]
    tours = [tour for c in columns for tour in c["tour"]]
    assert tours[:10] == list(range(1, 11))
    assert tours == sorted(set(tours))
    assert [budget for c in columns for budget in c["budget_total"]] == [
        budgets[tour - 1] for tour in tours
    ]
    assert set(columns[0]) == set(COLUMNS)


def played(seed, attached, turns=120):
    s = game(seed)
    p = attach(s, transport=attached) if attached else None
    if not attached:
        s.collecter_metriques = lambda: None
    for _ in range(turns):
        s.simulation_tour()
    state = random.getstate(), [e.budget for e in s.entreprises], [p.prix for p in s.produits]
    if p:
        p.close()
    return state


def test_the_game_is_the_same_with_and_without():
    assert played(5, "logs/metrics.jsonl") == played(5, None) == played(5, "off")


def test_a_reset_begins_a_new_session_and_ends_the_old_one():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    for _ in range(30):
        s.simulation_tour()
    spent = s.budget_metrics_service.depenses_totales
    s.reset_simulation()
    for _ in range(3):
        s.simulation_tour()
    p.close()
    sessions = by(reports(), lambda r: r["session"])
    assert len(sessions) == 2
    old, new = ([r for r in reports() if r["session"] == name] for name in sessions)
    assert old[-1]["fini"]
    assert (old[-1]["tour"], old[-1]["transactions_montant_total"]) == (30, spent)
    assert (new[0]["rapport"], new[0]["tour"]) == (1, 1)
    assert (new[-1]["tour"], new[-1]["fini"]) == (3, True)
    check(
        {
            **new[-1],
            "argent_initial_euros": sum(e.budget_initial for e in s.entreprises),
            "detail": new[-1]["detail"],
        },
        s,
    )


def test_a_turn_that_fails_ends_the_game_and_another_continues_it():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    s.simulation_tour()
    s.id_generator.limit = s.id_generator.count
    assert "error" in s.simulation_tour()
    assert reports()[-1]["fini"]
    s.id_generator.limit = 10**9
    s.simulation_tour()
    p.flush()
    assert "fini" not in reports()[-1]
    p.close()


def test_a_child_counts_from_the_fork_on():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    for _ in range(20):
        s.simulation_tour()
    spent = s.budget_metrics_service.depenses_totales
    bought = len(s.transaction_metrics_service.transactions_reussies)
    p._forked()
    for _ in range(5):
        s.simulation_tour()
    p.close()
    last = reports(p.transport.path)[-1]
    assert last["session"] == p.session
    assert last["tour"] == 5
    assert last["transactions_montant_total"] == pytest.approx(
        s.budget_metrics_service.depenses_totales - spent
    )
    assert last["transactions_reussies_total"] == (
        len(s.transaction_metrics_service.transactions_reussies) - bought
    )
    assert sum(
        part["valeur"] for part in last["repartitions"]["transactions_montant_total"]
    ) == pytest.approx(last["transactions_montant_total"])
    assert sum(last["temps_simulation_tour_seconds"]["counts"]) == 5


def test_prices_that_change_are_told_with_the_next_report():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    s.simulation_tour()
    supplier = s.fournisseurs[0]
    stocked = next(iter(supplier.stock_produit))
    fresh = next(product.id for product in s.produits if product.id != stocked)

    def told():
        p.flush()
        p.flush()
        check(reports()[-1], s)
        return reports()[-1]["detail"]["fournisseurs"][0]["prix"]

    told()
    price_service.set_prix(stocked, supplier.id, 123.5)
    assert 123.5 in told()
    # A product that is taken from stock has a price as long as the service remembers it.
    supplier.stock_produit.pop(fresh, None)
    price_service.prices[fresh, supplier.id] = 456.5
    price_service._prix_cache.clear()
    assert 456.5 not in told()
    supplier.stock_produit[fresh] = 0
    assert 456.5 in told()
    p.close()


def test_attached_twice_is_attached_once():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    assert attach(s) is p
    p.close()


def test_off_leaves_a_turn_with_nothing_but_a_call(tmp_path):
    s = game()
    p = attach(s, transport="off")
    s.simulation_tour()
    p.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_service_is_said_once_and_left_alone(capsys):
    for thing in (object(), None, 5, {}):
        assert not attach(thing, transport="logs/metrics.jsonl").is_open
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 4


def test_values_that_no_report_may_have_cost_only_their_part(capsys):
    s = game()
    s.entreprises[0].nom = "x" * 500
    p = attach(s, transport="logs/metrics.jsonl")
    s.simulation_tour()
    p.flush()
    read = reports()[-1]
    assert len(read["detail"]["entreprises"]) == 5
    assert read["transactions_total"] == s.total_actions
    s.entreprises[1].budget = math.nan
    p.flush()
    s.produits[2].prix = "dear"
    p.flush()
    read = reports()[-2:]
    assert "budget_total" not in read[0]
    assert all(r["transactions_total"] == s.total_actions for r in read)
    assert p.stats.left_out > 0
    p.close()
    assert capsys.readouterr().out == ""


def test_services_that_are_missing_are_said_once(capsys):
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    s.event_metrics_service = s.transaction_metrics_service = None
    for _ in range(5):
        s.collecter_metriques()
        p.flush()
    p.close()
    assert capsys.readouterr().err.count("\n") <= 4


RUN = [sys.executable, "-m", "tradesim_metrics", "run"]
DOCTOR = (sys.executable, "-m", "tradesim_metrics", "doctor")
ARGS = ["services/simulate.py", "--tours", "40", "--seed", "3"]


@pytest.fixture
def tradesim(tmp_path):
    shutil.copytree(
        STANDIN, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def command(*words, check=True):
    return subprocess.run(words, capture_output=True, text=True, check=check, timeout=60)


@pytest.mark.usefixtures("tradesim")
def test_run_publishes_a_game_whose_code_knows_nothing_of_it():
    with_it = command(*RUN, *ARGS)
    without = command(sys.executable, *ARGS)
    assert with_it.stdout == without.stdout != ""
    assert with_it.stderr == ""
    last = reports()[-1]
    assert (last["tour"], last["fini"]) == (40, True)
    assert last["session"].startswith("20261128_120000_")
    assert not Path("logs/own.jsonl").exists() or "history" in Path("logs/own.jsonl").read_text()


@pytest.mark.usefixtures("tradesim")
def test_run_keeps_every_turn_when_asked():
    command(*RUN, "--every-turn", *ARGS)
    lines = reports("logs/turns.jsonl")
    assert next(line["tour"] for line in lines if line["tours"]) == 1
    assert sum(line["tours"] for line in lines) == 40
    assert lines[-1]["fini"]


@pytest.mark.usefixtures("tradesim")
def test_run_ends_as_the_script_does():
    assert (
        command(*RUN, "--to", "off", "services/simulate.py", "--nothing", check=False).returncode
        == 2
    )
    missing = command(*RUN, "nowhere.py", check=False)
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr
    Path("bad.py").write_text("import sys; print(sys.argv, __name__); sys.exit(7)")
    ended = command(*RUN, "bad.py", "--to", "x", check=False)
    assert (ended.returncode, ended.stdout) == (7, "['bad.py', '--to', 'x'] __main__\n")


@pytest.mark.usefixtures("tradesim")
def test_doctor_says_where_to_and_what_to_do():
    said = command(*DOCTOR, "--exporter", "http://127.0.0.1:1", check=False)
    assert said.returncode == 1
    assert "this TradeSim" in said.stdout
    assert f"--follow {Path('logs/metrics.jsonl').resolve()}" in said.stdout
    assert json.loads(Path("logs/metrics.jsonl").read_text().splitlines()[-1])["fini"]
    off = command(*DOCTOR, "--to", "off", check=False)
    assert off.returncode == 1
    assert "nowhere" in off.stdout


@pytest.mark.usefixtures("tradesim")
def test_doctor_leaves_nothing_beside_a_journal_that_a_game_holds():
    with Publisher("held", "logs/metrics.jsonl") as p:
        p.turn()
        command(*DOCTOR, "--exporter", "http://127.0.0.1:1", check=False)
        assert sorted(path.name for path in Path("logs").iterdir()) == [
            "metrics.jsonl",
            "metrics.jsonl.lock",
        ]


def test_attaching_loads_nothing_but_the_client():
    code = """
import sys
before = set(sys.modules)
import tradesim_metrics.tradesim
print(sorted(set(sys.modules) - before & {"requests", "argparse", "random", "http.client"}))
"""
    assert "requests" not in run_python(code).stdout


def test_the_columns_are_those_that_the_exporter_takes():
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    found = re.search(r'"colonnes": .*?"enum": (\[[^\]]*\])', json.dumps(schema))
    assert set(json.loads(found[1])) == set(COLUMNS)
