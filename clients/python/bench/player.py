"""Plays a game in a process of its own, a few turns at a time, for `bench.py`.

Reads a number of turns from each line of standard input, and writes the processor time that they
took, in nanoseconds, the real time, and what the client has used so far for `inside`; at the end, the
money of all firms. Started as: player.py WORLD SEED VARIANT FOLDER
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

STANDIN = Path(__file__).parent.parent / "tests" / "standin"
#: Firms, products and suppliers of the made worlds.
SIZES = {"small": (3, 12, 5), "shipped": (6, 48, 5), "large": (30, 60, 20)}


def standin(world, seed):
    """Make a game of the stand-in."""
    sys.path.insert(0, str(STANDIN))
    from services.simulation_service import SimulationService
    from services.simulation_service import world as make

    random.seed(seed)
    made = make(*SIZES[world])
    return SimulationService(made.entreprises, made.fournisseurs, made.produits)


def tradesim(folder, world, seed):
    """Make a game of TradeSim, which lies in a folder."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    from repositories import EntrepriseRepository, FournisseurRepository, ProduitRepository
    from services.simulation_service import SimulationService

    random.seed(seed)
    if world == "shipped":
        from services.game_state_service import game_state_service

        game_state_service.load_game_state(game_state_service.get_latest_game_file())
    else:
        from services import game_manager

        game_manager.save_game_state = lambda *_: None
        config = game_manager.get_default_config()
        if world == "large":
            firms, products, suppliers = SIZES[world]
            config["entreprises"]["nombre"] = firms
            config["produits"] |= {"nombre": products, "actifs_min": 40, "actifs_max": products}
            config["fournisseurs"]["nombre"] = suppliers
        game_manager.generate_game_data(config)
    repositories = EntrepriseRepository(), FournisseurRepository(), ProduitRepository()
    service = SimulationService(*(repository.get_all() for repository in repositories))
    service.reset_simulation()
    random.seed(seed)
    return service


def prometheus(service):
    """What prometheus_client would be given after a turn: the numbers of a report."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()
    names = ("budget", "budget_min", "budget_max", "prix", "actifs", "montant")
    gauges = {name: Gauge(name, name, registry=registry) for name in names}
    bought = Counter("bought", "purchases", registry=registry)
    seconds = Histogram("seconds", "turns", registry=registry)
    firm = Gauge("firm", "budget", ["firm"], registry=registry)
    firms = [firm.labels(f.nom) for f in service.entreprises]
    before = 0

    def collect():
        nonlocal before
        values = numbers(service)
        for name in names:
            gauges[name].set(values[name])
        bought.inc(values["bought"] - before)
        before = values["bought"]
        seconds.observe(values["seconds"])
        for child, one in zip(firms, service.entreprises, strict=False):
            child.set(one.budget)

    return collect


def opentelemetry(service):
    """The same with the SDK of OpenTelemetry, whose reader collects each 100 ms.

    Each library's calls are written out: what they would share would be measured as well.
    """
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import (
        MetricExporter,
        MetricExportResult,
        PeriodicExportingMetricReader,
    )

    class Nowhere(MetricExporter):
        def export(self, data, **_):
            data.to_json()
            return MetricExportResult.SUCCESS

        def force_flush(self, **_):
            return True

        def shutdown(self, **_):
            pass

    reader = PeriodicExportingMetricReader(Nowhere(), export_interval_millis=100)
    meter = MeterProvider([reader]).get_meter("bench")
    names = ("budget", "budget_min", "budget_max", "prix", "actifs", "montant")
    gauges = {name: meter.create_gauge(name) for name in names}
    bought = meter.create_counter("bought")
    seconds = meter.create_histogram("seconds")
    firm = meter.create_gauge("firm")
    labels = [{"firm": f.nom} for f in service.entreprises]
    before = 0

    def collect():
        nonlocal before
        values = numbers(service)
        for name in names:
            gauges[name].set(values[name])
        bought.add(values["bought"] - before)
        before = values["bought"]
        seconds.record(values["seconds"])
        for own, one in zip(labels, service.entreprises, strict=False):
            firm.set(one.budget, own)

    return collect


def numbers(service):
    """Read what rivals are given: a part of what the client reports, without detail."""
    budgets = [f.budget for f in service.entreprises]
    products = service.produits
    return {
        "budget": sum(budgets),
        "budget_min": min(budgets),
        "budget_max": max(budgets),
        "prix": sum([p.prix for p in products]) / len(products),
        "actifs": sum([p.actif for p in products]),
        "montant": service.budget_metrics_service.depenses_totales,
        "bought": len(service.transaction_metrics_service.transactions_reussies),
        "seconds": service.performance_metrics_service.temps_execution[-1],
    }


def main():
    world, seed, variant, folder = sys.argv[1:]
    out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    journal = os.path.abspath(f"journal-{world}-{variant}-{seed}.jsonl")
    service = tradesim(folder, world, int(seed)) if folder != "-" else standin(world, int(seed))
    # In all variants: its mere presence changes the pace of a process.
    from tradesim_metrics import publisher as clock
    from tradesim_metrics.tradesim import attach

    # Reports leave as often as on a machine that does nothing else, whatever this one does.
    clock.perf_counter = time.process_time
    publisher = None
    if variant == "none":
        service.collecter_metriques = lambda: None
    elif variant == "prometheus":
        service.collecter_metriques = prometheus(service)
    elif variant == "opentelemetry":
        service.collecter_metriques = opentelemetry(service)
    elif variant != "own":
        own = variant in {"client", "inside"}
        publisher = attach(service, transport=journal if own else variant)
    inside = 0
    if variant == "inside":
        collect = service.collecter_metriques

        def timed():
            nonlocal inside
            begun = time.process_time_ns()
            collect()
            inside += time.process_time_ns() - begun

        service.collecter_metriques = timed
    for line in sys.stdin:
        real, used = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(int(line)):
            service.simulation_tour()
        used, real = time.process_time_ns() - used, time.perf_counter_ns() - real
        out.write(f"{used} {real} {inside}\n")
        out.flush()
    out.write(f"{sum(f.budget for f in service.entreprises)!r}\n")
    out.flush()
    if publisher is not None:
        publisher.close()


if __name__ == "__main__":
    main()
