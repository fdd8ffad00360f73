"""Firms, products and suppliers of TradeSim: their sums, their parts, and each of them.

Most of a report is about them. So what never changes is made into text once, and numbers are put
between, which takes a third of the time that encoding objects takes.
"""

from __future__ import annotations

import sys
from math import isfinite
from operator import itemgetter

from .report import Raw, encode, is_label, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


def _head(**members: object) -> str:
    """Write the beginning of an object, up to the next key."""
    return encode(members)[:-1] + ","


def _are(numbers: Sequence[Any], *types: type) -> bool:
    """Tell whether all are numbers of these types, and finite."""
    return set(map(type, numbers)) <= set(types) and isfinite(sum(numbers))


def _joined(texts: Sequence[str]) -> str:
    """Write a list of texts."""
    return f"[{','.join(texts)}]"


def _parts(heads: Sequence[str], numbers: Sequence[Any]) -> str:
    """Write the parts of a value."""
    parts = zip(heads, numbers, strict=True)
    return _joined([f'{head}"valeur":{number}}}' for head, number in parts])


def _chosen(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Give what takes the items at these places from a list."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda items: [items[place] for place in places]


class World:
    """The firms, products and suppliers of a service, as long as none is added.

    Whatever has a name that no label may have is left out; `left_out` counts these.
    """

    def __init__(self, service: Any) -> None:
        firms, products, suppliers = service.entreprises, service.produits, service.fournisseurs
        self.size = len(firms), len(products), len(suppliers)
        self._firms = [f for f in firms if is_label(f.nom) and is_label(f.continent)]
        self._products = [p for p in products if is_label(p.nom) and is_label(p.type.value)]
        self._suppliers = [f for f in suppliers if is_label(f.nom_entreprise)]
        self.left_out = sum(self.size) - sum(
            map(len, (self._firms, self._products, self._suppliers))
        )
        self._ids = [product.id for product in self._products]
        #: Stocks of somebody who has nothing, in the order of the products.
        self._nothing: dict[Any, int] = dict.fromkeys(self._ids, 0)
        self._places = {key: place for place, key in enumerate(self._ids)}
        types = [product.type.value for product in self._products]
        #: The labels of purchases, by the names of firm and product.
        self.continent_of = {firm.nom: firm.continent for firm in self._firms}
        self.type_of = {p.nom: kind for p, kind in zip(self._products, types, strict=True)}

        continents = dict.fromkeys(firm.continent for firm in self._firms)
        self._continent_heads = [_head(continent=name) for name in continents]
        firms_of = [
            [place for place, firm in enumerate(self._firms) if firm.continent == name]
            for name in continents
        ]
        self._of_continent = list(map(_chosen, firms_of))
        kinds = dict.fromkeys(types)
        self._type_heads = [_head(produit_type=name) for name in kinds]
        products_of = [
            [place for place, kind in enumerate(types) if kind == name] for name in kinds
        ]
        self._of_type = list(map(_chosen, products_of))
        self._totals = list(map(len, products_of))
        self._totals_text = _parts(self._type_heads, self._totals)
        self._firms_text = _parts(self._continent_heads, list(map(len, firms_of)))
        #: Beginnings of parts, by their labels.
        self._heads: dict[tuple[str, ...], str] = {}

        self._firm_heads = [
            _head(
                nom=firm.nom,
                continent=firm.continent,
                budget_initial=number(firm.budget_initial) or 0,
                **({"strategie": firm.strategie} if is_label(firm.strategie) else {}),
            )
            for firm in self._firms
        ]
        self._product_heads = [
            _head(nom=p.nom, type=kind) for p, kind in zip(self._products, types, strict=True)
        ]
        self._supplier_heads = [
            _head(
                nom=supplier.nom_entreprise,
                **({"continent": supplier.continent} if is_label(supplier.continent) else {}),
            )
            for supplier in self._suppliers
        ]
        # The module that the service comes from has imported it.
        module = sys.modules.get(type(service).__module__)
        prices = getattr(module, "price_service", None)
        self._price_of = getattr(prices, "get_prix_produit_fournisseur", None)
        self._known_prices: dict[tuple[Any, Any], float | None] = getattr(prices, "_prix_cache", {})
        self._price_keys = [[(key, s.id) for key in self._ids] for s in self._suppliers]
        #: What has been made into text, and the text.
        self._written_prices: list[tuple[list[float | None], str]] = [
            ([], "[]") for _ in self._suppliers
        ]
        #: From what the prices were read, as long as the service need not be asked.
        self._priced: tuple[dict[tuple[Any, Any], float | None], list[list[Any]]] | None = None
        self._written_products: tuple[list[float], list[bool]] | None = None
        self._products_text = ""

    def read(self) -> None:
        """Read what changes, once for a report."""
        self.budgets = [firm.budget for firm in self._firms]
        self.prices = [product.prix for product in self._products]
        self.active = [product.actif for product in self._products]
        ids = self._ids
        self._held = [self._in_order(firm.stocks) for firm in self._firms]
        self._stocked = [self._in_order(s.stock_produit) for s in self._suppliers]
        self._held_units = list(map(sum, zip(*self._held, strict=True))) or [0] * len(ids)
        self._stocked_units = list(map(sum, zip(*self._stocked, strict=True))) or [0] * len(ids)
        #: Whether all numbers may be written as Python writes them, which is as JSON has them.
        self.is_sound = (
            _are(self.budgets, int, float)
            and _are(self.prices, int, float)
            and _are(self.active, bool)
            and _are(self._held_units, int)
            and _are(self._stocked_units, int)
        )

    def _in_order(self, stocks: dict[Any, int]) -> list[int]:
        """Give stocks in the order of the products."""
        # To merge dicts is faster than to look each product up. Products without a name come last.
        return list((self._nothing | stocks).values())[: len(self._ids)]

    def sums(self) -> dict[str, Any]:
        """Give the sums and the other numbers of the whole game."""
        budgets, prices, active = self.budgets, self.prices, self.active
        values: dict[str, Any] = {
            "budget_total": sum(budgets),
            "entreprises_total": len(budgets),
            "entreprises_solvables": sum([budget > 0 for budget in budgets]),
            "produits_total": len(prices),
            "produits_actifs": sum(active),
            "produits_inactifs": len(active) - sum(active),
            "stock_fournisseurs_unites": sum(self._stocked_units),
            "stock_entreprises_unites": sum(self._held_units),
            "produits_epuises": self._stocked_units.count(0),
        }
        for name, numbers in (("budget", budgets), ("produits_prix", prices)):
            if numbers:
                values[f"{name}_moyen"] = sum(numbers) / len(numbers)
                values[f"{name}_min"] = min(numbers)
                values[f"{name}_max"] = max(numbers)
        return values

    def parts(
        self, groups: Mapping[tuple[str, str], Sequence[float]], delivered: Mapping[str, float]
    ) -> Raw:
        """Write `repartitions`.

        groups: purchases, euros, units and failures, by continent and type.
        delivered: units that suppliers got, by type.
        """

        def by(
            groups: Sequence[Callable[[Sequence[Any]], Sequence[Any]]], numbers: Sequence[Any]
        ) -> list[Any]:
            return [sum(of(numbers)) for of in groups]

        continents, kinds, heads = self._of_continent, self._of_type, self._type_heads
        budgets, active = self.budgets, self.active
        solvent = [budget > 0 for budget in budgets]
        empty = [units == 0 for units in self._stocked_units]
        totals = self._totals
        now_active = by(kinds, active)
        both = [self._head_of(continent=place, produit_type=kind) for place, kind in groups]
        sums = list(groups.values())
        texts = {
            "budget_total": _parts(self._continent_heads, by(continents, budgets)),
            "entreprises_total": self._firms_text,
            "entreprises_solvables": _parts(self._continent_heads, by(continents, solvent)),
            "produits_total": self._totals_text,
            "produits_actifs": _parts(heads, now_active),
            "produits_inactifs": _parts(
                heads, [n - on for n, on in zip(totals, now_active, strict=True)]
            ),
            "stock_fournisseurs_unites": _parts(heads, by(kinds, self._stocked_units)),
            "stock_entreprises_unites": _parts(heads, by(kinds, self._held_units)),
            "produits_epuises": _parts(heads, by(kinds, empty)),
            "livraisons_unites_total": _parts(
                [self._head_of(produit_type=kind) for kind in delivered], list(delivered.values())
            ),
            "transactions_reussies_total": _parts(both, [group[0] for group in sums]),
            "transactions_montant_total": _parts(both, [group[1] for group in sums]),
            "transactions_unites_total": _parts(both, [group[2] for group in sums]),
            "transactions_echouees_total": _parts(both, [group[3] for group in sums]),
            "transactions_total": _parts(both, [group[0] + group[3] for group in sums]),
        }
        return Raw("{" + ",".join([f'"{name}":{text}' for name, text in texts.items()]) + "}")

    def _head_of(self, **labels: str) -> str:
        """Give the beginning of a part."""
        key = tuple(labels.values())
        if key not in self._heads:
            self._heads[key] = _head(**labels)
        return self._heads[key]

    def detail(self, purchases: Mapping[str, Sequence[float]]) -> Raw:
        """Write `detail`. `purchases` are by the name of the firm."""
        now = self.prices, self.active
        if now != self._written_products:
            self._products_text = self._write_products()
            self._written_products = now
        bought = [purchases[firm.nom][0] if firm.nom in purchases else 0 for firm in self._firms]
        firms = [
            f'{head}"budget":{budget},"achats":{count},"stocks":{stocks}}}'
            for head, budget, count, stocks in zip(
                self._firm_heads, self.budgets, bought, self._held, strict=True
            )
        ]
        suppliers = [
            f'{head}"stocks":{stocks},"prix":{prices}}}'
            for head, stocks, prices in zip(
                self._supplier_heads, self._stocked, self._write_prices(), strict=True
            )
        ]
        return Raw(
            f'{{"produits":{self._products_text},"entreprises":{_joined(firms)},'
            f'"fournisseurs":{_joined(suppliers)}}}'
        )

    def _write_products(self) -> str:
        flags = ["true" if active else "false" for active in self.active]
        products = zip(self._product_heads, self.prices, flags, strict=True)
        return _joined([f'{head}"prix":{price},"actif":{flag}}}' for head, price, flag in products])

    def _write_prices(self) -> list[str]:
        """Write the prices of each supplier."""
        now = self._known_prices, [list(supplier.stock_produit) for supplier in self._suppliers]
        if now != self._priced:
            known, stocks = dict(now[0]), now[1]
            self._priced = None
            asked = sum(map(self._read_prices, range(len(stocks))))
            if not asked:
                self._priced = known, stocks
        return [text for _, text in self._written_prices]

    def _read_prices(self, place: int) -> int:
        """Write the prices that a supplier asks; null for a product of which it has none.

        Gives how many of them the service had to be asked for.
        """
        supplier = self._suppliers[place]
        known = self._known_prices
        # As get_prix_produit_fournisseur does, which it would take longer to ask.
        prices = list(map(known.get, self._price_keys[place]))
        asked = 0
        if self._price_of is not None and None in prices:
            for product in supplier.stock_produit:
                at = self._places.get(product)
                if at is not None and prices[at] is None and (product, supplier.id) not in known:
                    prices[at] = self._price_of(product, supplier.id)
                    asked += 1
        if prices != self._written_prices[place][0]:
            if not _are([price for price in prices if price is not None], int, float):
                raise ValueError(f"the prices of {supplier.nom_entreprise} are no numbers")
            self._written_prices[place] = prices, repr(prices).replace("None", "null")
        return asked
