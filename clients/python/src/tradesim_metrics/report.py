"""Checks what a game hands over, by the rules of docs/report.md, and encodes reports.

What is wrong is left out and counted, key by key; the rest is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .loading import loading

TYPE_CHECKING = False  # The module typing would take longer to import than all else.
if TYPE_CHECKING:
    from typing import Any

TYPE = "tradesim.report"
VERSION = 1

#: Totals above this are no longer exact in JSON's numbers.
MAX_TOTAL = 2**53 - 1
MAX_LABEL_BYTES = 128
MAX_PARTS = 100
#: Events in one report.
MAX_EVENTS = 100
#: Keys and bytes of one report. The exporter takes 2000 keys.
MAX_KEYS = 1900
MAX_BYTES = 2**20

#: The columns of `colonnes`, as lib/turns has them.
COLUMNS = (
    "tour",
    "timestamp",
    "budget_total",
    "budget_min",
    "budget_max",
    "transactions_reussies_total",
    "transactions_echouees_total",
    "transactions_montant_total",
    "produits_actifs",
    "produits_prix_moyen",
    "duree_seconds",
    "evenements_total",
)

#: What is left out first of a report that is too large; totals never are.
LARGE = ("detail", "colonnes", "repartitions")

#: Called once for each value that is left out.
Drop = Callable[[], None]


class Raw(str):
    """A value that is JSON already."""

    __slots__ = ()


#: The JSON encoder. Importing it takes longer than all else here, so the first publisher does.
_encoder: Any = None


def prepare() -> None:
    """Load the encoder."""
    global _encoder  # noqa: PLW0603
    with loading:
        import json  # noqa: PLC0415

    _encoder = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))


def encode(value: object) -> str:
    """Encode a value as JSON, compactly and without what JSON does not have."""
    if _encoder is None:
        prepare()
    text: str = _encoder.encode(value)
    return text


def number(value: Any) -> float | None:
    """Give a finite number that JSON can carry exactly enough, or None."""
    if type(value) is not float and type(value) is not int:
        if isinstance(value, (bool, str)):
            return None
        # NumPy's and decimal's numbers, among others.
        try:
            value = value.__index__() if hasattr(value, "__index__") else float(value)
        except Exception:
            return None
    return value if -MAX_TOTAL <= value <= MAX_TOTAL else None


def is_label(value: object) -> bool:
    """Tell whether a text may be the value of a label."""
    try:
        return (
            isinstance(value, str)
            and 0 < len(value) <= MAX_LABEL_BYTES
            and len(value.encode()) <= MAX_LABEL_BYTES
            and "\0" not in value
        )
    except UnicodeEncodeError:  # Half of a pair.
        return False


def _is_plain(value: object) -> bool:
    """Tell whether an entry of a report may have a member: a label, a number, or numbers."""
    if isinstance(value, str):
        return is_label(value)
    if isinstance(value, (list, tuple)):
        return all(item is None or number(item) is not None for item in value)
    return value is None or isinstance(value, bool) or number(value) is not None


def _entries(items: Any, drop: Drop) -> list[Mapping[str, object]]:
    """Keep the entries of a list whose members are all plain."""
    good = []
    for item in items:
        if isinstance(item, Mapping) and all(map(_is_plain, item.values())):
            good.append(item)
        else:
            drop()
    return good


def _times(value: Any, drop: Drop) -> dict[str, object]:
    good: dict[str, object] = {}
    for name, seconds in value.items():
        if is_label(name) and number(seconds) is not None:
            good[name] = number(seconds)
        else:
            drop()
    return good


def _breakdowns(value: Any, drop: Drop) -> dict[str, object]:
    good: dict[str, object] = {}
    for name, parts in value.items():
        kept = _entries(parts, drop)
        for _ in kept[MAX_PARTS:]:
            drop()
        good[name] = kept[:MAX_PARTS]
    return good


def _detail(value: Any, drop: Drop) -> dict[str, object] | None:
    products = list(value["produits"])
    # Stocks and prices follow the order of the products, so one of them cannot be missing.
    if len(_entries(products, lambda: None)) < len(products):
        return None
    return {
        **value,
        "produits": products,
        "entreprises": _entries(value["entreprises"], drop),
        "fournisseurs": _entries(value["fournisseurs"], drop),
    }


_SHAPES: dict[str, Callable[[Any, Drop], object]] = {
    "evenements": _times,
    "repartitions": _breakdowns,
    "detail": _detail,
}


def checked(key: str, value: object, drop: Drop) -> object:
    """Give what is right about a value of a report, or None. Calls `drop` for what is not."""
    if isinstance(value, (dict, list, tuple)):
        try:
            shape = _SHAPES.get(key)
            good = value if shape is None else shape(value, drop)
            encode(good)
        except Exception:
            good = None
    else:
        good = number(value)
    if good is None:
        drop()
    return good


def checked_events(events: Any, drop: Drop) -> list[dict[str, object]]:
    """Give the events that are right, with those of their amounts that are."""
    good: list[dict[str, object]] = []
    try:
        for event in events:
            tour, kind = number(event["tour"]), event["type"]
            if tour is None or tour < 0 or not is_label(kind):
                drop()
                continue
            kept: dict[str, object] = {"tour": int(tour), "type": kind}
            for name in ("nombre", "total"):
                amount = number(event[name]) if name in event else None
                if amount is not None:
                    kept[name] = amount
                elif event.get(name) is not None:
                    drop()
            good.append(kept)
    except Exception:
        drop()
    return good


def encoded(body: dict[str, object], drop: Drop) -> bytes:
    """Encode a report as a line. What cannot be encoded is left out, as is what is too much."""
    raw = {key: value for key, value in body.items() if type(value) is Raw}
    for key in raw:
        del body[key]
    try:
        line = encode(body)
    except Exception:
        for key in list(body):
            good = checked(key, body[key], drop) if key not in _IDENTITY else body[key]
            if good is None:
                del body[key]
            else:
                body[key] = good
        line = encode(body)
    if raw:
        line = line[:-1] + "".join([f',"{key}":{text}' for key, text in raw.items()]) + "}"
    for key in LARGE:
        if len(line) < MAX_BYTES:
            break
        body |= raw
        if body.pop(key, None) is not None:
            drop()
            return encoded(body, drop)
    return line.encode() + b"\n"


_IDENTITY = frozenset({"type", "version", "session", "rapport", "fini"})
