"""TradeSim: reads the objects of a `SimulationService` and publishes them.

One line in TradeSim is enough, after its service is made:

>>> tradesim_metrics.tradesim.attach(simulation_service)

The names of attributes are those of TradeSim's code. Nothing here draws random numbers or
changes the game, so that it is the same game, turn for turn.
"""

from __future__ import annotations

import os
from time import perf_counter

from .contents import MAX_WAITING
from .durations import TurnSeconds
from .publisher import Publisher
from .world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .transport import Transport

#: Where the entry of an event says how many it concerned and what it added. Entries of single
#: firms and suppliers are summed up in a `…_resume`.
_AMOUNTS: dict[str, tuple[str, str | None]] = {
    "recharge_budget": ("nb_entreprises_rechargees", "total_recharge"),
    "recharge_stock_fournisseur": ("nb_fournisseurs_recharges", "quantite_totale_rechargee"),
    "reassort": ("nb_produits_concernes", "total_quantite_ajoutee"),
    "variation_disponibilite": ("total_modifications", None),
    "inflation": ("nombre_modifications", None),
}
_SUMMARY = "_resume"
_SUMMED_UP = ("recharge_budget", "recharge_stock_fournisseur")

#: Continent of a firm, or type of a product, that has left the game's lists.
_UNKNOWN = "inconnu"
#: Seconds between two reports with detail, which is for tables: nobody reads them faster. It takes
#: one part in so many of the time at most, so a large world has it less often.
_DETAIL_INTERVAL = 1.0
_SHARE_OF_DETAIL = 400


