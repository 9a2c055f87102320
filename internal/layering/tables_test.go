package layering

// anyTarget stands for targets/<name> and all that is below it.
const anyTarget = "targets/*"

// importRows is the order of packages. Each row may import the rows below it, never sideways or up.
// docs/architecture.md shows the same table to readers.
var importRows = [][]string{
	{"cmd/racebench"},
	{"engine/racetest"},
	{"targets/all", "targets/targettest", "internal/report", "engine/fleet"},
	{"engine", "internal/gate"},
	{"engine/search", "engine/gotest"},
	{"engine/batch", "engine/draw", "engine/trialtest", "internal/glossary", "internal/corpus"},
	{"engine/trial"},
	{"engine/explore"},
	{"engine/fault", "engine/measure", "engine/invariant", "engine/loadgen", anyTarget},
	{"engine/invariant/external"},
	{"engine/invariant/breach"},
	{"targets", "engine/result", "scenario/load"},
	{"scenario", "engine/ledger", "engine/result/void", "engine/world/prim", "internal/overlay", "internal/learn"},
	{"scenario/schema", "scenario/spec", "engine/world", "engine/reach", "engine/ledger/extern", "engine/signals", "internal/rundir", "targets/promise", "internal/overlay/player", "internal/origin"},
	{"engine/schedule", "internal/console", "internal/overlay/wire", "internal/custody", "internal/input", "scenario/secret", "docs", "internal/discover", "internal/queue", "internal/rpc", "internal/rpc/rpctest"},
}

// narrowed packages may import of ours only what stands here.
var narrowed = map[string][]string{
	"targets": {"engine/reach", "engine/world", "engine/world/prim", "engine/ledger", "engine/ledger/extern", "scenario/schema", "scenario/spec"},
	anyTarget: {"targets", "engine/reach", "engine/world", "engine/world/prim", "engine/ledger", "engine/ledger/extern", "engine/signals", "scenario/schema", "scenario/secret", "scenario/spec", "targets/promise", "internal/custody", "internal/discover", "internal/queue", "internal/rpc"},
	// Judges do not know servers.
	"engine/invariant":          {"engine/invariant/external", "engine/invariant/breach", "engine/ledger", "engine/ledger/extern", "engine/result", "engine/signals"},
	"engine/invariant/external": {"engine/invariant/breach", "engine/ledger", "engine/ledger/extern", "engine/result", "engine/signals"},
	"engine/invariant/breach":   {"engine/ledger", "engine/result", "engine/signals"},
}

// notTargets are the folders below targets that hold no server.
var notTargets = []string{"all", "promise", "targettest"}

// allShell are the targets without a core: other people's programs, which no world can simulate.
var allShell = []string{"external"}

// A denial forbids paths to a package that could import them by its row.
type denial struct {
	from  string
	paths []string
	why   string
}

var denied = []denial{
	{"internal/report", runners, "a report is a rendering: it cannot run anything"},
	{"internal/gate", runners, "a gate compares results: it cannot run anything"},
}

// runners start servers, processes or connections.
var runners = []string{
	modulePath + "/engine", modulePath + "/engine/search", modulePath + "/engine/batch", modulePath + "/engine/trial",
	modulePath + "/engine/explore", modulePath + "/engine/fault", modulePath + "/engine/world",
	"os/exec", "net", "net/http", "net/rpc", "crypto/tls",
}

// moduleOwners names who may import a dependency: folders or single files. No owner means tests only.
var moduleOwners = map[string][]string{
	"github.com/spf13":                  {"cmd/racebench"},
	"github.com/charmbracelet/lipgloss": {"internal/report"},
	"github.com/muesli/termenv":         {"internal/report"},
	"github.com/jstemmer":               {"internal/report"},
	"github.com/charmbracelet":          {"internal/report"},
	"go.yaml.in/yaml/v4":                {"scenario/yaml.go"},
	"github.com/invopop/jsonschema":     {"scenario", "engine/result"},
	"github.com/HdrHistogram":           {"engine/measure", "engine/result", "engine/loadgen"},
	"github.com/gorilla/websocket":      {"targets/gateway", "targets/external"},
	"github.com/nats-io/nats.go":        {"targets/external", "internal/queue", "engine/fleet"},
	"github.com/eclipse":                {"targets/external"},
	"github.com/rabbitmq/amqp091-go":    {"targets/external"},
	"github.com/anishathalye/porcupine": {"engine/invariant"},
	"go.etcd.io/bbolt":                  {"targets/coldstore/bolt"},
	"github.com/prometheus/procfs":      {"engine/trial", "targets/external", "cmd/racebench"},
	"gonum.org/v1/gonum":                {"engine/result", "internal/gate"},
	"golang.org/x/net":                  {"targets/external", "internal/discover", "internal/rpc", "engine/loadgen"},
	"google.golang.org/protobuf":        {"internal/rpc", "internal/rpc/rpctest"},
	"google.golang.org/grpc":            {"internal/rpc/rpctest"},
	"github.com/bufbuild/protocompile":  {"internal/rpc"},
	"golang.org/x/perf":                 {"internal/gate"},
	"golang.org/x/sys":                  {"engine", "engine/signals", "internal/custody", "internal/rundir", "targets/external", "cmd/racebench"},
	"golang.org/x/term":                 {"cmd/racebench", "internal/report"},

	"github.com/creack/pty":           {},
	"github.com/google/go-cmp":        {},
	"github.com/rogpeppe/go-internal": {},
	"github.com/santhosh-tekuri":      {},
	"go.uber.org/goleak":              {},
}

