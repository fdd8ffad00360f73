"""Tests with the real exporter, as the Python package tradesim-exporter starts it."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from support import eventually
from test_tradesim import WORLDS, game, price_service

from tradesim_metrics.tradesim import attach

PROGRAM = Path(sysconfig.get_path("scripts")) / "tradesim-exporter"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")


class Exporter:
    """The program in a process of its own, without anything of this environment."""

    def __init__(self, *args, port=0):
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [PROGRAM, "--port", str(port), "--state", "none", *args],
            env={"PATH": "/usr/bin:/bin", "HOME": str(Path.cwd())},
            stderr=self.log,
        )
        try:
            self.port = eventually(self._listening)
        except AssertionError:
            self.stop(signal.SIGKILL)
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def _listening(self):
        self.log.seek(0)
        text = self.log.read().decode()
        assert self.process.poll() is None, text
        found = re.search(r"address=http://127\.0\.0\.1:(\d+)", text)
        return found and int(found[1])

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def samples(self):
        """Every sample of /metrics, by its name and its labels."""
        read = {}
        for name, labels, value in SAMPLE.findall(self.get("/metrics")[1]):
            pairs = tuple(
                (key, ESCAPED.sub(lambda m: {"n": "\n"}.get(m[1], m[1]), text))
                for key, text in LABEL.findall(labels)
            )
            read[name, pairs] = float(value)
        return read

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def exporter():
    started = []

    def start(*args, **options):
        started.append(Exporter(*args, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()
        one.log.close()


def expected(s):
    """What /metrics must say of a game, by the objects of the game."""
    budgets = [e.budget for e in s.entreprises]
    prices = [p.prix for p in s.produits]
    bought = s.transaction_metrics_service.transactions_reussies
    return {
        ("tours_completes", ()): s.tours_completes,
        ("budget_total", ()): sum(budgets),
        ("budget_moyen", ()): sum(budgets) / len(budgets),
        ("budget_min", ()): min(budgets),
        ("budget_max", ()): max(budgets),
        ("entreprises_total", ()): len(budgets),
        ("entreprises_solvables", ()): sum(b > 0 for b in budgets),
        ("transactions_total", ()): s.total_actions,
        ("transactions_reussies_total", ()): len(bought),
        ("transactions_echouees_total", ()): len(
            s.transaction_metrics_service.transactions_echouees
        ),
        ("transactions_montant_total", ()): s.budget_metrics_service.depenses_totales,
        ("produits_total", ()): len(prices),
        ("produits_actifs", ()): sum(p.actif for p in s.produits),
        ("produits_inactifs", ()): sum(not p.actif for p in s.produits),
        ("produits_prix_moyen", ()): sum(prices) / len(prices),
        ("produits_prix_min", ()): min(prices),
        ("produits_prix_max", ()): max(prices),
        ("evenements_total", ()): s.evenements_appliques,
        ("temps_simulation_tour_seconds_count", ()): len(
            s.performance_metrics_service.temps_execution
        ),
        ("temps_simulation_tour_seconds_sum", ()): sum(
            s.performance_metrics_service.temps_execution
        ),
    }


def expected_one_by_one(s):
    """The same of each firm, product and supplier."""
    values = {}
    for e in s.entreprises:
        firm = ("entreprise", e.nom)
        values["entreprise_budget", (firm,)] = e.budget
        for p in s.produits:
            values["entreprise_stock", (firm, ("produit", p.nom))] = e.stocks.get(p.id, 0)
    for p in s.produits:
        values["produit_prix", (("produit", p.nom),)] = p.prix
        values["produit_actif", (("produit", p.nom),)] = int(p.actif)
    for f in s.fournisseurs:
        for p in s.produits:
            both = (("fournisseur", f.nom_entreprise), ("produit", p.nom))
            values["fournisseur_stock", both] = f.stock_produit.get(p.id, 0)
            price = price_service.get_prix_produit_fournisseur(p.id, f.id)
            if price is not None:
                values["fournisseur_prix", both] = price
    return values


def equal(read, values):
    return [
        (key, read.get(key), value)
        for key, value in values.items()
        if read.get(key) != pytest.approx(value, rel=1e-12)
    ]


@pytest.mark.parametrize(
    ("size", "way"), [*((size, "journal") for size in WORLDS), (WORLDS[0], "http")]
)
def test_metrics_equal_the_game_at_every_tenth_turn(exporter, size, way):
    started = exporter("--follow", "logs/metrics.jsonl", "--collect-interval", "50ms", "--detail")
    s = game(4, size)
    p = attach(s, transport="logs/metrics.jsonl" if way == "journal" else started.url)
    source = "follow" if way == "journal" else "post"
    for turn in range(1, 301):
        s.simulation_tour()
        if turn % 10:
            continue
        eventually(p.transport.ready)
        p.flush()
        # A report may have left just before, in the midst of this turn.
        taken = ("tradesim_exporter_reports_taken_total", (("source", source),))
        sent = p.stats.reports
        read = eventually(lambda: (r := started.samples())[taken] == sent and r)  # noqa: B023
        assert read["simulation_tour", ()] == turn
        assert equal(read, expected(s)) == []
        assert equal(read, expected_one_by_one(s)) == []
    p.close()
    assert p.stats.left_out == p.stats.problems == 0
    read = eventually(
        lambda: (r := started.samples()).get(("simulation_etat", (("etat", "finished"),))) and r
    )
    wrong = {
        key: v
        for key, v in read.items()
        if key[0]
        in {
            "tradesim_exporter_keys_left_out_total",
            "tradesim_exporter_reports_refused_total",
            "simulation_invariant_violations_total",
        }
        and v
    }
    assert wrong == {}


def test_an_exporter_that_is_killed_loses_no_total(exporter):
    first = exporter()
    s = game()
    p = attach(s, transport=first.url)
    for _ in range(30):
        s.simulation_tour()
    eventually(lambda: first.samples().get(("transactions_total", ())))
    first.stop(signal.SIGKILL)
    for _ in range(200):
        s.simulation_tour()
    second = exporter(port=first.port)
    p.flush()
    eventually(p.transport.ready)
    p.flush()
    read = eventually(lambda: (r := second.samples()).get(("simulation_tour", ())) == 230 and r)
    assert equal(read, expected(s)) == []
    p.close()


def test_doctor_finds_its_report(exporter):
    followed = exporter("--follow", "logs/metrics.jsonl")
    for words in (("--exporter", followed.url), ("--to", followed.url)):
        said = subprocess.run(
            [sys.executable, "-m", "tradesim_metrics", "doctor", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert said.returncode == 0, said.stdout + said.stderr
        assert "yes: the exporter" in said.stdout
    other = exporter("--follow", "elsewhere.jsonl")
    said = subprocess.run(
        [sys.executable, "-m", "tradesim_metrics", "doctor", "--exporter", other.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said.returncode == 1
    assert "does not have it" in said.stdout


def test_the_package_runs_the_program_as_it_is(tmp_path):
    version = subprocess.run(
        [PROGRAM, "--version"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    ).stdout
    assert re.fullmatch(r"tradesim-exporter [\d.]+ \(commit \S+, deno 2\.\S+, v8 \S+\)\n", version)
    wrong = subprocess.run([PROGRAM, "--prot", "1"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "--port" in wrong.stderr


def test_a_signal_ends_the_program(exporter):
    started = exporter()
    assert started.get("/-/ready")[0] == 200
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(30) == 0


def test_every_turn_of_a_game_is_read_back_from_its_turn_log():
    s = game()
    p = attach(s, session="g", transport="logs/metrics.jsonl", every_turn=True)
    spent = []
    for _ in range(500):
        s.simulation_tour()
        spent.append(s.budget_metrics_service.depenses_totales)
    p.close()
    spec = "backfill logs/turns.jsonl --anchor 2000-01-01 --turn-seconds 1 --out -"
    done = subprocess.run(
        [PROGRAM, *spec.split(), "--metrics", "transactions_montant_total"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = re.findall(
        r'^transactions_montant_total\{.*instance="g"\} (\S+) (\d+)$', done.stdout, re.MULTILINE
    )
    assert [int(time) - 946684800 for _, time in told] == list(range(500))
    assert [float(value) for value, _ in told] == pytest.approx(spent)