class Game:
    """Reads a `SimulationService`: what happened after each turn, all the rest for a report."""

    publisher: Publisher
    #: What this gives needs no check.
    trusted = True

    def __init__(self, service: Any) -> None:
        self.service = service
        self._last: dict[str, Any] = {}
        self._is_over = False
        self._running = 0
        self._detail_due = 0.0
        self._begin()

    def _begin(self) -> None:
        """Begin to count."""
        self._durations = TurnSeconds()
        #: How much of each list has been read. The lists grow for ever and are never summed anew.
        self._timed = self._bought = self._failed = self._happened = 0
        self._turns = 0
        #: How long the list of events is, and the turns whose events wait to be read, each with its
        #: length after them. A report reads many at once, which costs less than after each turn.
        self._seen = 0
        self._unread: list[tuple[int, int]] = []
        #: Purchases, euros, units and failures by continent and type of product; purchases by firm.
        self._groups: dict[tuple[str, str], list[float]] = {}
        self._firms: dict[str, list[float]] = {}
        #: Where the purchases of a firm and a product, by their names, are added up.
        self._cells: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
        self._world: World | None = None
        self._times: dict[str, float] = {}
        #: Events that wait for a report.
        self._events: list[dict[str, Any]] = []
        self._delivered: dict[str, float] = {}
        self._recharged = 0.0
        #: Money of all firms when the session began; None = not known yet.
        self._opening: float | None = None
        #: What the totals were when the session began.
        self._base: dict[str, float] = {}

    def restart(self) -> None:
        """Begin a session in the midst of a game, in a child process: it counts from there on."""
        self._begin()
        self._base = self._totals()
        service = self.service
        self._turns = service.tours_completes
        self._timed = len(service.performance_metrics_service.temps_execution)
        self._bought = len(service.transaction_metrics_service.transactions_reussies)
        self._failed = len(service.transaction_metrics_service.transactions_echouees)
        self._happened = self._seen = len(service.event_metrics_service.evenements_totaux)

    def turned(self) -> None:
        """Do what is due after a turn. TradeSim calls it as `collecter_metriques`."""
        self._running = 1
        try:
            service = self.service
            turns = service.tours_completes
            if turns < self._turns:
                self._renew()
            self._turns = turns
            happened = len(service.event_metrics_service.evenements_totaux)
            if happened != self._seen:
                self._seen = happened
                self._unread.append((turns + 1, happened))
                if len(self._unread) >= MAX_WAITING:
                    self._take_events()
        except Exception as error:
            self._complain("turn", error)
        self.publisher.poll(self._row)
        self._running = 0

    def _renew(self) -> None:
        """Begin a session, because the game was reset. The old one ends with its last values."""
        self._is_over = True
        self.publisher.restart()
        self._is_over = False
        self._begin()

    def _complain(self, what: str, error: Exception) -> None:
        self.publisher.complain(what, f"cannot read TradeSim ({what}): {error!r}")

    def __call__(self) -> dict[str, Any]:
        """Read everything for a report. What cannot be read leaves out no more than its part."""
        if self._is_over:
            return self._last
        values: dict[str, Any] = {}
        for part in (self._read_totals, self._read_world):
            try:
                part(values)
            except Exception as error:
                self._complain(part.__name__, error)
        self._last = values
        events, self._events = self._events, []
        return {**values, "evenements_recents": events} if events else values

    def _totals(self) -> dict[str, Any]:
        service = self.service
        transactions = service.transaction_metrics_service
        return {
            "tour": service.tours_completes,
            "transactions_total": service.total_actions,
            "transactions_reussies_total": len(transactions.transactions_reussies),
            "transactions_echouees_total": len(transactions.transactions_echouees),
            "transactions_montant_total": service.budget_metrics_service.depenses_totales,
            "evenements_total": service.evenements_appliques,
        }

    def session_totals(self) -> dict[str, Any]:
        """Give the totals since the session began. A turn that is being played counts already."""
        totals = self._totals()
        for key, base in self._base.items():
            totals[key] -= base
        totals["tour"] += self._running
        return totals

    def _row(self) -> dict[str, Any]:
        """Read what is told of a single turn."""
        service = self.service
        budgets = [firm.budget for firm in service.entreprises]
        products = service.produits
        return {
            **self.session_totals(),
            "budget_total": sum(budgets),
            "budget_min": min(budgets),
            "budget_max": max(budgets),
            "produits_actifs": sum([product.actif for product in products]),
            "produits_prix_moyen": sum([product.prix for product in products]) / len(products),
            "duree_seconds": service.performance_metrics_service.temps_execution[-1],
        }

    def _read_totals(self, values: dict[str, Any]) -> None:
        values.update(self.session_totals())
        self._take_events()
        self._take_durations()
        self._take_purchases()
        values["temps_simulation_tour_seconds"] = self._durations.report()
        values["argent_entre_euros_total"] = self._recharged
        values["livraisons_unites_total"] = sum(self._delivered.values())
        values["transactions_unites_total"] = sum([group[2] for group in self._groups.values()])
        if self._times:
            values["evenements"] = self._times

    def _take_durations(self) -> None:
        seconds = self.service.performance_metrics_service.temps_execution
        for one in seconds[self._timed :]:
            self._durations.add(one)
        self._timed = len(seconds)

    def _take_purchases(self) -> None:
        transactions = self.service.transaction_metrics_service
        bought, failed = transactions.transactions_reussies, transactions.transactions_echouees
        cells = self._cells
        for item in bought[self._bought :]:
            pair = item["entreprise"], item["produit"]
            group, firm = cells[pair] if pair in cells else self._cell(pair)
            firm[0] += 1
            group[0] += 1
            group[1] += item["montant_total"]
            group[2] += item["quantite"]
        for item in failed[self._failed :]:
            pair = item["entreprise"], item["produit"]
            group, _ = cells[pair] if pair in cells else self._cell(pair)
            group[3] += 1
        self._bought, self._failed = len(bought), len(failed)

    def _cell(self, pair: tuple[str, str]) -> tuple[list[float], list[float]]:
        world = self._known_world()
        firm, product = pair
        continent = world.continent_of.get(firm, _UNKNOWN)
        kind = world.type_of.get(product, _UNKNOWN)
        cell = (
            self._groups.setdefault((continent, kind), [0, 0, 0, 0]),
            self._firms.setdefault(firm, [0]),
        )
        self._cells[pair] = cell
        return cell

    def _take_events(self) -> None:
        """Read the events of the turns since the last time. Of too many, the oldest are dropped."""
        happened = self.service.event_metrics_service.evenements_totaux
        first = int(self._base.get("tour", 0))
        unread, self._unread = self._unread, []
        for turn, until in unread:
            for item in happened[self._happened : until]:
                try:
                    self._take_event(item, turn - first)
                except Exception as error:
                    self._complain("event", error)
            self._happened = until
        surplus = len(self._events) - MAX_WAITING
        if surplus > 0:
            del self._events[:surplus]
            for _ in range(surplus):
                self.publisher.drop()

    def _take_event(self, item: dict[str, Any], turn: int) -> None:
        """Take an entry of TradeSim's list of events, never the whole of it: it may be large."""
        kind = item.get("type") or item["event_type"]
        if kind in _SUMMED_UP:
            self._deliver(item.get("produits_recharges"), "produit_type", "quantite_rechargee")
            return
        kind = kind.removesuffix("_resume")
        numbers = item.get("statistiques", {})
        count, amount = _AMOUNTS.get(kind, ("", ""))
        total = numbers.get(amount)
        if kind == "recharge_budget":
            self._recharged += total
        elif kind == "reassort":
            self._deliver(item["details"]["produits"], "type", "quantite_ajoutee")
        elif kind == "inflation":
            total = sum([m["nouveau_prix"] - m["ancien_prix"] for m in item["modifications"]])
        elif kind == "variation_disponibilite":
            total = numbers["nb_reactives"] - numbers["nb_desactives"]
        event = {"tour": turn, "type": kind, "nombre": numbers.get(count), "total": total}
        self._events.append({key: value for key, value in event.items() if value is not None})
        self._times[kind] = item["timestamp"]

    def _deliver(self, items: Any, kind: str, units: str) -> None:
        """Add up what suppliers got, by the type of the product."""
        for item in items or ():
            self._delivered[item[kind]] = self._delivered.get(item[kind], 0) + item[units]

    def _read_world(self, values: dict[str, Any]) -> None:
        world = self._known_world()
        world.read()
        values.update(world.sums())
        if self._opening is None:
            spent = values["transactions_montant_total"]
            self._opening = values["budget_total"] - self._recharged + spent
        values["argent_initial_euros"] = self._opening
        if not world.is_sound:
            self.publisher.drop()
            return
        values["repartitions"] = world.parts(self._groups, self._delivered)
        now = perf_counter()
        if now >= self._detail_due or self.publisher.is_asked:
            values["detail"] = world.detail(self._firms)
            done = perf_counter()
            self._detail_due = done + max(_DETAIL_INTERVAL, _SHARE_OF_DETAIL * (done - now))

    def _known_world(self) -> World:
        """Give the world, anew if something was added."""
        service = self.service
        size = len(service.entreprises), len(service.produits), len(service.fournisseurs)
        world = self._world
        if world is None or world.size != size:
            world = self._world = World(service)
            for _ in range(world.left_out):
                self.publisher.drop()
        return world


