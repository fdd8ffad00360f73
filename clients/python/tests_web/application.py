"""A FastAPI application for servers, measured as an environment variable says."""

from __future__ import annotations

import asyncio
import contextlib
import os

from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tradesim_metrics.asgi import MetricsMiddleware


@contextlib.asynccontextmanager
async def lifespan(_app):
    yield


app = FastAPI(lifespan=lifespan)
router = APIRouter(prefix="/r")


@app.get("/")
async def root():
    return {"pid": os.getpid()}


@app.get("/produits/{id}")
def product(id: int):  # noqa: A002
    return id


@router.get("/x/{a}")
async def included(a: str):
    return a


@app.get("/boom")
async def boom():
    raise ValueError("boom")


@app.get("/slow")
async def slow():
    await asyncio.sleep(30)


@app.get("/stream")
async def stream():
    async def chunks():
        for _ in range(3):
            yield b"x" * 10
            await asyncio.sleep(0.05)

    return StreamingResponse(chunks())


@app.get("/endless")
async def endless():
    async def chunks():
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.005)

    return StreamingResponse(chunks())


@app.get("/broken")
async def broken():
    async def chunks():
        yield b"x"
        raise KeyError("late")

    return StreamingResponse(chunks())


@app.get("/background")
async def background():
    return PlainTextResponse("x", background=BackgroundTask(asyncio.sleep, 1.5))


@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


async def hello(request):
    return PlainTextResponse(request.path_params["n"])


@app.post("/echo")
async def echo(body: dict):
    return body


app.include_router(router, prefix="/api/{t}")
app.mount("/sub/{tenant}", Starlette(routes=[Route("/hello/{n}", hello), Mount("/deep", hello)]))

if os.environ.get("WEB_EXPORTER") is not None:
    app.add_middleware(MetricsMiddleware, exporter=os.environ["WEB_EXPORTER"] or None, interval=0.2)
