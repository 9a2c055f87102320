package ledger

// A kind is the type of a record. Readers skip the kinds that they do not know.
type kind uint8

// The kinds of records. Their numbers stand in files: a new kind takes the next one.
const (
	kindNone      kind = iota
	kindText           // a Name and its text, over as many slots as it needs
	kindLane           // a lane's description: who wrote it
	kindOp             // an operation, written at its begin and completed in place at its end
	kindDeliver        // a message reached a subscriber, whose handler has returned
	kindSubscribe      // a subscriber counts from now on; or no longer
	kindDiscard        // a message left the server undelivered, or was still in it at the end
	kindReturned       // a message was given back to its owner
	kindGauge          // a gauge's value
	kindSignal         // a signal was sent, or taken by the target
	kindDrain          // the drain began or ended
	kindWindow         // what happened at a named window over the whole trial
	kindPanic          // a task panicked
	kindTask           // a task that was alive at the end
	kindPhase          // a process of the trial began or ended
	kindMark           // a remark for the reader of a report
	kindLoad           // what a client's load shape asked for: late and unsent starts
	kindWire           // a request, or a connection, to an external program
	kindProcess        // what became of such a program
	kindOwner          // somebody took, used, refused or gave up what one at a time may own
	kindAudit          // what a fresh process found when it reopened what the server had left behind
	kindAccess         // a use of the backend began or ended
	kindValue          // what an operation has read or written
	kindClaim          // a bound that the server sets itself
	kindWaited         // how long a call had to wait in a simulated world
	kindAnswer         // how an answer of an external program begins, and in what pieces it came
	kindHeld           // a client certainly held something of which there is only so much
	kindPoll           // how an external program's readiness was answered after the signal

	kindsEnd // of those that this racebench knows
)

// rows are the kinds that have a line in the text form, in the order in which Format writes them.
var rows = []row{
	{kind: kindLane, word: "lane", parse: (*parser).laneLine, print: (*printer).lanes},
	listed(kindPhase, "phase", Phase{}, func(e *Evidence) *[]Phase { return &e.Phases }),
	listed(kindSignal, "signal", Signal{}, func(e *Evidence) *[]Signal { return &e.Signals }),
	listed(kindSubscribe, "subscribe", Subscription{}, func(e *Evidence) *[]Subscription { return &e.Subscriptions }).
		unpackedBy((*visitor).subscription),
	{kind: kindOp, word: "op", parse: (*parser).opLine, print: (*printer).ops},
	{kind: kindDeliver, word: "deliver", parse: (*parser).deliverLine, print: (*printer).deliveries},
	listed(kindDiscard, "discard", Discard{}, func(e *Evidence) *[]Discard { return &e.Discards }),
	listed(kindReturned, "returned", Discard{Returned: true}, func(e *Evidence) *[]Discard { return &e.Returned }),
	single(kindDrain, "drain", func(e *Evidence) **Drain { return &e.Drain }).unpackedBy((*visitor).drain),
	listed(kindGauge, "gauge", Gauge{}, func(e *Evidence) *[]Gauge { return &e.Gauges }),
	listed(kindWindow, "window", Window{}, func(e *Evidence) *[]Window { return &e.Windows }),
	listed(kindPanic, "panic", Panic{}, func(e *Evidence) *[]Panic { return &e.Panics }),
	listed(kindTask, "task", Task{}, func(e *Evidence) *[]Task { return &e.Tasks }),
	listed(kindMark, "mark", Mark{}, func(e *Evidence) *[]Mark { return &e.Marks }),
	listed(kindLoad, "load", Load{}, func(e *Evidence) *[]Load { return &e.Loads }),
	listed(kindWire, "wire", Wire{}, func(e *Evidence) *[]Wire { return &e.Wires }),
	listed(kindAnswer, "answer", Answer{}, func(e *Evidence) *[]Answer { return &e.Answers }),
	listed(kindPoll, "poll", Poll{}, func(e *Evidence) *[]Poll { return &e.Polls }),
	listed(kindProcess, "process", Process{}, func(e *Evidence) *[]Process { return &e.Processes }),
	listed(kindOwner, "owner", Owner{}, func(e *Evidence) *[]Owner { return &e.Owners }),
	single(kindAudit, "audit", func(e *Evidence) **Audit { return &e.Audit }),
	listed(kindAccess, "access", Access{}, func(e *Evidence) *[]Access { return &e.Accesses }),
	listed(kindValue, "value", Value{}, func(e *Evidence) *[]Value { return &e.Values }),
	listed(kindClaim, "claim", Claim{}, func(e *Evidence) *[]Claim { return &e.Claims }),
	listed(kindWaited, "waited", Waited{}, func(e *Evidence) *[]Waited { return &e.Waits }),
	listed(kindHeld, "held", Held{}, func(e *Evidence) *[]Held { return &e.Holds }),
}

// A row is how one kind gets from a record or a line into the evidence, and from there to its lines.
type row struct {
	kind   kind
	word   string // its lines begin with it
	unpack func(v *visitor)
	parse  func(p *parser)
	// records shows copies of what the evidence has of the kind; print writes it, of the three that are not on the shared lane.
	records func(e *Evidence, each func(Record))
	print   func(p *printer)
}

