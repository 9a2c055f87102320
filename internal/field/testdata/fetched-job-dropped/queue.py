"""The client of write-stdio: to write is to push a job, to read is to ask whether it is done. A job that is
still queued is waited for."""
import json, os, socket, sys, time

s = socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"])))
f = s.makefile("rb")


def redis(*words):
    s.sendall(("*%d\r\n" % len(words) + "".join("$%d\r\n%s\r\n" % (len(w), w) for w in words)).encode())
    return f.readline().strip()


for line in sys.stdin:
    q = json.loads(line)
    if q["op"] == "write":
        answer = {"ok": redis("RPUSH", "jobs", q["id"]).startswith(b":")}
    else:
        while redis("LPOS", "jobs", q["id"]).startswith(b":"):
            time.sleep(0.05)
        answer = {"value": None}
        for _ in range(4):
            if redis("SISMEMBER", "done", q["id"]) == b":1":
                answer = {"value": "value of " + q["id"]}
                break
            time.sleep(0.1)
    print(json.dumps(answer), flush=True)
