package overlay

// An edit changes a file of the Go tree at an anchor: text that must occur so many times. The anchor itself stays, or is
// part of what replaces it, and none of it is more than the lines that the change has to know.
type edit struct {
	file string
	name string // for messages: what the place is
	// anchor is where. The text goes behind it, or replaces it.
	anchor string
	times  int
	how    how
	text   string
}

type how uint8

const (
	after how = iota
	before
	instead
)

// The doors of the scheduler: what becomes runnable, what stops running.
var doorEdits = []edit{
	{"runtime/proc.go", "the head of runqput", "func runqput(pp *p, gp *g, next bool) {\n", 1, after,
		"\tif gp.bubble != nil && rbput(gp, false) {\n\t\treturn\n\t}\n"},
	{"runtime/proc.go", "the head of globrunqput", "func globrunqput(gp *g) {\n", 1, after,
		"\tif gp.bubble != nil && rbput(gp, true) {\n\t\treturn\n\t}\n"},
	{"runtime/proc.go", "the end of park_m", "\t\tbubble.decActive()\n\t}\n\n\tschedule()\n", 1, instead,
		"\t\tbubble.decActive()\n\t\trbrelease(gp, false)\n\t}\n\n\tschedule()\n"},
	{"runtime/proc.go", "the end of goexit0", "\tgdestroy(gp)\n\tschedule()\n", 1, instead,
		"\tgdestroy(gp)\n\trbrelease(gp, true)\n\tschedule()\n"},
	{"runtime/proc.go", "the test for a stopped world in goschedImpl", "\tif preempted && sched.gcwaiting.Load() {\n", 1, before,
		"\trb.yield = !preempted && rb.on && uintptr(unsafe.Pointer(gp)) == rb.cur\n"},
	{"runtime/proc.go", "the end of goyield_m", "\trunqput(pp, gp, false)\n\tschedule()\n", 1, before,
		"\trb.yield = rb.on && uintptr(unsafe.Pointer(gp)) == rb.cur\n"},
	{"runtime/proc.go", "the locked thread in schedule", "\tif gp.lockedm != 0 {\n\t\t// Hands off own p", 1, before,
		"\tif gp.bubble != nil && rbcaught(gp) {\n\t\tgoto top\n\t}\n"},
	{"runtime/proc.go", "the bubble of a new goroutine", "\t\tnewg.bubble = callergp.bubble\n", 1, after,
		"\t\trbnew(newg, callergp, newg.startpc)\n"},
	{"runtime/proc.go", "the preemption by sysmon", "\t\t\tpreemptone(pp)\n\t\t\t// If pp is in a syscall", 1, instead,
		"\t\t\tif rb.bubble == nil {\n\t\t\t\tpreemptone(pp)\n\t\t\t}\n\t\t\t// If pp is in a syscall"},
	{"runtime/runtime2.go", "the bubble of a goroutine", "\tbubble  *synctestBubble\n", 1, after,
		"\trbid, rbops uint32\n\trbrng       uint64\n"},
	{"runtime/synctest.go", "the waits that are durable", "gp.waitreason.isIdleInSynctest()", 2, instead, "rbidle(bubble, gp)"},
	{"runtime/synctest.go", "the refusal of a bubble in a bubble", "\tif gp.bubble != nil {\n\t\tpanic(\"synctest.Run called", 1, before,
		"\tif rb.on && gp.bubble == rb.bubble && gp.bubble != nil {\n\t\tf()\n\t\treturn\n\t}\n"},
	{"runtime/synctest.go", "the start of a bubble", "\tgp.bubble = bubble\n\tdefer func() {\n", 1, instead,
		"\tgp.bubble = bubble\n\trbattach(bubble)\n\tdefer func() {\n\t\trbdetach()\n"},
}

// What a test sees of the goroutines around it.
var sightEdits = []edit{
	{"runtime/traceback.go", "the goroutines of a dump", "if isSystemGoroutine(gp, false) && level < 2 {", 1, instead,
		"if isSystemGoroutine(gp, false) && level < 2 || rbhidden(gp) {"},
}

