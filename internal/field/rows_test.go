//go:build field

package field

// A row is a fault that users have reported, rebuilt as a small server with its mended twin, and the command that
// shows it. The folder of that name below testdata holds both.
type row struct {
	name   string
	report string // what was reported
	node   bool   // it is a server.js, run by node
	needs  []string

	flags    []string // of probe; nil where there is a scenario
	scenario string   // a file in the place of probe's flags; COMMAND stands for the server's own

	tries string // trials of the faulty half at the most, of a fault that does not show in each; the first that shows it ends them

	class string // how the class begins that the faulty half must be reported with
	warns string // or the warning, where that is all it gets
	// missing says why the fault is not found yet. The test fails when it is, so that the row gets its class.
	missing string
}

var rows = []row{
	{
		name:   "request-context-cancelled",
		report: "the signal cancels the context of the requests in flight: they are answered with 500 (2025)",
		flags:  []string{}, class: "every-request-answered/answered-badly/500",
	},
	{
		name:   "cron-stop-not-awaited",
		report: "the scheduler's stop is not awaited: a job is cut off (2026)",
		flags:  []string{"--before-each", `sh -c 'rm -f "$DATA_DIR/jobs.log"'`, "--check", "sh testdata/cron-stop-not-awaited/cut.sh"},
		tries:  "20", // the signal must meet a job, which the drain must not outlast
		class:  "check/program/cut-job",
	},
	{
		name:   "shutdown-before-serve",
		report: "a signal during the start shuts nothing down, and the server serves for ever (2026)",
		flags:  []string{"--grace", "3s"}, class: "drain-ends/program/still-accepts",
	},
	{
		name:   "term-during-migration",
		report: "a signal during the start's migrations: TypeError, exit status 1 (2026)",
		node:   true, flags: []string{}, class: "process-survives/program/uncaught-error",
	},
	{
		name:   "send-on-closed-channel",
		report: "handlers in flight send on a channel that the stop has closed (2026)",
		flags:  []string{}, class: "every-request-answered/request-read/connection-closed",
	},
	{
		name:   "sse-holds-shutdown",
		report: "open event streams hold the stop (2026)",
		node:   true, flags: []string{"--stream", "/events", "--grace", "3s"}, class: "drain-ends/program/stream-open",
	},
	{
		name:   "fetched-job-dropped",
		report: "a job that was fetched ahead is dropped at the stop (2025)",
		node:   true, needs: []string{"redis-server", "redis-cli", "python3"}, scenario: queue, class: "acked-survives-restart/",
	},
	{
		name:   "batch-outlasts-grace",
		report: "a consumer looks for the signal between batches only (2026)",
		flags:  []string{"--worker", "--ready", "log:consumer ready", "--grace", "3s"}, class: "drain-ends/program/",
	},
	{
		name:   "grace-shorter-than-requests",
		report: "a deadline of one second for requests that take three (2026)",
		flags:  []string{"--path", "/rpc/report"}, class: "every-request-answered/request-read/",
	},
	{
		name:   "ready-while-draining",
		report: "the readiness stays 200 during the drain (2023 to 2026)",
		flags:  []string{}, warns: "readiness-turns/",
	},
	{
		name:     "drain-counts-once",
		report:   "new requests are taken all through the drain, and go with the exit (2024, 2026)",
		scenario: drain, warns: "late-connections-answered/read",
	},
	{
		name:     "wait-before-shutdown",
		report:   "the jobs are waited for while requests still add some (2026)",
		scenario: jobs, class: "acked-survives-restart/",
	},
	{
		name:   "grpc-stop-after-1s",
		report: "Stop after one second cuts calls that take longer (2026)",
		flags:  []string{}, tries: "10", // the stop must meet a call that takes more than a second still
		class: "every-request-answered/request-read/exited",
	},
}

// drain has its requests begin at moments of their own, not all together, so that some begin while others end.
const drain = `name: drain
target: external
external: {command: COMMAND}
duration: 1s
load:
  - {client: http-keepalive, clients: 16, path: /, shape: slow, delay: 0ms..150ms}
  - {client: http-oneshot, clients: 8, path: /, shape: slow, delay: 0ms..150ms}
inject: [{signal: SIGTERM, at: 20%..80%}]
`

const jobs = `name: jobs
target: external
external: {command: COMMAND, env: {DATA_DIR: '{data}'}}
duration: 1s
load:
  - {client: write-http, clients: 4, method: POST, path: '/jobs/{id}', body: '{id}', read: '/jobs/{id}'}
inject: [{signal: SIGTERM, at: 20%..80%}]
`

const queue = `name: queue
target: external
external:
  command: COMMAND
  restart: true
  ready: {log: worker ready}
  before_each: redis-cli -p REDIS_PORT del jobs done
duration: 1s
load:
  - {client: write-stdio, clients: 1, command: [python3, testdata/fetched-job-dropped/queue.py], shape: slow, delay: 15ms..30ms}
inject: [{signal: SIGTERM, at: 20%..80%}]
`
