"""Opens the port that a load needs, which no client talks to, and becomes the command."""
import os, socket, sys

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(os.environ["PORT"])))
s.listen(16)
s.set_inheritable(True)
os.execvp(sys.argv[1], sys.argv[1:])
