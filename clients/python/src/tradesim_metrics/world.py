"""Firms, products and suppliers of TradeSim: their sums, their parts, and each of them.

Most of a report is about them. So what never changes is made into text once, and numbers are put
between, which takes a third of the time that encoding objects takes.
"""

from __future__ import annotations

import sys
from itertools import compress, repeat
from math import isfinite

from .report import Raw, encode, is_label, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
        self._places = {key: place for place, key in enumerate(self._ids)}
        types = [product.type.value for product in self._products]
        #: The labels of purchases, by the names of firm and product.
        self.continent_of = {firm.nom: firm.continent for firm in self._firms}
        self.type_of = {p.nom: kind for p, kind in zip(self._products, types, strict=True)}

        continents = dict.fromkeys(firm.continent for firm in self._firms)
        self._continent_heads = [_head(continent=name) for name in continents]
        self._of_continent = [[f.continent == name for f in self._firms] for name in continents]
        kinds = dict.fromkeys(types)
        self._type_heads = [_head(produit_type=name) for name in kinds]
        self._of_type = [[kind == name for kind in types] for name in kinds]
        self._totals = [sum(own) for own in self._of_type]
        self._totals_text = _parts(self._type_heads, self._totals)
        self._firms_text = _parts(self._continent_heads, [sum(own) for own in self._of_continent])
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
        self._written_products: tuple[list[float], list[bool]] | None = None
        self._products_text = ""

    def read(self) -> None:
        """Read what changes, once for a report."""
        self.budgets = [firm.budget for firm in self._firms]
        self.prices = [product.prix for product in self._products]
        self.active = [product.actif for product in self._products]
        ids, none = self._ids, repeat(0)
        self._held = [list(map(firm.stocks.get, ids, none)) for firm in self._firms]
        self._stocked = [list(map(s.stock_produit.get, ids, none)) for s in self._suppliers]
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

        def by(chosen: Sequence[Sequence[bool]], numbers: Sequence[Any]) -> list[Any]:
            return [sum(compress(numbers, own)) for own in chosen]

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
            f'{head}"stocks":{stocks},"prix":{self._price_text(place)}}}'
            for place, (head, stocks) in enumerate(
                zip(self._supplier_heads, self._stocked, strict=True)
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

    def _price_text(self, place: int) -> str:
        """Write the prices that a supplier asks; null for a product of which it has none."""
        supplier = self._suppliers[place]
        # As get_prix_produit_fournisseur does, which it would take longer to ask.
        prices = list(map(self._known_prices.get, self._price_keys[place]))
        if self._price_of is not None:
            for product in supplier.stock_produit:
                at = self._places.get(product)
                if at is not None and prices[at] is None:
                    prices[at] = self._price_of(product, supplier.id)
        written, text = self._written_prices[place]
        if prices != written:  # They change with few turns.
            if not _are([price for price in prices if price is not None], int, float):
                raise ValueError(f"the prices of {supplier.nom_entreprise} are no numbers")
            text = repr(prices).replace("None", "null")
            self._written_prices[place] = prices, text
        return text
