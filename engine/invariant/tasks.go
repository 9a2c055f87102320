package invariant

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// laneOf is the lane of a client's task, or -1.
func (x *Index) laneOf(t ledger.Task) int {
	name := x.e.Text(t.Name)
	for lane, info := range x.e.Lanes {
		if info.Name == name && lane < len(x.e.Ops) {
			return lane
		}
	}
	return -1
}

func (x *Index) waits(t ledger.Task) string {
	wait, object, holder := x.e.Text(t.Wait), x.e.Text(t.Object), x.e.Text(t.Holder)
	switch {
	case wait == "":
		return "runs"
	case wait == "join":
		return "waits for " + object + " to end"
	case holder != "":
		return fmt.Sprintf("waits in %s for %s, held by %s", wait, object, holder)
	}
	return fmt.Sprintf("waits in %s for %s", wait, object)
}

// cause is what a task waits for, as part of a class.
func (x *Index) cause(t ledger.Task) string {
	return breach.Plain(x.e.Text(t.Wait) + " " + x.e.Text(t.Object))
}

// chain follows who waits for whom, from the task that waits for the server's end to the one that waits
// for no other task: that one is where it hangs.
func (x *Index) chain(tasks []ledger.Task) []ledger.Task {
	at := 0
	for i, t := range tasks {
		if !t.Target && x.e.Text(t.Wait) == "join" {
			at = i
			break
		}
	}
	chain := []ledger.Task{tasks[at]}
	visited := map[int]bool{at: true}
	for x.e.Text(tasks[at].Holder) != "" {
		next := -1
		for i, t := range tasks {
			if t.Target && t.Name == tasks[at].Holder && !visited[i] {
				next = i
				break
			}
		}
		if next < 0 {
			break
		}
		at = next
		visited[at] = true
		chain = append(chain, tasks[at])
	}
	return chain
}

// maxOthers is how many more tasks a story lists.
const maxOthers = 6

// others are further tasks, as far as a story has room: the server's before the clients', and those that
// are stuck in an act before those that only wait for something to do.
func (x *Index) others(tasks, chain []ledger.Task) []ledger.Task {
	rest := slices.DeleteFunc(slices.Clone(tasks), func(t ledger.Task) bool { return slices.Contains(chain, t) })
	rank := func(t ledger.Task) int {
		r := 0
		if !t.Target {
			r = 2
		}
		if wait := x.e.Text(t.Wait); wait == "select" || wait == "recv" {
			r++
		}
		return r
	}
	slices.SortStableFunc(rest, func(a, b ledger.Task) int { return cmp.Compare(rank(a), rank(b)) })
	return rest[:min(len(rest), maxOthers)]
}

// movers are the server's tasks that were not parked, as far as a story has room.
func (x *Index) movers(tasks []ledger.Task) []ledger.Task {
	moving := slices.DeleteFunc(slices.Clone(tasks), func(t ledger.Task) bool { return !t.Target || t.Parked })
	return moving[:min(len(moving), maxOthers)]
}
