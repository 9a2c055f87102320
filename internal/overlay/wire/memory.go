// Package wire is what racebench and a test process under its control have in common: a piece of memory that both map,
// and the commands and answers on two pipes. The source is compiled into both, so it imports the standard library alone.
package wire

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// Magic opens the memory: "RBGOTST1", as it lies in a file.
const Magic uint64 = 0x315453544f474252

// How many entries the tables of the memory have.
const (
	MaxRunnable = 1024
	MaxTasks    = 4096
	MaxDevs     = 16384
	MaxResults  = 4096
	MaxText     = 65536
	MaxEvents   = 32768
	MaxFrames   = 12
)

// Size is how many bytes the memory has.
const Size = int(unsafe.Sizeof(Memory{}))

// Nobody is Header.Holder while the turn is with no task.
const Nobody = ^uint32(0)

// Clock is the task that moves the time. It is the goroutine that made the bubble.
const Clock uint32 = 0

// Memory is all of it. The test process writes, except for Choice and Tail. Of a process that died it shows how far the
// schedule had come.
type Memory struct {
	Header
	Run    [MaxRunnable]uint32 // who can go on: Header.N tasks
	Task   [MaxTasks]Task
	Dev    [MaxDevs]Dev
	Result [MaxResults]Result
	Text   [MaxText]byte // what the test wrote in the schedule that was judged last
	Event  [MaxEvents]Event
}

// Header is the state of the schedule that is played.
type Header struct {
	Magic, Index uint64 // Index is the schedule's number in the search
	Phase        uint32
	Serial       uint32 // schedules so far
	N            uint32 // how many can go on
	Last         uint32 // the task that had the turn before
	State        uint32 // what became of it: one of the States
	Step         uint32 // operations so far
	Choice       uint32 // the answer to a question of a remote schedule
	Tasks        uint32
	Devs, Events uint32
	Now          int64 // the time of the bubble, in nanoseconds
	Slack, Used  int64 // by how much the clock may still be early, and has been
	Hash         uint64
	Decisions    uint32
	Preempts     uint32
	Tired        uint32 // the holder has had many points in a row, and others shall have theirs
	Early        uint32 // the clock may move although others can go on
	Holder       uint32
	Stop         uint32 // why the schedule was given up: one of the Stops
	MaxSteps     uint32
	Logging      uint32
	TextAddress  uint64 // of the program's text: addresses in the tables are relative to it
	Signals      uint32 // signals delivered
	Races        uint32 // races reported so far in this process
	Head, Tail   uint32 // of Result: the process puts at Head, racebench takes at Tail
	TextLength   uint32
	Changed      uint32 // the last step that changed something another task can see
	Main         uint32 // 1 once the test function has returned
	Left         uint32 // goroutines that had not ended when the schedule had
	Unused       uint32 // deviations whose moment has not come, of a schedule that is replayed
	Others       uint32 // goroutines that the program has beside those of the testing package, before the first schedule
	_            [4096 - 168]byte
}

// Phases of a test process.
const (
	Starting uint32 = iota
	Ready
	Playing
	Resting // the test has returned, and those that sleep go on
	Ending
)

// States: what became of the task that had the turn.
const (
	Runs uint32 = iota
	Blocked
	Ended
	Yields
)

// Stops: why a schedule was given up.
const (
	StopNone      uint32 = iota
	StopSteps            // more steps than Header.MaxSteps
	StopMany             // more goroutines than the tables hold
	StopLivelock         // for thousands of steps nothing has changed, and no timer is armed
	StopForbidden        // a choice that cannot go on: our own failure
)

// Status of a task.
const (
	Fresh   uint8 = iota // has not run
	Waiting              // at a point, for its turn
	Running
	Parked  // in a wait of the runtime
	Resumed // was parked, can go on
	Done
)

// A Task is a goroutine of the schedule, by its number.
type Task struct {
	Parent, Ops uint32
	Kind        uint8 // what it announced, a schedule.Kind
	Status      uint8
	Wait        uint8 // the runtime's reason while it is parked
	Class       uint8
	Yields      uint32 // in a row, with nothing between
	Object      uint64 // address of what it announced; it means nothing once the schedule has gone on
	GoPC        uint64 // of the go statement
	Entry       uint64
	G           uint64 // the runtime's own
	_           [16]byte
}

// Of Task.Class, as the runtime has them: the wait is on a channel, or on that of a timer, which was made outside of the test.
const (
	Foreign  uint8 = 4
	OldTimer uint8 = 8
)

// A Dev is a decision that was not the default.
type Dev struct {
	After, Ops uint32
	State      uint8
	_          uint8
	Nth        uint16 // tells decisions of one key apart
	Next       uint32
}

// A Result is what one schedule of a search came to.
type Result struct {
	Index, Hash uint64
	Steps       uint32
	Goroutines  uint32
	Used        uint32 // of the slack, in microseconds
	Signals     uint16
	Verdict     Verdict
	Left        uint8 // goroutines that the schedule left, at most 255
}

// An Event is a visible operation, noted while Header.Logging is set.
type Event struct {
	Task, Step uint32
	Kind       uint8
	How        uint8 // the task's Status before: Waiting is an operation at a point, others say how the task went on
	Frames     uint16
	_          uint32
	Object     uint64
	Now        int64
	PCs        [MaxFrames]uint64
}

// A Verdict is what a schedule that did not kill the process came to.
type Verdict uint8

// The verdicts.
const (
	Passed   Verdict = iota
	Failed           // t.Error, t.Fatal
	Deadlock         // everybody waits for somebody, and the test has not returned
	Livelock         // everybody runs, and nothing changes
	Leak             // goroutines are left that the default schedule does not leave
	Race             // the race detector has reported
	Skipped
	Void // the schedule was given up: see Header.Stop
)

var verdicts = [...]string{"passed", "failed", "deadlock", "livelock", "leak", "race", "skipped", "void"}

// String returns the verdict's name in answers.
func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// At lays the memory over bytes that were mapped.
func At(b []byte) (*Memory, error) {
	if len(b) != Size {
		return nil, fmt.Errorf("the memory of a test process has %d bytes, and this is %d", Size, len(b))
	}
	p := unsafe.Pointer(&b[0])
	if uintptr(p)%8 != 0 {
		return nil, fmt.Errorf("the memory of a test process must begin at a multiple of 8")
	}
	return (*Memory)(p), nil
}

// Put adds the result of a schedule; false when there is no room.
func (m *Memory) Put(r Result) bool {
	head := m.Head
	if head-atomic.LoadUint32(&m.Tail) == MaxResults {
		return false
	}
	m.Result[head%MaxResults] = r
	atomic.StoreUint32(&m.Head, head+1)
	return true
}

// Take removes the oldest result; false when there is none.
func (m *Memory) Take() (Result, bool) {
	tail := m.Tail
	if tail == atomic.LoadUint32(&m.Head) {
		return Result{}, false
	}
	r := m.Result[tail%MaxResults]
	atomic.StoreUint32(&m.Tail, tail+1)
	return r, true
}

// Written returns what the test wrote in the schedule that was judged last.
func (m *Memory) Written() string { return string(m.Text[:min(m.TextLength, MaxText)]) }
