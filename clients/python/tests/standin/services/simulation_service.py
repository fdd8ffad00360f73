"""A game of its own that has the attributes of TradeSim's SimulationService, for the tests."""

import enum
import json
import os
import random
import time
from types import SimpleNamespace as Thing

from services.price_service import price_service

NAMES = ["é" * 5, 'a "quoted" name', "back\\slash", "plain", "日本", "tab\there"]
CONTINENTS = ["Europe", "Asie", "Amérique du Nord"]


class TypeProduit(enum.Enum):
    MATIERE = "matiere_premiere"
    CONSOMMABLE = "consommable"
    FINI = "produit_fini"


class Ids:
    def __init__(self):
        self.count = 0
        self.limit = 10**9

    def get_session_id(self):
        return "20261128_120000"

    def get_id(self, _kind):
        self.count += 1
        if self.count > self.limit:
            raise ValueError("no more ids")


def world(firms=6, products=12, suppliers=5):
    kinds = list(TypeProduit)
    made = Thing(
        produits=[
            Thing(
                id=n,
                nom=f"produit {n} {NAMES[n % 6]}",
                prix=round(random.uniform(2, 6), 2),
                actif=n % 3 > 0,
                type=kinds[n % 3],
            )
            for n in range(1, products + 1)
        ],
        fournisseurs=[
            Thing(
                id=n,
                nom_entreprise=f"fournisseur {n} {NAMES[n % 6]}",
                continent=CONTINENTS[n % 2],
                stock_produit={
                    p: random.randint(10, 200)
                    for p in random.sample(range(1, products + 1), min(products, 8))
                },
            )
            for n in range(1, suppliers + 1)
        ],
        entreprises=[],
    )
    for n in range(1, firms + 1):
        budget = round(random.uniform(18000, 35000), 2)
        made.entreprises.append(
            Thing(
                id=n,
                nom=f"entreprise {n} {NAMES[n % 6]}",
                continent=CONTINENTS[n % 3],
                budget=budget,
                budget_initial=budget,
                strategie="moins_cher",
                stocks={},
            )
        )
    price_service.reset(made.fournisseurs)
    for supplier in made.fournisseurs:
        for product in list(supplier.stock_produit)[:-1]:
            price = made.produits[product - 1].prix * random.uniform(0.9, 1.1)
            price_service.set_prix(product, supplier.id, round(price, 2))
    return made


