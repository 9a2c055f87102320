package external

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// A clientWord is one word of a load group that belongs to one kind of client or another. Its value is a single one
// unless the row says so.
type clientWord struct {
	schema.Word
	read func(g *group, v spec.Value, errs *spec.Errors)
}

// clientWords are the words of a load group that this package reads; which kind takes which stands in kinds.
var clientWords = []clientWord{
	{schema.Word{Name: "method", Form: schema.Text(), Help: "of an HTTP client: the method"}, single((*group).readMethod)},
	{schema.Word{Name: "path", Form: schema.Text(), Help: "of an HTTP or WebSocket client: the path"}, single((*group).readPath)},
	{schema.Word{Name: "call", Form: schema.Text(), Help: "of a grpc client: the service and the method, such as pkg.Service/Method"}, single((*group).readCall)},
	{schema.Word{Name: "proto", Form: schema.Text(), Help: "of a grpc client: the .proto file that declares the method; default: the server is asked (reflection)"}, single(func(g *group, v spec.Value, _ *spec.Errors) { g.proto = v.Text })},
	{schema.Word{Name: "headers", Form: schema.Open(), Help: "of an HTTP client: request headers; of a grpc client: metadata", Holds: schema.Headers}, (*group).readHeaders},
	{
		schema.Word{Name: "deadline", Form: schema.Duration(), Help: "of a grpc client: how long a call may take, which the server is told (grpc-timeout)", Unit: true},
		single((*group).readDeadline),
	},
	{
		schema.Word{Name: "body", Form: schema.Scalar(), Help: "of an HTTP client: the request's body; of a grpc client: the message, as JSON"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.body = v.Text }),
	},
	{
		schema.Word{
			Name: "status", Form: schema.Either(schema.Scalar(), schema.List(schema.Scalar())),
			Help: "of an HTTP or grpc client: the status of a good answer, such as 200, 2xx or NOT_FOUND, or a list of them",
		},
		(*group).readStatus,
	},
	{
		schema.Word{Name: "over", Form: schema.Duration(), Help: "of an upload: how long its body takes to send", Unit: true},
		single(func(g *group, v spec.Value, errs *spec.Errors) {
			d, err := spec.Duration(v)
			errs.Add(err)
			g.over = d
		}),
	},
	{
		schema.Word{Name: "endless", Form: schema.Enum(endlessWords...), Help: "of an http-stream or grpc client: whether the answer is a stream without an end; default: auto, what the run without a signal shows"},
		single((*group).readEndless),
	},
	{
		schema.Word{Name: "ends", Form: schema.Scalar(), Help: "of an HTTP client: the text that every whole answer ends with; blanks and line ends after it do not count"},
		single((*group).readEnds),
	},
	{
		schema.Word{Name: "hangs_up", Form: schema.Duration(), Help: "of an HTTP or grpc client: how long after a request was sent the client gives it up, in the middle of its answer", Unit: true},
		single((*group).readHangsUp),
	},
	{
		schema.Word{Name: "keeps", Form: schema.Bool(), Help: "of an HTTP, grpc or WebSocket client: it never closes its side of a connection"},
		single((*group).readKeeps),
	},
	{
		schema.Word{Name: "hello", Form: schema.Scalar(), Help: "of a WebSocket client: the first message it sends"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.hello = v.Text }),
	},
	{
		schema.Word{Name: "send", Form: schema.Scalar(), Help: "of a WebSocket client: the message it goes on sending"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.send = v.Text }),
	},
	{
		schema.Word{Name: "read", Form: schema.Text(), Help: "of a client that writes: where it reads a write back after the restart; default: its path"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.read = v.Text }),
	},
	{
		schema.Word{Name: "value", Form: schema.Scalar(), Help: "of a write-http client: what a write is found by; {id} and {value} are filled in; default: as it was sent"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.value = v.Text }),
	},
	{
		schema.Word{Name: "match", Form: schema.Scalar(), Help: "of a write-http client: the same as a regular expression, with {id} and {value} quoted"},
		single((*group).readMatch),
	},
	{
		schema.Word{Name: "given", Form: schema.Text(), Help: "of a write-http client: what of the answer names the write: location, or a field of its JSON such as id or data.id; {given} in read"},
		single((*group).readGiven),
	},
	{
		schema.Word{Name: "command", Form: schema.Command(), Holds: schema.Commands, Help: "of a write-stdio client: the adapter, a list, or a string split as a shell would"},
		func(g *group, v spec.Value, errs *spec.Errors) { g.command = readCommand(v, errs) },
	},
}

// single reads only a single value.
func single(read func(g *group, v spec.Value, errs *spec.Errors)) func(g *group, v spec.Value, errs *spec.Errors) {
	return func(g *group, v spec.Value, errs *spec.Errors) {
		if v.Kind != spec.Scalar {
			errs.Addf(v, "%s where one value is needed", v.Kind)
			return
		}
		read(g, v, errs)
	}
}

// allClientWords are those of all kinds.
var allClientWords = slices.Concat(clientWords, jobWords)

