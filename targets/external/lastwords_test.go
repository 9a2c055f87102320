package external

import "testing"

const (
	nodeCrash = `listening
/srv/server.js:7
  server.close(() => process.exit(0))
         ^

TypeError: Cannot read properties of undefined (reading 'close')
    at process.gracefulShutdown (/srv/server.js:7:10)
    at process.emit (node:events:519:28)

Node.js v20.20.2
`
	nodeRejected = `node:internal/process/promises:288
            triggerUncaughtException(err, true /* fromPromise */);
            ^

[UnhandledPromiseRejection: This error originated either by throwing inside of an async function] {
  code: 'ERR_UNHANDLED_REJECTION'
}

Node.js v20.20.2
`
	pythonCrash = `ready
Traceback (most recent call last):
  File "/srv/server.py", line 9, in <module>
    main()
    ~~~~^^
  File "/srv/server.py", line 6, in main
    raise ValueError("no pool")
ValueError: no pool
`
	jvmCrash = `Exception in thread "main" java.lang.IllegalStateException: no pool
	at shop.Server.main(Server.java:7)
Caused by: java.io.IOException: closed
	at shop.Pool.get(Pool.java:3)
	... 1 more
`
	rubyCrash = `server.rb:3:in 'Object#stop': no pool (RuntimeError)
	from server.rb:9:in '<main>'
`
)

func TestUncaught(t *testing.T) {
	for _, tc := range []struct {
		name, printed string
		status        int
		want          string
	}{
		{"node", nodeCrash, 1, "TypeError: Cannot read properties of undefined (reading 'close')"},
		{"node in a handler of uncaught errors", nodeCrash, 7, "TypeError: Cannot read properties of undefined (reading 'close')"},
		{"node, a rejection", nodeRejected, 1, "[UnhandledPromiseRejection: This error originated either by throwing inside of an async function] {"},
		{"node with another status", nodeCrash, 3, ""},
		{"node, which goes on", nodeCrash + "stopped\n", 1, ""},
		{"node's version alone", "starting\nNode.js v20.20.2\n", 1, ""},
		{"python", pythonCrash, 1, "ValueError: no pool"},
		{"python, one after the other", pythonCrash + "\nDuring handling of the above exception, another exception occurred:\n\n" + pythonCrash, 1, "ValueError: no pool"},
		{"python with a clean status", pythonCrash, 0, ""},
		{"python, which goes on", pythonCrash + "stopped with errors\n", 1, ""},
		{"python, interrupted", "Traceback (most recent call last):\n  File \"s.py\", line 1, in <module>\n    wait()\nKeyboardInterrupt\n", 1, ""},
		{"python, cancelled", "Traceback (most recent call last):\n  File \"s.py\", line 1, in <module>\n    wait()\nasyncio.exceptions.CancelledError\n", 1, ""},
		{"python, in a thread", "Exception in thread Thread-1 (work):\n" + pythonCrash[len("ready\n"):], 1, ""},
		{"python, the head alone", "Traceback (most recent call last):\n", 1, ""},
		{"jvm", jvmCrash, 1, `Exception in thread "main" java.lang.IllegalStateException: no pool`},
		{"jvm, another thread", `Exception in thread "worker-1" java.lang.IllegalStateException: no pool` + "\n\tat shop.Server.main(Server.java:7)\n", 1, ""},
		{"jvm, a log of an interruption", "WARN worker interrupted\njava.lang.InterruptedException: sleep interrupted\n\tat java.lang.Thread.sleep(Native Method)\n", 1, ""},
		{"jvm, which goes on", jvmCrash + "shutdown hook done\n", 1, ""},
		{"ruby", rubyCrash, 1, "server.rb:3:in 'Object#stop': no pool (RuntimeError)"},
		{"ruby, older", "server.rb:3:in `stop': no pool (RuntimeError)\n\tfrom server.rb:9:in `<main>'\n", 1, "server.rb:3:in `stop': no pool (RuntimeError)"},
		{"ruby, interrupted", "server.rb:3:in 'Kernel#sleep': Interrupt (Interrupt)\n\tfrom server.rb:9:in '<main>'\n", 1, ""},
		{"nothing", "", 1, ""},
		{"an error of the program's own", "cannot bind port 80\n", 1, ""},
	} {
		if got := uncaught(tc.printed, tc.status); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