// Where chance comes in.
var chanceEdits = []edit{
	{"runtime/select.go", "the order of a select", "cheaprandn(uint32(norder + 1))", 1, instead, "rbcheapn(uint32(norder + 1))"},
	{"runtime/time.go", "the order of equal timers", "t.rand = cheaprand()", 1, instead, "t.rand = rbcheap()"},
	{"runtime/rand.go", "the seed of the process", "\tglobalRand.state.Init(*seed)\n", 1, before, "\trbfixseed(seed)\n"},
	{"runtime/rand.go", "the head of rand", "//go:linkname rand\nfunc rand() uint64 {\n", 1, after,
		"\tif gp := getg(); gp == gp.m.curg {\n\t\treturn rbrandom()\n\t}\n"},
	{"runtime/sema.go", "the clock of a mutex", "func internal_sync_nanotime() int64 {\n", 1, after, "\tif rb.on {\n\t\treturn 0\n\t}\n"},
	{"crypto/internal/sysrand/rand.go", "the head of Read", "func Read(b []byte) {\n", 1, after, "\tif rbfill(b) {\n\t\treturn\n\t}\n"},
	{"sync/pool.go", "the head of Put", "func (p *Pool) Put(x any) {\n", 1, after, "\tif rbon() {\n\t\treturn\n\t}\n"},
	{"sync/pool.go", "the head of Get", "func (p *Pool) Get() any {\n", 1, after,
		"\tif rbon() {\n\t\tif p.New != nil {\n\t\t\treturn p.New()\n\t\t}\n\t\treturn nil\n\t}\n"},
	{"sync/waitgroup.go", "the bubble of a WaitGroup", "\tif synctest.IsInBubble() {\n", 1, instead,
		"\tif synctest.IsInBubble() && !rbon() {\n"},
}

// The points before visible operations. The methods of the typed atomics have theirs by a rule of their own.
var pointEdits = []edit{
	point("runtime/chan.go", "the head of chansend", "func chansend(c *hchan, ep unsafe.Pointer, block bool, callerpc uintptr) bool {\n",
		"rbpoint(rbSend, unsafe.Pointer(c))"),
	point("runtime/chan.go", "the head of closechan", "func closechan(c *hchan) {\n", "rbpoint(rbClose, unsafe.Pointer(c))"),
	point("runtime/chan.go", "the head of chanrecv",
		"func chanrecv(c *hchan, ep unsafe.Pointer, block bool) (selected, received bool) {\n", "rbpoint(rbRecv, unsafe.Pointer(c))"),
	point("runtime/select.go", "the head of selectgo", "nsends, nrecvs int, block bool) (int, bool) {\n",
		"rbpoint(rbSelect, unsafe.Pointer(uintptr(0)))"),
	point("runtime/time.go", "the head of stopTimer", "func stopTimer(t *timeTimer) bool {\n", "rbpoint(rbTimer, unsafe.Pointer(t))"),
	point("runtime/time.go", "the head of resetTimer", "func resetTimer(t *timeTimer, when, period int64) bool {\n",
		"rbpoint(rbTimer, unsafe.Pointer(t))"),
	point("internal/sync/mutex.go", "the head of Lock", "func (m *Mutex) Lock() {\n", "rbpointm(rbLock, m)"),
	point("internal/sync/mutex.go", "the head of TryLock", "func (m *Mutex) TryLock() bool {\n", "rbpointm(rbTry, m)"),
	point("internal/sync/mutex.go", "the head of Unlock", "func (m *Mutex) Unlock() {\n", "rbpointm(rbUnlock, m)"),
	point("sync/cond.go", "the head of Wait", "func (c *Cond) Wait() {\n", "rbpoint(rbWait, unsafe.Pointer(c))"),
	point("sync/cond.go", "the head of Signal", "func (c *Cond) Signal() {\n", "rbpoint(rbNotify, unsafe.Pointer(c))"),
	point("sync/cond.go", "the head of Broadcast", "func (c *Cond) Broadcast() {\n", "rbpoint(rbNotify, unsafe.Pointer(c))"),
	point("sync/atomic/value.go", "the head of Load", "func (v *Value) Load() (val any) {\n", "rbpoint(rbLoad, unsafe.Pointer(v))"),
	point("sync/atomic/value.go", "the head of Store", "func (v *Value) Store(val any) {\n", "rbpoint(rbStore, unsafe.Pointer(v))"),
	point("sync/atomic/value.go", "the head of Swap", "func (v *Value) Swap(new any) (old any) {\n", "rbpoint(rbStore, unsafe.Pointer(v))"),
	point("sync/atomic/value.go", "the head of CompareAndSwap", "func (v *Value) CompareAndSwap(old, new any) (swapped bool) {\n",
		"rbpoint(rbStore, unsafe.Pointer(v))"),
}

