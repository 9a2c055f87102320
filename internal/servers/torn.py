"""Tornado, which handles no signal."""
import asyncio
import os

import tornado.ioloop
import tornado.web


class Slow(tornado.web.RequestHandler):
    async def get(self):
        await asyncio.sleep(0.15)
        self.write("ok")


tornado.web.Application([("/slow", Slow)]).listen(int(os.environ["PORT"]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