func (r row) unpackedBy(unpack func(v *visitor)) row {
	r.unpack = unpack
	return r
}

// rowOf are the rows by kind, for the reader of records.
var rowOf = func() (of [kindsEnd]*row) {
	for i := range rows {
		of[rows[i].kind] = &rows[i]
	}
	return of
}()

// A Record is what Writer.Add takes: a pointer to a struct of one of the kinds.
type Record interface {
	// fields shows every field to a visitor, in the order of the text form.
	fields(v *visitor)
}

// show shows a record to a visitor. The kinds are named so that the compiler knows which method is called. It sees
// then that the record does not outlive the call, and Add allocates nothing.
func show(r Record, v *visitor) {
	switch r := r.(type) {
	case *Phase:
		r.fields(v)
	case *Signal:
		r.fields(v)
	case *Subscription:
		r.fields(v)
	case *Discard:
		r.fields(v)
	case *Drain:
		r.fields(v)
	case *Gauge:
		r.fields(v)
	case *Window:
		r.fields(v)
	case *Panic:
		r.fields(v)
	case *Task:
		r.fields(v)
	case *Mark:
		r.fields(v)
	case *Load:
		r.fields(v)
	case *Wire:
		r.fields(v)
	case *Process:
		r.fields(v)
	case *Owner:
		r.fields(v)
	case *Audit:
		r.fields(v)
	case *Access:
		r.fields(v)
	case *Value:
		r.fields(v)
	case *Claim:
		r.fields(v)
	case *Waited:
		r.fields(v)
	case *Answer:
		r.fields(v)
	case *Held:
		r.fields(v)
	case *Poll:
		r.fields(v)
	default:
		panic("ledger: a record of a kind that show does not name")
	}
}

// recordOf is a pointer to a record of type T.
type recordOf[T any] interface {
	*T
	Record
}

// listed is the row of a kind of which the evidence has a list. Each record begins as zero.
func listed[T any, P recordOf[T]](k kind, word string, zero T, list func(*Evidence) *[]T) row {
	next := func(e *Evidence) Record {
		to := list(e)
		*to = append(*to, zero)
		return P(&(*to)[len(*to)-1])
	}
	return row{
		kind: k, word: word,
		unpack: func(v *visitor) {
			next(v.e).fields(v)
			if v.wrong != "" {
				to := list(v.e)
				*to = (*to)[:len(*to)-1]
			}
		},
		parse: func(p *parser) { next(p.e).fields(p.visitor()) },
		records: func(e *Evidence, each func(Record)) {
			for _, x := range *list(e) {
				each(P(&x))
			}
		},
	}
}

// single is the row of a kind that a trial has one of. Of several records the last counts.
func single[T any, P recordOf[T]](k kind, word string, at func(*Evidence) **T) row {
	return row{
		kind: k, word: word,
		unpack: func(v *visitor) {
			x := new(T)
			P(x).fields(v)
			if v.wrong == "" {
				*at(v.e) = x
			}
		},
		parse: func(p *parser) {
			if *at(p.e) != nil {
				p.fail("a trial has one %s", word)
			}
			*at(p.e) = new(T)
			P(*at(p.e)).fields(p.visitor())
		},
		records: func(e *Evidence, each func(Record)) {
			if *at(e) != nil {
				x := **at(e)
				each(P(&x))
			}
		},
	}
}

// A place is where a field stands in a record, and how it is said in a line: all that is needed beside its key.
type place uint32

// The parts of a place: the number of its bits, the first of them, the word.
const (
	firstShift = 8
	wordShift  = 16
)

// How a field is said, other than as key=value where it is not 0.
const (
	always   place = 1 << (iota + 24) // it is said also where it goes without saying
	bare                              // it stands in the line without its key, by its order, always
	optional                          // a bare one: it may be left out where it is 0
	hex                               // in hexadecimal
	orOne                             // 1 goes without saying, not 0
	orMinus                           // -1 goes without saying, not 0
)

// at is a whole word of a record: 1 to 7, for word 0 is the record's own.
func at(word place) place { return part(word, 0, 64) }

// part is some bits of a word. What is too large for them is recorded as the largest that they hold.
func part(word, first, bits place) place { return word<<wordShift | first<<firstShift | bits }

// low and high are the halves of a word.
func low(word place) place  { return part(word, 0, 32) }
func high(word place) place { return part(word, 32, 32) }

// flagAt is a bit of a record's flags.
func flagAt(bit place) place { return part(0, flagShift+bit, 1) }

func (p place) has(option place) bool { return p&option != 0 }

// A field is a place and its key in a line; where it is bare, the key is what an error calls it.
type field struct {
	place
	key string
}

// unsaid is the value that goes without saying.
func (p place) unsaid() int64 {
	switch {
	case p.has(orOne):
		return 1
	case p.has(orMinus):
		return -1
	}
	return 0
}