func point(file, name, anchor, call string) edit {
	return edit{file, name, anchor, 1, after, "\t" + call + "\n"}
}

// What the schedule takes from the operating system: signals and connections.
var systemEdits = []edit{
	{"syscall/zsyscall_linux_amd64.go", "the head of Kill", "func Kill(pid int, sig Signal) (err error) {\n", 1, after,
		"\tif RbKill != nil && RbKill(pid, sig) {\n\t\treturn nil\n\t}\n"},
	{"os/exec_unix.go", "the type of a signal", "errors.New(\"os: unsupported signal type\")\n\t}\n", 1, after,
		"\tif syscall.RbKill != nil && syscall.RbKill(p.Pid, s) {\n\t\treturn nil\n\t}\n"},
	{"os/signal/signal_unix.go", "the head of enableSignal", "func enableSignal(sig int) {\n", 1, after, "\tif rbon() {\n\t\treturn\n\t}\n"},
	{"os/signal/signal_unix.go", "the head of disableSignal", "func disableSignal(sig int) {\n", 1, after, "\tif rbon() {\n\t\treturn\n\t}\n"},
	{"os/signal/signal.go", "the check of Notify", "Notify using nil channel\")\n\t}\n", 1, after,
		"\tdefer rbNotified()\n"},
	{"net/dial.go", "the head of ListenConfig.Listen",
		"func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (Listener, error) {\n", 1, after,
		"\tif rbTakes(lc.Control, network) {\n\t\treturn rbListen(network, address)\n\t}\n"},
	{"net/dial.go", "the head of Dialer.DialContext",
		"func (d *Dialer) DialContext(ctx context.Context, network, address string) (Conn, error) {\n", 1, after,
		"\tif rbTakes(d.Control, network) && d.ControlContext == nil {\n\t\treturn rbDial(ctx, d, network, address)\n\t}\n"},
}

// Where a test is started.
var testEdits = []edit{
	{"testing/testing.go", "the start of a test", "\t\t\t\t\tt.Run(test.Name, test.F)\n", 1, instead,
		"\t\t\t\t\tt.Run(test.Name, rbWrap(test.Name, test.F))\n"},
	{"testing/testing.go", "the refusal of Parallel in a bubble", "\tif t.isSynctest {\n\t\tpanic(\"testing: t.Parallel called", 1, before,
		"\tif t.isSynctest && rbHook != nil {\n\t\treturn\n\t}\n"},
	{"testing/testing.go", "the refusal of Run in a bubble", "\tif t.isSynctest {\n\t\tpanic(\"testing: t.Run called", 1, before,
		"\tif t.isSynctest && rbHook != nil {\n\t\treturn rbSub(t, name, f)\n\t}\n"},
	{"testing/testing.go", "the head of Deadline", "func (t *T) Deadline() (deadline time.Time, ok bool) {\n", 1, after,
		"\tif t.isSynctest && rbHook != nil {\n\t\treturn\n\t}\n"},
}
