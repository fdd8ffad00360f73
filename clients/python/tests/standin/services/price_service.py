"""Prices of the stand-in's suppliers, with the names of TradeSim's."""


class PriceService:
    def __init__(self):
        self.prices = {}
        self._prix_cache = {}
        self.stocks = {}

    def reset(self, suppliers):
        self.prices.clear()
        self._prix_cache.clear()
        self.stocks = {supplier.id: supplier.stock_produit for supplier in suppliers}

    def get_prix_produit_fournisseur(self, product, supplier):
        key = (product, supplier)
        if key in self._prix_cache:
            return self._prix_cache[key]
        if product not in self.stocks[supplier]:
            return None
        self._prix_cache[key] = self.prices.get(key)
        return self._prix_cache[key]

    def set_prix(self, product, supplier, price):
        self.prices[product, supplier] = self._prix_cache[product, supplier] = price


price_service = PriceService()
