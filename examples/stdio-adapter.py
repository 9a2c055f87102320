"""An adapter for `client: write-stdio`: a request a line on stdin, an answer a line on stdout. Never sends a write twice."""
import json, os, sys, urllib.error, urllib.request

def call(method, key, value=None):
    url = f"http://127.0.0.1:{os.environ['PORT']}/kv/{key}"
    with urllib.request.urlopen(urllib.request.Request(url, value and value.encode(), method=method)) as answer:
        return answer.read().decode()

for line in sys.stdin:
    q = json.loads(line)
    try:
        if q["op"] == "write":
            call("PUT", q["id"], q["value"])
            a = {"ok": True}  # the server has acknowledged it
        else:
            a = {"value": call("GET", q["id"])}
    except urllib.error.HTTPError as e:  # the server said no, or that it is not there
        a = {"ok": False, "error": str(e)} if q["op"] == "write" else {"value": None}
    except Exception as e:  # nobody knows
        a = {"error": str(e)}
    print(json.dumps(a), flush=True)
