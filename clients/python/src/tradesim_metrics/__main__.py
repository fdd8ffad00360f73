"""The command line: `python -m tradesim_metrics run SCRIPT …` and `… doctor`."""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import os
import sys
import types

from . import __version__
from .tradesim import attach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .publisher import Publisher

#: The module and the class of TradeSim whose objects are published.
MODULE = "services.simulation_service"
CLASS = "SimulationService"


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TradeSim's service as others do, and lets each object of its class be attached."""

    def __init__(self, target: str | None, *, every_turn: bool) -> None:
        self._target = target
        self._every_turn = every_turn
        self._last: Publisher | None = None

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != MODULE and not name.endswith(f".{MODULE}"):
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                self._hook(spec.loader)
                return spec
        return None

    def _hook(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            execute(module)
            service = getattr(module, CLASS, None)
            if isinstance(service, type):
                self._attach_objects(service)

        loader.exec_module = exec_module

    def _attach_objects(self, service: Any) -> None:
        init = service.__init__

        def __init__(own: Any, *args: Any, **options: Any) -> None:  # noqa: N807
            init(own, *args, **options)
            if self._last is not None and self._last.stats.reports:
                # A new game begins when the one before is over: TradeSim's menu plays them in turn.
                self._last.flush(fini=True)
            self._last = attach(own, transport=self._target, every_turn=self._every_turn)

        service.__init__ = __init__


def run(script: str, args: Sequence[str], target: str | None, *, every_turn: bool = False) -> None:
    """Run a script of TradeSim as Python does, and publish its games."""
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    sys.meta_path.insert(0, _Finder(target, every_turn=every_turn))
    sys.argv = [script, *args]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    # A module of its own instead of runpy, because TradeSim asks whether __package__ is None.
    main = types.ModuleType("__main__")
    main.__file__ = script
    main.__package__ = None
    sys.modules["__main__"] = main
    exec(code, main.__dict__)  # noqa: S102


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="tradesim-metrics", description="Publishes games of TradeSim to tradesim-exporter."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    help_of_to = "a URL, a journal or off. Default: $TRADESIM_METRICS, else logs/metrics.jsonl"
    running = commands.add_parser("run", help="run a script of TradeSim and publish its games")
    running.add_argument("--to", metavar="TARGET", help=help_of_to)
    running.add_argument(
        "--every-turn",
        action="store_true",
        help="also keep every turn, in turns.jsonl beside the journal",
    )
    running.add_argument("script", help="such as services/simulate.py")
    running.add_argument("args", nargs=argparse.REMAINDER, help="arguments of the script")
    checking = commands.add_parser(
        "doctor", help="say what is published, to whom, and if it arrives"
    )
    checking.add_argument("--to", metavar="TARGET", help=help_of_to)
    checking.add_argument(
        "--exporter",
        metavar="URL",
        help="where to ask if it arrived. Default: the target's, else http://127.0.0.1:8000",
    )
    options = parser.parse_args(argv)
    if options.command == "doctor":
        from .doctor import examine  # noqa: PLC0415

        return examine(options.to, options.exporter)
    try:
        run(options.script, options.args, options.to, every_turn=options.every_turn)
    except FileNotFoundError as error:
        if error.filename != options.script:
            raise
        parser.error(f'cannot run "{options.script}": there is no such file')
    return 0


if __name__ == "__main__":
    sys.exit(main())
