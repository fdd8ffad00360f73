"""The smallest application that a server runs, for many restarts.

It writes a byte into a file for each request, so that the file's size is what was answered.
"""

import os

from tradesim_metrics.asgi import MetricsMiddleware

ANSWERED = os.open("answered", os.O_WRONLY | os.O_APPEND | os.O_CREAT)


async def answer(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    os.write(ANSWERED, b".")
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = MetricsMiddleware(answer, exporter=os.environ["WEB_EXPORTER"], interval=0.2)
