package schedule

// Kind says which visible operation a task announces or waits in. Its numbers are part of the hashes of traces: new kinds
// go to the end.
type Kind uint8

// The visible operations.
const (
	KindNone Kind = iota
	KindStart
	KindSend
	KindReserve
	KindRecv
	KindClose
	KindLock
	KindUnlock
	KindAcquire
	KindRelease
	KindNotify
	KindWait
	KindLoad
	KindStore
	KindSleep
	KindSelect
	KindJoin
	KindSignal
	KindWindow
	KindCancel
	KindBlocking
	KindTry   // a lock that is taken only where it is free
	KindYield // the turn is given away
	KindTimer // a timer is set or stopped
	KindIO    // on a connection
)

var kindNames = [...]string{
	KindNone: "none", KindStart: "start", KindSend: "send", KindReserve: "reserve", KindRecv: "recv",
	KindClose: "close", KindLock: "lock", KindUnlock: "unlock", KindAcquire: "acquire",
	KindRelease: "release", KindNotify: "notify", KindWait: "wait", KindLoad: "load", KindStore: "store",
	KindSleep: "sleep", KindSelect: "select", KindJoin: "join", KindSignal: "signal",
	KindWindow: "window", KindCancel: "cancel", KindBlocking: "blocking", KindTry: "try", KindYield: "yield",
	KindTimer: "timer", KindIO: "io",
}

// String returns the operation's name, as reports print it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}
