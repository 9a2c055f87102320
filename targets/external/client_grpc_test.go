//go:build linux

package external_test

import (
	"fmt"

	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
)

// rpcServer is the server of the released gRPC library, built once.
var rpcServer = sync.OnceValues(func() (string, error) {
	path, err := server() // whose folder is removed at the end
	if err != nil {
		return "", err
	}
	path = filepath.Join(filepath.Dir(path), "rpcserver")
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/rpcserver").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// runRPC runs that server in a mode.
func runRPC(t *testing.T, mode, more, load string, trials int) *result.Campaign {
	t.Helper()
	path, err := rpcServer()
	if err != nil {
		t.Fatal(err)
	}
	return runCommand(t, "["+path+", "+mode+"]", more, "\n  - "+load+"\n", "SIGTERM", trials)
}

// TestGRPC stops servers of the released library while calls are under way. What is wrong is the handlers', or the call
// of Stop in the place of GracefulStop.
func TestGRPC(t *testing.T) {
	const (
		get   = "{client: grpc, clients: 6, call: shop.v1.Orders/Get, body: '{\"value\": \"x\"}'}"
		get2  = "\"x\"" // what a message of a single value is in JSON
		class = "every-request-answered/"
		badly = class + "answered-badly/"
	)
	call := strings.Replace(get, "'{\"value\": \"x\"}'", "'"+get2+"'", 1)
	for _, c := range []struct {
		mode, more, load string
		breach, warning  string
		kind             string // at risk, at the least once
	}{
		{"graceful", "", call, "", "", "request-read"},
		{"graceful", "  env: {REFLECTION: v1}", call, "", "", "request-read"},
		{"graceful", "", "{client: grpc, clients: 2, call: shop.v1.Orders/Blob}", "", "", "request-read"},
		{"graceful", "", "{client: grpc, clients: 4, call: shop.v1.Orders/All}", "", "", "answer-half-sent"},
		{"graceful", "", "{client: grpc, clients: 2, call: shop.v1.Orders/Secret, headers: {token: open}}", "", "", ""},
		{"stops", "", call, class + "request-read/", "", "request-read"},
		{"stops", "", "{client: grpc, clients: 4, call: shop.v1.Orders/All}", class + "answer-cut/", "", "answer-half-sent"},
		{"cancels", "", call, badly + "INTERNAL", "", "request-read"},
		{"cancels", "", "{client: grpc, clients: 4, call: shop.v1.Orders/All}", badly + "INTERNAL", "", "answer-half-sent"},
		{"refuses", "", call, "", badly + "UNAVAILABLE", "request-read"},
		{"refuses", "expect: [every-request-answered]", call, badly + "UNAVAILABLE", "", "request-read"},
		{"hurries", "", strings.Replace(call, "}", ", deadline: 5s}", 1), "", badly + "DEADLINE_EXCEEDED", "request-read"},
		{"hurries", "", call, badly + "DEADLINE_EXCEEDED", "", "request-read"},
		{"late", "", call, "", "any", "request-read"}, // a warning, where chance has it
		{"shortens", "", "{client: grpc, clients: 4, call: shop.v1.Orders/All}", class + "answer-cut/short", "", "answer-half-sent"},
	} {
		t.Run(c.mode+" "+c.more+c.load[len("{client: grpc, clients: 6, call: shop.v1.Orders/"):], func(t *testing.T) {
			t.Parallel()
			trials := 2
			if c.breach != "" {
				trials = manyTrials
			}
			got := runRPC(t, c.mode, c.more, c.load, trials)
			found := strings.Join(classes(got), " ")
			if c.breach == "" && (got.Verdict != result.Passed || found != "") || c.breach != "" && (got.Verdict != result.Breached || !strings.HasPrefix(found, c.breach)) {
				t.Errorf("%s, %s; want %q; asked %+v, at risk %v, void %v, notes %v", got.Verdict, found, c.breach, got.Asked, got.AtRisk, got.Void, got.Notes)
			}
			if warned := strings.Join(warnings(t, got), " "); c.warning != "any" && !strings.Contains(warned, c.warning) || c.warning == "" && strings.Contains(warned, class) {
				t.Errorf("warned of %s, want %q", warned, c.warning)
			}
			if c.kind != "" && atRisk(got, c.kind) == 0 {
				t.Errorf("at risk %v", got.AtRisk)
			}
		})
	}
}

// TestGRPCWithTLS is the same over TLS.
func TestGRPCWithTLS(t *testing.T) {
	t.Parallel()
	path, err := rpcServer()
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]result.Verdict{"graceful": result.Passed, "stops": result.Breached} {
		trials := 1
		if want == result.Breached {
			trials = manyTrials
		}
		p := compile(t, fmt.Sprintf("name: x\ntarget: external\ntrials: %d\nduration: 600ms\nexternal: {command: [%s, %s], url: \"https://127.0.0.1:{port}/\", env: {TLS: \"1\"}}\n"+
			"inject: [{signal: SIGTERM, at: 60%%..95%%}]\nload: [{client: grpc, clients: 4, call: shop.v1.Orders/Get}]\n", trials, path, mode))
		c, _ := runCampaign(t, p, trial.Config{Keep: trial.KeepNone, FailFast: true})
		if c.Verdict != want || atRisk(c, "request-read") == 0 {
			t.Errorf("%s: %s, %v, %v, %v", mode, c.Verdict, classes(c), c.AtRisk, c.Void)
		}
	}
}

// TestGRPCStreamsWithoutAnEnd holds streams that stay open to what others are held to.
func TestGRPCStreamsWithoutAnEnd(t *testing.T) {
	for _, c := range []struct {
		mode, call string
		verdict    result.Verdict
		class      string
	}{
		{"graceful", "shop.v1.Orders/Tail", result.Passed, ""},
		{"graceful", "grpc.health.v1.Health/Watch", result.Hung, "drain-ends/program/stream-open"}, // the library's own ends no Watch
		{"holds", "shop.v1.Orders/Tail", result.Hung, "drain-ends/program/stream-open"},
	} {
		t.Run(c.mode+" "+c.call, func(t *testing.T) {
			t.Parallel()
			limit := "drain_limit: 1s"
			if c.verdict == result.Passed {
				limit = "" // the stop of a good one ends by itself, on a busy machine late
			}
			got := runRPC(t, c.mode, limit, "{client: grpc, clients: 2, call: "+c.call+"}", 1)
			if got.Verdict != c.verdict || strings.Join(classes(got), " ") != c.class || atRisk(got, "stream-open") != 2 {
				t.Errorf("%s, %v, at risk %v, void %v, notes %v", got.Verdict, classes(got), got.AtRisk, got.Void, got.Notes)
			}
		})
	}
}

// TestGRPCCannotBeCalled says why, in one sentence.
func TestGRPCCannotBeCalled(t *testing.T) {
	for _, c := range []struct{ more, load, want string }{
		{"", "{client: grpc, call: shop.v1.Orders/None}", "service shop.v1.Orders has no method None: it has All, Blob, Get, Long, Secret, Tail"},
		{"", "{client: grpc, call: shop.v1.None/Get}", "the server does not know shop.v1.None"},
		{"", "{client: grpc, call: shop.v1.Orders/Get, body: '{}'}", "the body is no google.protobuf.StringValue in JSON"},
		{"  env: {REFLECTION: none}", "{client: grpc, call: shop.v1.Orders/Get}", "the server has no reflection"},
		{"", "{client: grpc, call: shop.v1.Orders/Secret}", "shop.v1.Orders/Secret was answered with UNAUTHENTICATED, not with OK; does it want a header"},
	} {
		t.Run(c.load, func(t *testing.T) {
			t.Parallel()
			got := runRPC(t, "graceful", c.more, c.load, 1)
			if said := fmt.Sprint(got.Notes, got.Void); got.Verdict != result.Untested || !strings.Contains(said, c.want) {
				t.Errorf("%s: %s", got.Verdict, said)
			}
		})
	}
	for load, want := range map[string]string{
		"{client: grpc}":                                                          "client grpc needs call",
		"{client: grpc, call: shop}":                                              "is no method of gRPC",
		"{client: grpc, call: a.B/C, path: /x}":                                   "client grpc takes no path",
		"{client: grpc, call: a.B/C, deadline: 0s}":                               "deadline 0s: it is from 1ms",
		"{client: grpc, call: a.B/C, headers: {te: x}}":                           "te is the protocol's own",
		"{client: grpc, call: a.B/C, headers: {Grpc-Timeout: 1S}}":                "is written by deadline",
		"{client: http2, call: a.B/C}":                                            "client http2 takes no call",
		"{client: grpc, call: a.B/C, headers: {token: x}, status: [OK, ABORTED]}": "",
	} {
		errs := compileErrors(t, load)
		if want == "" && len(errs) > 0 || want != "" && (len(errs) != 1 || !strings.Contains(errs[0], want)) {
			t.Errorf("%s: %q, want %q", load, errs, want)
		}
	}
}
