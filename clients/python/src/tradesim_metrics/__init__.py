"""Publishes the numbers of a turn-based simulation to tradesim-exporter.

>>> from tradesim_metrics import Publisher
>>> with Publisher() as publisher:
...     for tour in range(100):
...         publisher.turn(budget_total=100.0 - tour, transactions_reussies_total=tour)

For TradeSim itself see `tradesim_metrics.tradesim.attach`.
"""

from .publisher import Publisher, Stats
from .transport import Transport

__all__ = ["Publisher", "Stats", "Transport", "__version__"]

__version__ = "0.1.0"
