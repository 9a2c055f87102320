"""aiohttp. Its own handler of SIGTERM stops it."""
import asyncio
import os

from aiohttp import web


async def slow(request):
    await asyncio.sleep(0.15)
    return web.Response(text="ok")


async def upload(request):
    await request.read()
    return web.Response(text="ok")


async def socket(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for _ in ws:
        pass
    return ws


app = web.Application()
app.router.add_get("/slow", slow)
app.router.add_post("/upload", upload)
app.router.add_get("/ws", socket)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
