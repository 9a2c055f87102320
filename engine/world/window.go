package world

// A Window is a named point inside a target where a race can be hit: between a check and the act that
// relies on it. A fault may strike while a task is in it, and it can be held open. A window that nobody
// armed costs one comparison.
type Window struct {
	name   string
	object *Object
	visit  func(t *Task)
}

// Window returns the window of that name; the same one for the same name.
func (w *World) Window(name string) *Window {
	w.mu.Lock()
	defer w.mu.Unlock()
	win := w.windows[name]
	if win == nil {
		win = w.newWindow(name)
		w.windows[name] = win
	}
	return win
}

func (w *World) newWindow(name string) *Window {
	if w.sim == nil {
		return &Window{name: name, object: w.NewObject("window " + name)}
	}
	win := w.sim.memory.windows.take()
	win.name, win.object = name, w.NewObject(w.sim.memory.title(name))
	return win
}

// Arm has visit called by every task that passes the window; the task stays in the window until visit
// returns. It must be called before the target starts.
func (w *World) Arm(name string, visit func(t *Task)) { w.Window(name).visit = visit }

// Name returns the window's name.
func (win *Window) Name() string { return win.name }

// Pass is where the target is in the window. It is a visible operation.
func (win *Window) Pass(t *Task) {
	t.Point(KindWindow, win.object)
	if win.visit != nil && !t.unwinding {
		t.w.changed()
		win.visit(t)
	}
}
