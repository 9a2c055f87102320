"""http.server of the standard library, without a handler; with "join" it stops by shutdown() and waits for its threads."""
import http.server
import os
import signal
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body of an answer go out in one piece

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(0.15)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = "join" not in sys.argv


server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
if "join" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()  # waits for the threads, if they are no daemons
