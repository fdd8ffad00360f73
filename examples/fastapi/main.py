"""A small web application whose requests are measured. From this folder:

uvicorn main:app --port 8001 --workers 4
"""

import os

from fastapi import FastAPI, HTTPException

from tradesim_metrics.asgi import MetricsMiddleware

PRODUITS = {1: "Acier", 2: "Colle", 3: "Papier"}

app = FastAPI()
app.add_middleware(MetricsMiddleware, exporter=os.environ.get("EXPORTER", "http://127.0.0.1:8000"))


@app.get("/produits")
def produits() -> list[str]:
    return list(PRODUITS.values())


@app.get("/produits/{numero}")
def produit(numero: int) -> str:
    if numero not in PRODUITS:
        raise HTTPException(404)
    return PRODUITS[numero]
