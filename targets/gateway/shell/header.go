package shell

import (
	"net/http"
	"strconv"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/targets/gateway"
)

// What a request says of itself, as headers in their canonical spelling. The address is the one that a
// balancer in front of the gateway would hand on.
const (
	headerNet     = "Racebench-Net"
	headerID      = "Racebench-Id"
	headerLane    = "Racebench-Lane"
	headerName    = "Racebench-Name"
	headerListens = "Racebench-Listens"
	headerFrom    = "X-Forwarded-For"
)

// requestHeader is a request's headers.
func (n *network) requestHeader(q gateway.Request) http.Header {
	return http.Header{
		headerNet: {n.secret}, headerFrom: {q.From}, headerName: {q.Name},
		headerID: {strconv.FormatUint(uint64(q.ID), 10)}, headerLane: {strconv.Itoa(q.Lane)},
		headerListens: {strconv.FormatBool(q.Listens)},
	}
}

// appendRequest writes a request's head.
func (n *network) appendRequest(b []byte, q gateway.Request) []byte {
	b = append(b, "POST /actor HTTP/1.1\r\nHost: "+hostName+"\r\nContent-Length: "...)
	b = strconv.AppendInt(b, q.Size, 10)
	for _, line := range [...]struct{ name, value string }{{headerNet, n.secret}, {headerFrom, q.From}, {headerName, q.Name}} {
		b = append(b, "\r\n"+line.name+": "...)
		b = append(b, line.value...)
	}
	b = append(b, "\r\n"+headerID+": "...)
	b = strconv.AppendUint(b, uint64(q.ID), 10)
	b = append(b, "\r\n"+headerLane+": "...)
	b = strconv.AppendInt(b, int64(q.Lane), 10)
	return append(b, "\r\n\r\n"...)
}

// readRequest reads what a request says of itself. It is false for one that was meant for somebody else.
func (n *network) readRequest(r *http.Request) (gateway.Request, bool) {
	h := r.Header
	if h.Get(headerNet) != n.secret {
		return gateway.Request{}, false
	}
	id, err := strconv.ParseUint(h.Get(headerID), 10, 64)
	lane, wrong := strconv.Atoi(h.Get(headerLane))
	return gateway.Request{
		ID: ledger.MsgID(id), From: h.Get(headerFrom), Size: max(r.ContentLength, 0), Upgrade: r.Header.Get("Upgrade") != "",
		Listens: h.Get(headerListens) == "true", Lane: lane, Name: h.Get(headerName),
	}, err == nil && wrong == nil
}
