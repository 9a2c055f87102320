# A small service: python3 list.py PORT FILE. Where BUG is set it answers before it has written, and forgets what is left to
# write when it is stopped.
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, file = int(sys.argv[1]), sys.argv[2]
lock, late = threading.Lock(), []
names = [line.strip() for line in open(file)] if os.path.exists(file) else []


def flush():
    with open(file, "a") as f:
        f.write("".join(name + "\n" for name in late))
    late.clear()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/members":
            with lock:
                return self.reply(200, names[:])
        if self.path == "/slow":
            time.sleep(0.03)
        self.reply(200 if self.path in ("/", "/slow") else 404, self.path)

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["name"]
        with lock:
            names.append(name)
            late.append(name)
            if not os.environ.get("BUG"):
                flush()
        self.reply(201, {"ok": True})


def often():
    while True:
        time.sleep(0.7)
        with lock:
            flush()


class Server(ThreadingHTTPServer):
    request_queue_size = 1000
    daemon_threads = False


server = Server(("127.0.0.1", port), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
threading.Thread(target=often, daemon=True).start()
server.serve_forever()
server.server_close()