// group is what a load group says of its clients.
type group struct {
	kind    kind
	method  string
	path    string
	call    string // of gRPC
	proto   string // the file that declares it; empty: the server is asked
	headers [][2]string
	body    string
	status  statusPattern
	over    time.Duration
	within  time.Duration // what a call may take
	endless string        // of a stream: one of endlessWords
	ends    string        // what every whole answer ends with; empty: that is not known
	hangUp  time.Duration // how long after a request was sent; 0: never
	keeps   bool          // it never closes its side
	hello   string
	send    string
	command []string // of a user's own adapter
	read    string   // where an acknowledged write is read back
	value   string   // what it is found by; empty: as it was sent
	match   string   // the same as a regular expression
	given   string   // what of the answer names the write; empty: nothing

	queue       string // of jobs: a template
	push, done  queuePlace
	held        []queuePlace
	settle      time.Duration
	once        bool
	kindOfQueue queueKind
}

func parseGroup(v spec.Value, c config, errs *spec.Errors) group {
	var g group
	at, _ := v.Get("client")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == at.Text })
	if i < 0 {
		return g // the engine says so
	}
	g.kind = kinds[i]
	for _, f := range v.Fields {
		i := slices.IndexFunc(allClientWords, func(w clientWord) bool { return w.Name == f.Key.Text })
		switch {
		case i < 0: // the engine says so
		case !slices.Contains(g.kind.fields, f.Key.Text):
			errs.Addf(f.Key, "client %s takes no %s: it takes %s", g.kind.name, f.Key.Text, orNothing(g.kind.fields))
		default:
			allClientWords[i].read(&g, f.Value, errs)
		}
	}
	g.checkCall(v, at, errs)
	if i := slices.IndexFunc(v.Fields, func(f spec.Field) bool { return f.Key.Text == "read" }); i >= 0 && g.given == "" && strings.Contains(g.read, givenWord) {
		errs.Addf(v.Fields[i].Value, "%s in read stands for what the answer names, and given: does not say what that is", givenWord)
	}
	if g.value != "" && g.match != "" {
		errs.Addf(at, "value and match say the same in two ways: leave one out")
	}
	if g.kind.name == "jobs" {
		g.checkJobs(at, c.services, errs)
	}
	if c.worker && !slices.Contains(portless, g.kind.name) {
		errs.Addf(at, "a worker listens on nothing, and client %s needs a port: jobs and write-stdio do not", g.kind.name)
	}
	return g
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "none of its own"
	}
	return strings.Join(words, ", ")
}

func (g *group) readMethod(v spec.Value, errs *spec.Errors) {
	if v.Text == "" || strings.ContainsFunc(v.Text, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		errs.Addf(v, "method %q: write one such as GET or POST", v.Text)
	}
	g.method = v.Text
}

func (g *group) readPath(v spec.Value, errs *spec.Errors) {
	if !strings.HasPrefix(v.Text, "/") || strings.ContainsAny(v.Text, " \r\n") {
		errs.Addf(v, "path %q must begin with / and have no blanks", v.Text)
	}
	g.path = v.Text
}

func (g *group) readHeaders(v spec.Value, errs *spec.Errors) {
	if v.Kind != spec.Map {
		errs.Addf(v, "headers is a map, such as {Authorization: Bearer x}")
		return
	}
	for _, f := range v.Fields {
		if f.Value.Kind != spec.Scalar || strings.ContainsAny(f.Key.Text+f.Value.Text, "\r\n") || strings.ContainsAny(f.Key.Text, " :") {
			errs.Addf(f.Key, "header %q is not one name with one line of text", f.Key.Text)
			continue
		}
		g.headers = append(g.headers, [2]string{f.Key.Text, f.Value.Text})
	}
}

func (g *group) readMatch(v spec.Value, errs *spec.Errors) {
	if _, err := regexp.Compile(strings.NewReplacer(idWord, "x", valueWord, "x").Replace(v.Text)); err != nil {
		errs.Addf(v, "match %q is no regular expression of Go's: %v", v.Text, err)
	}
	g.match = v.Text
}

// Asks implements targets.Asker. One that is asked after the signal only is no measure.
func (g group) Asks() string {
	if !slices.Contains(g.kind.fields, "status") || g.kind.name == "http-preopened" {
		return ""
	}
	if g.kind.name == grpcKind {
		return g.call
	}
	method := "GET"
	switch {
	case g.kind.name == "write-http":
		method = "PUT"
	case g.kind.name == "http-upload" || g.body != "":
		method = "POST"
	}
	return g.methodOr(method) + " " + g.pathOr("/")
}

// Lists implements targets.Asker.
func (g group) Lists() bool { return len(g.status) > 0 }

// Ends implements targets.Asker.
func (g group) Ends() string { return g.ends }

// Hurries implements targets.Asker.
func (g group) Hurries() bool { return g.within > 0 }

// target names what a group asks for, for people.
func (g group) target() string {
	if g.kind.name == grpcKind {
		return g.call
	}
	return fmt.Sprintf("%s %s", g.methodOr("GET"), g.pathOr("/"))
}

func (g group) methodOr(otherwise string) string {
	if g.method != "" {
		return g.method
	}
	return otherwise
}

func (g group) pathOr(otherwise string) string {
	if g.path != "" {
		return g.path
	}
	return otherwise
}
