"""Tests of what the client costs, as ratios to yardsticks of the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
import timeit

import pytest
from test_tradesim import game

from tradesim_metrics import Publisher
from tradesim_metrics.tradesim import attach


def best(work, number=5000):
    return min(timeit.repeat(work, number=number, repeat=11)) / number


class Bare:
    """A method with the parameters of turn()."""

    def turn(self, seconds=None, /, **values):
        pass


class Counter:
    """The least that a counter which threads share does: a lock and a sum."""

    def __init__(self):
        self._lock = threading.Lock()
        self._value = 0.0
        self._children = {}

    def inc(self, amount=1, **labels):
        if amount < 0:
            raise ValueError
        with self._lock:
            self._children[tuple(labels)] = self._value = self._value + amount


def test_switched_off_a_turn_is_no_more_than_a_call():
    p = Publisher(transport="off")
    assert best(p.turn) < 1.6 * best(Bare().turn)


def test_a_turn_that_sends_nothing_is_as_cheap_as_few_increments():
    p = Publisher("s", "logs/metrics.jsonl", interval=1e6)
    p.turn()
    p._row_due = p._due = 1e18
    assert best(p.turn) < 5 * best(Counter().inc)
    p.close()


def test_a_turn_of_tradesim_that_sends_nothing_is_cheaper_still():
    s = game()
    p = attach(s, transport="logs/metrics.jsonl")
    s.simulation_tour()
    p._due = 1e18
    assert best(s.collecter_metriques) < 3 * best(Counter().inc)
    p.close()


def turns(own, count=60):
    """Play a game with the stand-in's own monitoring or with the client; gives processor time a turn."""
    s = game(3, (6, 48, 5))
    p = None if own else attach(s, transport="logs/metrics.jsonl")
    for _ in range(10):
        s.simulation_tour()
    begun = time.process_time()
    for _ in range(count):
        s.simulation_tour()
    used = time.process_time() - begun
    if p:
        p.close()
    return used / count


def test_the_client_costs_a_small_part_of_a_monitoring_that_serialises_its_history():
    ratios = [turns(own=True) / turns(own=False) for _ in range(5)]
    assert statistics.median(ratios) > 3


def test_the_import_takes_less_than_that_of_json():
    resource = pytest.importorskip("resource")

    def used():
        times = resource.getrusage(resource.RUSAGE_CHILDREN)
        return times.ru_utime + times.ru_stime

    def start(code):
        begun = used()
        subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
        return used() - begun

    folder = __import__("tradesim_metrics").__path__[0].rpartition("tradesim_metrics")[0]
    code = {
        "bare": "pass",
        "own": f"import sys; sys.path.append({folder!r}); import tradesim_metrics",
        "usual": "import json, dataclasses, argparse, http.client",
    }
    rounds = [{name: start(text) for name, text in code.items()} for _ in range(15)]
    took = {name: min(one[name] for one in rounds) for name in code}
    assert took["own"] - took["bare"] < 0.5 * (took["usual"] - took["bare"])
