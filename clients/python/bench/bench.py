"""Measures what the client costs, with its yardsticks and its rivals in the same run.

    python bench/bench.py [--tradesim FOLDER] [--games N] [--rivals N]

FOLDER is the folder `app` of TradeSim; without it, the tests' stand-in plays. Needs prometheus-client and
opentelemetry-sdk beside the installed client, and what TradeSim itself needs.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import timeit
from pathlib import Path

PLAYER = Path(__file__).parent / "player.py"
TURNS = 300
#: Turns that one game plays before the other one follows.
BLOCK = 30
WORLDS = ("small", "shipped", "large")
RIVALS = ("own", "prometheus", "opentelemetry")


class Player:
    """A game in a process of its own."""

    def __init__(self, world, seed, variant, folder):
        # TradeSim appends to files of its folder, and a made world replaces the shipped one.
        self._copy = None if folder == "-" else copy(folder)
        folder = self._copy or folder
        self._process = subprocess.Popen(
            [sys.executable, str(PLAYER), world, str(seed), variant, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def play(self, turns):
        """Play some turns; gives the processor time in nanoseconds."""
        self._process.stdin.write(f"{turns}\n")
        self._process.stdin.flush()
        used, _, self.inside = map(int, self._process.stdout.readline().split())
        return used

    def end(self):
        budget, _ = self._process.communicate()
        if self._copy is not None:
            shutil.rmtree(self._copy)
        return budget


def copy(folder):
    """Copy TradeSim, without what it has written."""
    made = tempfile.mkdtemp(dir=".")
    shutil.copytree(
        folder, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.log", "*.jsonl")
    )
    os.makedirs(f"{made}/logs", exist_ok=True)
    return os.path.abspath(made)


def paired(world, variant, seed, folder):
    """Play the same game with and without, in turns, in alternated order. Gives both times."""
    players = [Player(world, seed, one, folder) for one in (variant, "none")]
    times = [0, 0]
    for player in players:
        player.play(5)
    for block in range(TURNS // BLOCK):
        for place in (0, 1) if (block + seed) % 2 else (1, 0):
            times[place] += players[place].play(BLOCK)
    ends = [player.end() for player in players]
    if ends[0] != ends[1] or not ends[0]:
        raise RuntimeError(f"the games differ: {ends}")
    return times


def inside(world, seed, folder):
    """Give the part of a game's processor time that is spent in the client."""
    player = Player(world, seed, "inside", folder)
    player.play(5)
    before = player.inside
    used = player.play(TURNS)
    part = (player.inside - before) / used
    player.end()
    return part


def interval(ratios):
    """Give the mean ratio and its 95 % interval, by the logarithms."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    half = 1.96 * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return tuple(math.exp(x) for x in (mean, mean - half, mean + half))


def nanoseconds(work, number=20_000):
    return min(timeit.repeat(work, number=number, repeat=15)) / number * 1e9


class Bare:
    def turn(self, seconds=None, /, **values):
        pass


def micro(folder):
    """Measure single calls, in this process."""
    from prometheus_client import CollectorRegistry, Counter

    from tradesim_metrics import Publisher
    from tradesim_metrics.tradesim import attach

    call = nanoseconds(Bare().turn)
    increment = nanoseconds(Counter("c", "c", registry=CollectorRegistry()).inc)
    print(f"a bare method call               {call:9.0f} ns")
    print(f"a prometheus_client increment    {increment:9.0f} ns")

    def show(what, value, yardstick="increments"):
        unit = increment if yardstick == "increments" else call
        print(f"{what:<32} {value:9.0f} ns  = {value / unit:.2f} {yardstick}")

    show("turn(), switched off", nanoseconds(Publisher(transport="off").turn), "calls")
    p = Publisher("quiet", "quiet.jsonl", interval=1e6)
    p.turn()
    p._row_due = p._due = 1e18
    show("turn(), sends nothing", nanoseconds(p.turn))
    show(
        "turn(three values)",
        nanoseconds(lambda: p.turn(budget_total=1.0, transactions_total=2, evenements_total=3)),
    )
    sys.path.insert(0, str(PLAYER.parent))
    stdin, sys.stdin = sys.stdin, open(os.devnull)  # noqa: SIM115
    import player

    sys.stdin = stdin
    out, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
    back = Path.cwd()
    folder = folder if folder == "-" else copy(folder)
    game = player.tradesim(folder, "shipped", 1) if folder != "-" else player.standin("shipped", 1)
    os.chdir(back)
    p = attach(game, transport=str(back / "attached.jsonl"))
    os.chdir(folder if folder != "-" else back)
    for _ in range(TURNS):
        game.simulation_tour()
    os.chdir(back)
    sys.stdout = out
    reader = p._read
    p.flush()
    show("a report with detail", nanoseconds(p.flush, number=50))
    show("a row of a single turn", nanoseconds(reader._row, number=500))
    p._due = 1e18
    show("TradeSim's turn, sends nothing", nanoseconds(reader.turned))
    p.close()


def imports():
    """Compare the start of Python with and without the import, by processor time."""

    def used():
        times = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (times.ru_utime + times.ru_stime) * 1e3

    def start(code):
        begun = used()
        subprocess.run([sys.executable, "-c", code], check=True)
        return used() - begun

    def best(code):
        return min(start(code) for _ in range(25))

    bare = best("pass")
    for code in (
        "import tradesim_metrics",
        "import tradesim_metrics.tradesim",
        "import prometheus_client",
        "import opentelemetry.sdk.metrics",
    ):
        print(f"{code:<40} {best(code) - bare:7.1f} ms over bare Python, {bare:.1f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tradesim", default="-")
    parser.add_argument("--games", type=int, default=20)
    parser.add_argument("--rivals", type=int, default=2)
    options = parser.parse_args()
    folder = options.tradesim if options.tradesim == "-" else os.path.abspath(options.tradesim)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        what = "the stand-in" if folder == "-" else "TradeSim"
        print(
            f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
        )
        micro(folder)
        imports()
        print(f"{TURNS} turns of {what}, processor time, paired:")
        for world in WORLDS:
            parts = [inside(world, seed, folder) for seed in range(1, options.games + 1)]
            print(
                f"{world:<8} inside the client: {statistics.fmean(parts):.2%}, {max(parts):.2%} at most",
                flush=True,
            )
            for variant in ("none", "client", *RIVALS):
                games = options.rivals if variant in RIVALS else options.games
                pairs = [paired(world, variant, seed, folder) for seed in range(1, games + 1)]
                mean, low, high = interval([a / b for a, b in pairs])
                bare = statistics.median(b for _, b in pairs) / TURNS / 1e3
                name = "none (A/A)" if variant == "none" else variant
                print(
                    f"{world:<8} {name:<14} {mean:8.4f} [{low:.4f}, {high:.4f}]  of {bare:.0f} µs",
                    flush=True,
                )


if __name__ == "__main__":
    main()