def _nothing(*_: object) -> None:
    """Stand for `collecter_metriques` where nothing is published."""


def attach(
    service: Any,
    *,
    session: str | None = None,
    transport: Transport | str | os.PathLike[str] | None = None,
    token: str | None = None,
    interval: float | None = None,
    every_turn: bool | str | os.PathLike[str] = False,
) -> Publisher:
    """Publish a `SimulationService` instead of what its `collecter_metriques` does.

    The options are those of `Publisher`. With the transport "off", nothing is collected at all. An
    object that is no SimulationService is left alone, which is said on standard error.
    """
    known = getattr(getattr(service, "collecter_metriques", None), "__self__", None)
    if isinstance(known, Game):
        return known.publisher
    game = Game(service)
    options: dict[str, Any] = {} if interval is None else {"interval": interval}
    publisher = Publisher(
        session or _session(service),
        transport,
        token=token,
        read=game,
        every_turn=every_turn,
        **options,
    )
    game.publisher = publisher
    try:
        game.session_totals()
        service.collecter_metriques = game.turned if publisher.is_open else _nothing
        _wrap(service, publisher)
    except Exception as error:
        publisher.complain("attach", f"this is no SimulationService of TradeSim: {error!r}")
        publisher.close()
    return publisher


def _session(service: Any) -> str | None:
    """Name the session as TradeSim does, and so that two games of one second differ."""
    try:
        return f"{service.id_generator.get_session_id()}_{os.urandom(4).hex()}"
    except Exception:
        return None


def _wrap(service: Any, publisher: Publisher) -> None:
    """Tell of the ends of a game of which `collecter_metriques` hears nothing."""
    play, reset = service.simulation_tour, service.reset_simulation

    def simulation_tour(*args: Any, **options: Any) -> Any:
        result = play(*args, **options)
        # A turn that fails is not raised: TradeSim's loop ends without a word.
        if isinstance(result, dict) and "error" in result:
            publisher.flush(fini=True)
        return result

    def reset_simulation(*args: Any, **options: Any) -> Any:
        if publisher.stats.reports:
            publisher.flush()
        return reset(*args, **options)

    service.simulation_tour = simulation_tour
    service.reset_simulation = reset_simulation