class SimulationService:
    def __init__(self, entreprises, fournisseurs, produits, verbose=False):
        self.entreprises, self.fournisseurs, self.produits = entreprises, fournisseurs, produits
        self.verbose = verbose
        self.id_generator = Ids()
        self.budget_metrics_service = Thing(depenses_totales=0.0)
        self.transaction_metrics_service = Thing(transactions_reussies=[], transactions_echouees=[])
        self.event_metrics_service = Thing(evenements_totaux=[])
        self.performance_metrics_service = Thing(temps_execution=[])
        self.tours_completes = self.tick_actuel = 0
        self.total_actions = self.evenements_appliques = 0
        self.history = []

    def reset_simulation(self):
        for firm in self.entreprises:
            firm.budget = firm.budget_initial
        self.tours_completes = self.tick_actuel = 0
        self.total_actions = self.evenements_appliques = 0
        self.budget_metrics_service.depenses_totales = 0.0
        for own in (
            self.transaction_metrics_service.transactions_reussies,
            self.transaction_metrics_service.transactions_echouees,
            self.event_metrics_service.evenements_totaux,
            self.performance_metrics_service.temps_execution,
        ):
            own.clear()

    def buy(self, firm, product):
        best = None
        for supplier in self.fournisseurs:
            price = price_service.get_prix_produit_fournisseur(product.id, supplier.id)
            if (
                supplier.stock_produit.get(product.id, 0) > 0
                and price
                and (best is None or price < best[0])
            ):
                best = price, supplier
        if best is None:
            return
        price, supplier = best
        self.total_actions += 1
        self.id_generator.get_id("TXN")
        stock = supplier.stock_produit[product.id]
        units = min(int(firm.budget / price), stock, random.randint(1, 40))
        item = {
            "entreprise": firm.nom,
            "produit": product.nom,
            "quantite": units,
            "fournisseur": supplier.nom_entreprise,
            "montant_total": units * price,
        }
        service = self.transaction_metrics_service
        if units <= 0:
            service.transactions_echouees.append(item)
            return
        firm.budget -= units * price
        self.budget_metrics_service.depenses_totales += units * price
        service.transactions_reussies.append(item)
        firm.stocks[product.id] = firm.stocks.get(product.id, 0) + units
        supplier.stock_produit[product.id] = stock - units

    def tell(self, *entries):
        self.evenements_appliques += 1
        for entry in entries:
            entry["timestamp"] = time.time()
            entry["tour"] = max(0, self.tours_completes - 1)
            self.event_metrics_service.evenements_totaux.append(entry)

    def happen(self):  # noqa: C901
        if random.random() < 0.3:
            firms = [f for f in self.entreprises if random.random() < 0.7]
            amounts = [random.randint(4000, 8000) for _ in firms]
            for firm, amount in zip(firms, amounts, strict=False):
                firm.budget += amount
            self.tell(
                *({"event_type": "recharge_budget", "tick": self.entreprises} for _ in firms),
                {
                    "event_type": "recharge_budget_resume",
                    "tick": self.entreprises,
                    "statistiques": {
                        "nb_entreprises_rechargees": len(firms),
                        "total_recharge": sum(amounts),
                    },
                },
            )
        if random.random() < 0.3:
            given = []
            for product in self.produits:
                if product.actif and random.random() < 0.3:
                    units = random.randint(10, 50)
                    stock = random.choice(self.fournisseurs).stock_produit
                    stock[product.id] = stock.get(product.id, 0) + units
                    given.append({"type": product.type.value, "quantite_ajoutee": units})
            if given:
                self.tell(
                    {
                        "event_type": "reassort",
                        "details": {"produits": given},
                        "statistiques": {
                            "nb_produits_concernes": len(given),
                            "total_quantite_ajoutee": sum(g["quantite_ajoutee"] for g in given),
                        },
                    }
                )
        if random.random() < 0.2:
            supplier = random.choice(self.fournisseurs)
            got = []
            for product in self.produits:
                if supplier.stock_produit.get(product.id, 0) > 0:
                    units = random.randint(10, 50)
                    supplier.stock_produit[product.id] += units
                    got.append({"produit_type": product.type.value, "quantite_rechargee": units})
            if got:
                total = sum(g["quantite_rechargee"] for g in got)
                self.tell(
                    {"event_type": "recharge_stock_fournisseur", "produits_recharges": got},
                    {
                        "event_type": "recharge_stock_fournisseur_resume",
                        "statistiques": {
                            "nb_fournisseurs_recharges": 1,
                            "quantite_totale_rechargee": total,
                        },
                    },
                )
        if random.random() < 0.2:
            product = random.choice(self.produits)
            supplier = random.choice(self.fournisseurs)
            before, product.prix = product.prix, round(product.prix * 1.3, 2)
            price_service.set_prix(product.id, supplier.id, product.prix)
            self.tell(
                {
                    "type": "inflation",
                    "statistiques": {"nombre_modifications": 1},
                    "modifications": [{"ancien_prix": before, "nouveau_prix": product.prix}],
                }
            )
        if random.random() < 0.2:
            product = random.choice(self.produits)
            product.actif = not product.actif
            self.tell(
                {
                    "type": "variation_disponibilite",
                    "statistiques": {
                        "total_modifications": 1,
                        "nb_reactives": int(product.actif),
                        "nb_desactives": int(not product.actif),
                    },
                }
            )

    def collecter_metriques(self):
        """The stand-in's own monitoring: it serialises a history that grows."""
        self.id_generator.get_id("METRIC")
        self.history += [[f.budget, dict(f.stocks)] for f in self.entreprises]
        os.makedirs("logs", exist_ok=True)
        with open("logs/own.jsonl", "a", encoding="utf-8") as file:
            file.writelines(
                json.dumps({"type": "metrics", "history": self.history}) + "\n" for _ in range(3)
            )

    def simulation_tour(self, verbose=None):
        begun = time.time()
        try:
            for firm in self.entreprises:
                for product in self.produits:
                    if product.actif:
                        self.buy(firm, product)
            if self.tick_actuel % 2 == 0:
                self.happen()
            self.performance_metrics_service.temps_execution.append(time.time() - begun)
            self.collecter_metriques()
        except Exception as error:
            return {"error": str(error)}
        self.tick_actuel += 1
        self.tours_completes += 1
        return {"tour": self.tours_completes}
