"""TradeSim's own web application, measured from outside. From TradeSim's folder `app`:

uvicorn tradesim:app --app-dir PATH/TO/examples/fastapi --port 8001
"""

import os
import sys

sys.path.insert(0, os.getcwd())

from api.main import app as application  # noqa: E402

from tradesim_metrics.asgi import MetricsMiddleware  # noqa: E402

app = MetricsMiddleware(application, exporter=os.environ.get("EXPORTER", "http://127.0.0.1:8000"))
