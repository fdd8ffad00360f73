"""Where reports go: the interface of a transport, and the choice of one."""

from __future__ import annotations

import os
from collections.abc import Callable

from .loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

#: Takes a kind of problem and a sentence. Each kind is told once.
Tell = Callable[[str, str], None]

#: Environment variables: where to publish, if the game does not say, and the exporter's token.
TRANSPORT = "TRADESIM_METRICS"
TOKEN = "TRADESIM_METRICS_TOKEN"  # noqa: S105

#: The journal that an exporter in the same folder follows.
JOURNAL = "logs/metrics.jsonl"
OFF = "off"


class Transport(Protocol):
    """Takes one report at a time. None of its functions raises or waits, but for `settle`."""

    #: Whether the last report was answered or written, as far as is known.
    taken: bool
    #: Whether a report was refused because of its size.
    too_large: bool

    def ready(self) -> bool:
        """Tell whether the fate of the last report is known, so that the next one can be taken."""

    def write(self, report: bytes) -> None:
        """Take a report: a line of JSON in UTF-8, with its end."""

    def settle(self, seconds: float) -> None:
        """Wait until the fate of the last report is known, so many seconds at most."""

    def close(self) -> None:
        """Let go of files and connections, whatever becomes of the last report."""

    def forked(self, session: str) -> None:
        """Begin anew in a child process, whose session has another name."""


def open_transport(
    target: str | os.PathLike[str] | None, session: str, token: str | None, tell: Tell
) -> Transport | None:
    """Open the transport to a URL or a journal; None for "off".

    Raises ValueError for a URL or a token that cannot be used.
    """
    if target is None:
        target = os.environ.get(TRANSPORT) or JOURNAL
    target = os.fspath(target)
    if target == OFF:
        return None
    first = target.split("/", 1)[0]
    # A host and a port without http:// are a mistake, and no name of a file.
    if "://" in target or (":" in first and first.rpartition(":")[2].isdigit()):
        with loading:
            from .post import Post  # noqa: PLC0415 - a journal needs no HTTP.

        return Post(target, token or os.environ.get(TOKEN) or None, tell)
    with loading:
        from .journal import Journal  # noqa: PLC0415

    return Journal(target, session, tell)
