"""The stand-in's command line, which imports like TradeSim's."""

import argparse
import os
import random
import sys

if __name__ == "__main__" and __package__ is None:
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

parser = argparse.ArgumentParser()
parser.add_argument("--tours", type=int)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

from services.simulation_service import SimulationService, world  # noqa: E402

random.seed(options.seed)
made = world()
service = SimulationService(made.entreprises, made.fournisseurs, made.produits)
service.reset_simulation()
for _ in range(options.tours):
    if "error" in service.simulation_tour():
        break
print(f"{sum(f.budget for f in made.entreprises):.4f} {random.random()}")
sys.exit(0 if service.tours_completes == options.tours else 5)
