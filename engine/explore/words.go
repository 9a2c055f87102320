package explore

import "github.com/racebench/racebench/engine/world"

// told is an operation for a story, with its place where it has one.
func (e Event) told() string {
	if words := e.words(); e.Place == "" || words == wakesUp {
		return words
	} else {
		return words + " at " + e.Place
	}
}

// words is an operation for a story. Its words are the vocabulary of servers, with what little makes a
// sentence of them: a task that had been blocked does not do its operation again, it goes on.
func (e Event) words() string {
	kind := e.kind()
	switch {
	case e.Task == clockPath:
		return "time passes, to " + e.Time.String()
	case kind == world.KindSelect:
		return "wait for " + e.Object
	case e.Resumed && kind == world.KindLock:
		return "gets " + e.Object
	case kind == world.KindJoin && (e.Resumed || e.Arm != world.KindNone):
		return e.Object + " has ended"
	case kind == world.KindSleep && e.Arm != world.KindNone:
		return "time is up: " + e.Object
	case kind == world.KindSleep && e.Resumed:
		return wakesUp
	case kind == world.KindSleep:
		return "sleep"
	case (kind == world.KindWait || kind == world.KindSignal) && (e.Resumed || e.Arm != world.KindNone):
		return "has waited for " + e.Object
	case e.Resumed:
		return "goes on with " + plain(kind, e.Object)
	}
	return plain(kind, e.Object)
}

// kind is the operation that a select came to, or the operation itself.
func (e Event) kind() world.Kind {
	if e.Arm != world.KindNone {
		return e.Arm
	}
	return e.Kind
}

// plain is an operation without what became of it.
func plain(kind world.Kind, object string) string {
	switch kind {
	case world.KindWait, world.KindSignal:
		return "wait for " + object
	}
	return Event{Kind: kind, Object: object}.Text()
}

// wakesUp is what the end of a sleep means.
const wakesUp = "wakes up"

// says is false of operations that mean nothing without those around them: a start, waking up, a wait for what
// has not come.
func (e Event) says() bool {
	return e.Kind != world.KindStart && e.told() != wakesUp && (e.Kind != world.KindSelect || e.Arm != world.KindNone)
}
