"""What a request costs more, beside other middleware in the same run."""

import json
import subprocess
from pathlib import Path

from support import python

BENCH = Path(__file__).parents[1] / "bench" / "web.py"


def test_it_adds_at_most_half_of_what_the_better_rival_adds():
    attempts = []
    # The machine is shared: one quiet run of a few is enough.
    for _ in range(4):
        done = subprocess.run(
            python(str(BENCH), "--json", "--processor", "--rounds", "30", "--requests", "300"),
            capture_output=True,
            text=True,
            check=True,
        )
        rows = json.loads(done.stdout)
        ratios = [
            rows["tradesim_metrics"][key]
            / min(rows["instrumentator"][key], rows["starlette_exporter"][key])
            for key in ("added median", "added p99")
        ]
        attempts.append(ratios)
        if all(rows["instrumentator"][key] > 0 for key in ("added median", "added p99")) and all(
            ratio <= 0.5 for ratio in ratios
        ):
            return
    raise AssertionError(attempts)
