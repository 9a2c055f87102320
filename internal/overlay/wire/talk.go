package wire

// The descriptors of a test process. A command and an answer is one line of JSON. In a remote schedule the process
// writes the byte Question where somebody must be chosen, and racebench writes the number of a task to Header.Choice and
// then the byte Reply. No line of JSON begins with either.
const (
	CommandsFD = 3
	AnswersFD  = 4
	MemoryFD   = 5
	Question   = '?'
	Reply      = '!'
)

// Variable is the variable of the environment that puts a test process under control. The process removes it.
const Variable = "RACEBENCH_CONTROLLED"

// What a command may ask for.
const (
	DoSearch = "search" // schedules From to To, at most MaxResults; their results are in Memory.Result
	DoPlay   = "play"   // the default schedule but for Deviations
	DoRemote = "remote" // a schedule that racebench decides
	DoPlaces = "places" // where PCs are in the source
	DoNames  = "names"  // the paths of the tasks of the schedule before
	DoEnd    = "end"    // leave, as does the end of the commands
)

// What an answer says. Ready comes once, unasked. Every search and every play is answered, unless the process dies. After
// an answer that is no pass the process serves for places and names alone: the schedule has left locks and globals as they
// were. After Livelock and Void it is gone.
const (
	DidReady  = "ready"
	DidSearch = "search" // Next is the first schedule that was not played
	DidFailed = "failed" // schedule Index of a search failed; what follows it was not played
	DidPlay   = "played" // answers play and remote
	DidPlaces = "places"
	DidNames  = "names"
	DidError  = "error" // the command makes no sense: Text says why
)

// A Command is what racebench asks.
type Command struct {
	Do string `json:"do"`

	// Of search.
	From  uint64 `json:"from,omitempty"`
	To    uint64 `json:"to,omitempty"`
	By    uint64 `json:"by,omitempty"` // from one schedule to the next; 0 is 1
	Seed  uint64 `json:"seed,omitempty,string"`
	Hints *Hints `json:"hints,omitempty"`

	// Of play.
	Deviations []Deviation `json:"deviations,omitempty"`

	// Of search, play and remote.
	Slack   int64  `json:"slack,omitempty"` // nanoseconds
	Steps   uint32 `json:"steps,omitempty"` // the budget; 0 is DefaultSteps
	Log     bool   `json:"log,omitempty"`   // note Memory.Event
	Sigterm int    `json:"sigterm,omitempty"`
	// Chance seeds what the program draws, of play and remote: search gives schedule i the chance Chance(Seed, i).
	Chance uint64 `json:"chance,omitempty,string"`

	PCs []uint64 `json:"pcs,omitempty"` // of places: relative to the text
}

// A Deviation is an explore.Deviation.
type Deviation struct {
	After string `json:"after"`
	Ops   int    `json:"ops"`
	State string `json:"state"`
	Nth   int    `json:"nth,omitempty"`
	Next  string `json:"next"`
}

// DefaultSteps is the budget of a schedule where the command has none.
const DefaultSteps = 20000

// Hints are explore.Hints.
type Hints struct {
	Steps  int            `json:"steps"`
	Events map[string]int `json:"events,omitempty"`
}

// An Answer is what the test process says.
type Answer struct {
	Did     string   `json:"did"`
	Test    string   `json:"test,omitempty"`
	Next    uint64   `json:"next,omitempty"`
	Index   uint64   `json:"index,omitempty"`
	Verdict string   `json:"verdict,omitempty"`
	Main    bool     `json:"main,omitempty"`   // the test function has returned
	Left    []uint32 `json:"left,omitempty"`   // tasks that had not ended
	Unused  int      `json:"unused,omitempty"` // deviations whose moment did not come
	Stop    uint32   `json:"stop,omitempty"`   // of the Stops
	Text    string   `json:"text,omitempty"`
	Places  []Place  `json:"places,omitempty"`
	Names   []string `json:"names,omitempty"` // by the task's number; the first is the clock
}

// A Place is a line of a program's source. A call that was inlined makes several of one address, the innermost first.
type Place struct {
	PC       uint64 `json:"pc"`
	Function string `json:"function"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// Chance is the seed of what a program draws in a schedule of a search.
func Chance(seed, index uint64) uint64 {
	z := seed ^ (index+1)*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}
