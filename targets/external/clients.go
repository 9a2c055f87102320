package external

// A kind is one way of being a client.
type kind struct {
	name, summary string
	fields        []string // the words that are its own
	dial          func(d *dialer) (client, error)
}

// httpFields are the words that every client of HTTP takes that asks for answers.
var httpFields = []string{"method", "path", "headers", "body", "status", "ends", "hangs_up", "keeps"}

// kinds is the table of clients.
var kinds = []kind{
	{"http-keepalive", "requests one after the other on a connection that stays open", httpFields, dialHTTP(false)},
	{"http-oneshot", "a connection for every request", httpFields, dialHTTP(true)},
	{"http-upload", "requests whose body comes slowly", append([]string{"over"}, httpFields...), dialHTTP(true)},
	{"http-stream", "requests whose answer comes in pieces", append([]string{"endless"}, httpFields...), dialHTTP(false)},
	{"sse", "a stream of events that stays open", []string{"path", "headers", "status", "hangs_up", "keeps"}, dialHTTP(false)},
	{"http-preopened", "a connection made before the signal whose first request comes after it", httpFields, dialPreopened},
	{"tcp-silent", "a connection that never says a word", nil, dialSilent},
	{"http2", "requests that share one connection of HTTP/2, each a stream of it", httpFields, dialHTTP2},
	{"grpc", "calls of gRPC that share one connection, each a stream of it", []string{"call", "proto", "body", "headers", "deadline", "status", "endless", "hangs_up", "keeps"}, dialGRPC},
	{"write-http", "writes that are read back by content after a restart", []string{"method", "path", "headers", "body", "status", "read", "value", "match", "given"}, dialWriteHTTP},
	{"write-redis", "SET of keys that are read back after a restart", nil, dialWriteRedis},
	{"write-nats", "JetStream messages that are read back by subject after a restart", nil, dialKeeper(openNATS)},
	{"write-mqtt", "retained messages at QoS 1 that are read back after a restart", nil, dialKeeper(openMQTT)},
	{"write-amqp", "persistent messages with confirms to a durable queue that is read back after a restart", nil, dialKeeper(openAMQP)},
	{"write-stdio", "writes by a program of your own that speaks JSON lines", []string{"command"}, dialKeeper(openStdio)},
	{"jobs", "jobs for a worker, which are looked up after the stop and a restart: done, still queued, or lost", jobFields, dialJobs},
	{"websocket", "a WebSocket that stays open; with send: it also talks", []string{"path", "headers", "hello", "send", "keeps"}, dialWebSocket},
}

// portless are the kinds of clients that need no port of the program.
var portless = []string{"write-stdio", "jobs"}
