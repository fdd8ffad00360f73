"""Runs the exporter, which is bundled beside this file, with Deno and the rights that it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from deno import find_deno_bin

HERE = Path(__file__).parent


def main() -> None:
    """Run the program with the arguments of this one, instead of this one."""
    flags = json.loads((HERE / "flags.json").read_text(encoding="utf-8"))
    command = [find_deno_bin(), "run", *flags, str(HERE / "main.js"), *sys.argv[1:]]
    environment = {**os.environ, "DENO_NO_UPDATE_CHECK": "1"}
    if sys.platform != "win32":
        os.execve(command[0], command, environment)  # noqa: S606
    try:
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603
    except KeyboardInterrupt:  # Deno has heard of it as well.
        sys.exit(130)


if __name__ == "__main__":
    main()
