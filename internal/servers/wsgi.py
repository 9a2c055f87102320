"""waitress, which handles no signal."""
import os
import time

import waitress


def app(environ, start_response):
    time.sleep(0.15)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


waitress.serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8)
