"""What measuring a request costs, beside other middleware, in one run.

    pip install -e clients/python fastapi prometheus-fastapi-instrumentator starlette_exporter
    python clients/python/bench/web.py [--rounds 60] [--requests 400] [--exporter URL] [--processor]

Every variant is the same FastAPI application with another middleware. Requests go through the
application without a server or a network, so that nothing else is measured; the variants take
turns, in an order that changes with each round. What is added is the difference of the medians,
and of the 99th percentiles, to the application without any middleware. `--processor` counts the
processor's time instead, which other programs on a busy machine do not add to.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import statistics
from collections.abc import Callable
from time import perf_counter_ns, thread_time_ns

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator
from starlette_exporter import PrometheusMiddleware

from tradesim_metrics.asgi import MetricsMiddleware

PATHS = ("/", "/produits", "/produits/17", "/entreprises/3/stocks/9", "/rien")


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> dict[str, str]:
        return {"jeu": "TradeSim"}

    @app.get("/produits")
    async def products() -> list[int]:
        return [1, 2, 3]

    @app.get("/produits/{id}")
    async def product(id: int) -> int:  # noqa: A002
        return id

    @app.get("/entreprises/{id}/stocks/{produit}")
    async def stock(id: int, produit: int) -> int:  # noqa: A002
        return id + produit

    return app


def variants(exporter: str | None) -> dict[str, FastAPI]:
    apps = {
        name: application()
        for name in (
            "none",
            "again none",
            "tradesim_metrics",
            "instrumentator",
            "starlette_exporter",
        )
    }
    apps["tradesim_metrics"].add_middleware(MetricsMiddleware, exporter=exporter)
    Instrumentator().instrument(apps["instrumentator"])
    apps["starlette_exporter"].add_middleware(PrometheusMiddleware)
    return apps


async def request(app: FastAPI, path: str, clock: Callable[[], int]) -> int:
    """Send one request, and give its nanoseconds."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8001),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8001"), (b"accept", b"*/*")],
        "state": {},
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: object) -> None:
        pass

    began = clock()
    await app(scope, receive, send)
    return clock() - began


async def measure(
    apps: dict[str, FastAPI], rounds: int, requests: int, clock: Callable[[], int]
) -> dict[str, list[int]]:
    times: dict[str, list[int]] = {name: [] for name in apps}
    for app in apps.values():
        for index in range(500):
            await request(app, PATHS[index % len(PATHS)], clock)
    names = list(apps)
    for _ in range(rounds):
        random.shuffle(names)
        for name in names:
            gc.collect()
            app = apps[name]
            own = times[name]
            for index in range(requests):
                own.append(await request(app, PATHS[index % len(PATHS)], clock))
    return times


def result(times: dict[str, list[int]]) -> dict[str, dict[str, float]]:
    """Give the microseconds of each variant, and what it adds to none."""

    def of(own: list[int]) -> tuple[float, float]:
        return statistics.median(own) / 1000, statistics.quantiles(own, n=100)[98] / 1000

    base = of(times["none"])
    return {
        name: {
            "median": median,
            "p99": p99,
            "added median": median - base[0],
            "added p99": p99 - base[1],
        }
        for name, (median, p99) in ((name, of(own)) for name, own in times.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--exporter")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--processor", action="store_true")
    options = parser.parse_args()
    apps = variants(options.exporter)
    clock = thread_time_ns if options.processor else perf_counter_ns
    times = asyncio.run(measure(apps, options.rounds, options.requests, clock))
    rows = result(times)
    if options.json:
        print(json.dumps(rows))
        return
    print(f"{'µs per request':20}" + "".join(f"{name:>14}" for name in rows["none"]))
    for name, row in rows.items():
        print(f"{name:20}" + "".join(f"{value:14.1f}" for value in row.values()))


if __name__ == "__main__":
    main()