// testingPackages are for use in tests and are in no binary.
var testingPackages = []string{"engine/racetest", "engine/trialtest", "targets/targettest", "internal/rpc/rpctest"}

// clockNames of package time read the wall clock or set a timer.
var clockNames = []string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc"}

// streamNames of math/rand and math/rand/v2 make a stream of their own; everything else is global.
var streamNames = []string{"New", "NewPCG", "NewChaCha8", "NewSource", "NewZipf", "Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf"}

// openNames of package os open what a path names, be it a pipe, a device or without an end.
var openNames = []string{"Open", "ReadFile", "DirFS"}

// openers read files that nobody else has named: /proc, a server's own data, the Go tree, locks.
var openers = []string{"internal/input", "internal/custody", "internal/overlay", "targets"}

// printNames of package fmt write to the standard output.
var printNames = []string{"Print", "Printf", "Println"}

// httpClients of package net/http send requests by connections of their own, and follow redirects.
var httpClients = []string{"Get", "Head", "Post", "PostForm", "Client", "Transport", "DefaultClient", "DefaultTransport"}

// An exception allows one function what a rule forbids.
type exception struct {
	rule     string
	function string // folder and name
	reason   string
}

var exceptions = []exception{
	{"recover", "engine/world.call", "the one task wrapper: it turns a panic into evidence and passes unwinding on"},
	{"recover", "engine/trial.runChild", "a panic on our own part of a child must not read as the server's crash"},
	{"process", "engine/trial.MaybeChild", "a child never comes back to its caller's main"},
	{"process", "engine/trial.dieWithParent", "a child whose parent is gone must not live on"},
	{"process", "internal/custody.Main", "a guardian never comes back to its caller's main"},
	{"process", "internal/custody.guard", "what a guardian runs writes where the guardian would"},
	{"process", "engine/trial.exit", "a server's own code ends its process, at its will: that is what is tested"},
	{"process", "engine/trialtest.serve", "designs of the toy server end their process themselves: that is what a trial must tell"},
	{"printing", "cmd/racebench.main", "the streams themselves"},
	{"printing", "cmd/racebench.nextSteps", "into a table whose rows go through the console"},
	{"printing", "cmd/racebench.printRows", "the same"},
	{"printing", "cmd/racebench.printVariants", "the same"},
	{"printing", "cmd/racebench.corpusList", "the same"},
	{"printing", "cmd/racebench.header", "into a hash"},
	{"printing", "internal/custody.guard", "what a guardian runs writes where the guardian would"},
	{"opened files", "engine/batch.interpreterOf", "the first bytes of an executable that is about to be started, and is a regular file"},
	{"printing", "targets/external.startHeard", "a trial's own file, which nobody prints"},
	{"printing", "targets/external.newTranscript", "the same"},
	{"printing", "targets/external.runOwn", "the same"},
	{"printing", "engine/trial.runChild", "a trial's own file, which nobody prints"},
	{"printing", "engine/trial.onPanic", "the same"},
	{"connections", "targets/gateway/shell.dial", "to the gateway's own listener in this process, on a loopback address that it chose"},
	{"connections", "targets/gateway/shell.connect", "the same, for its observer"},
	{"connections", "targets/external.lend", "to a socket in a folder of racebench's own: the process that started this one waits there"},
	{"connections", "internal/learn.transport", "a proxy passes requests on and follows no redirect; its connections are the Way's"},
	{"connections", "targets/gateway/shell.upgrade", "its connection is there already"},
	{"connections", "engine/loadgen.connect", "asks the Way first: the epoll engine has no use for a net.Conn"},
	{"process", "engine/trial.onPanic", "a panic on a task of ours is our own failure and ends the child"},
}

// nameBudget is how many names a package may export where nameBudgets has no entry of its own. An entry
// may shrink; one that grows needs a reason in its commit.
const nameBudget = 60

var nameBudgets = map[string]int{
	"engine/explore":        75,  // strategies, recording, replay files, shrinking and stories share one vocabulary
	"engine/ledger":         101, // a record type of each kind and its words, what writes them and what reads them
	"engine/result":         109, // the stored result is a public format: every row of it is a type
	"engine/trial":          64,  // a program can be given another scenario: worlds are drawn one after the other
	"engine/world":          160, // two worlds' worth of what a server takes from the runtime
	"targets":               63,  // what a target declares of itself, and what it is given in return
	"internal/overlay/wire": 90,  // every state, status, verdict, command and answer that two processes agree on has a name
	"engine/world/prim":     110, // six primitives, each with its operations as awaitables
}

// functionLines is the longest a function may be; longFunctions, by folder, receiver and name, were
// longer when the rule came and may not grow.
const functionLines = 70

var longFunctions = map[string]int{}

// fileLines is the longest a Go file may be that is no test; longFiles were longer when the rule came.
const fileLines = 400

var longFiles = map[string]int{}
