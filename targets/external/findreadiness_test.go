package external

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestAnswersThatChangeWithTimeAreNoReadiness has a server that answers every path alike, with a text that becomes another
// one while the readiness is looked for.
func TestAnswersThatChangeWithTimeAreNoReadiness(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "the hour is %d", asked.Add(1)/3) // 0 for both that are not there
	}))
	t.Cleanup(server.Close)
	at, ok := server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("it listens on no TCP")
	}
	s := &instance{p: &program{address: address{host: at.IP.String(), port: at.Port, scheme: "http"}}, polls: newPolls("", 0)}
	s.findReadiness()
	if s.polls.path != "" {
		t.Errorf("%s is taken for its readiness", s.polls.path)
	}
}
