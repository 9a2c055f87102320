// Worker takes jobs out of a Redis at REDIS_PORT and does them, well or with one of the mistakes that workers make. It is
// started as worker MODE WORK DONE: WORK is how long a job takes, DONE the kind of the place where it writes down what is done.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A redis is a connection.
type redis struct {
	c net.Conn
	r *bufio.Reader
}

// do sends a command and returns its answer, flat: the words of it.
func (q redis) do(words ...string) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(q.c, b.String()); err != nil {
		fail(err)
	}
	return q.answer()
}

func (q redis) answer() []string {
	line, err := q.r.ReadString('\n')
	if err != nil {
		fail(err)
	}
	line = strings.TrimSpace(line)
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '-':
		if !strings.HasPrefix(line, "-BUSYGROUP") {
			fail(fmt.Errorf("%s", line))
		}
		return nil
	case '$':
		if n < 0 {
			return nil
		}
		raw := make([]byte, n+2)
		if _, err := io.ReadFull(q.r, raw); err != nil {
			fail(err)
		}
		return []string{string(raw[:n])}
	case '*':
		var all []string
		for range max(n, 0) {
			all = append(all, q.answer()...)
		}
		return all
	}
	return []string{line[1:]}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "worker:", err)
	os.Exit(1)
}

// A worker does jobs until it is asked to stop.
type worker struct {
	redis
	mode, done string
	takes      time.Duration
	stop       chan os.Signal
	stopping   bool
}

// asked says whether it is to stop.
func (w *worker) asked() bool {
	select {
	case <-w.stop:
		w.stopping = true
	default:
	}
	return w.stopping
}

// work does a job. The careless give up in the middle.
func (w *worker) work(careless bool) {
	if !careless {
		time.Sleep(w.takes)
		return
	}
	select {
	case <-w.stop:
		os.Exit(0)
	case <-time.After(w.takes):
	}
}

// finish writes down that a job is done.
func (w *worker) finish(job string) {
	switch w.done {
	case "set":
		w.do("SADD", "done", job)
	case "key":
		w.do("INCR", "done:"+job)
	case "list":
		w.do("RPUSH", "done", `{"job":"`+job+`"}`)
	case "zset":
		w.do("ZADD", "done", "1", job)
	case "hash":
		w.do("HSET", "done", job, "yes")
	case "stream":
		w.do("XADD", "done", "*", "job", job)
	}
}

// list does jobs of a list. Those that it works on are in another one until they are done.
func (w *worker) list() {
	for job := w.do("LMOVE", "processing", "jobs", "RIGHT", "LEFT"); job != nil; job = w.do("LMOVE", "processing", "jobs", "RIGHT", "LEFT") {
	}
	for n := 0; !w.asked(); {
		job := w.do("LMOVE", "jobs", "processing", "LEFT", "LEFT")
		if job == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		w.work(w.mode == "reliable-cut")
		if n++; w.mode != "steals" || n%2 == 0 {
			w.finish(job[0])
		}
		if w.mode == "doubles" {
			w.finish(job[0])
		}
		if w.mode == "no-ack" && w.asked() {
			return
		}
		if w.mode == "back-though-done" && w.asked() {
			w.do("LMOVE", "processing", "jobs", "LEFT", "LEFT")
			return
		}
		w.do("LREM", "processing", "1", job[0])
	}
}

// batches takes a few jobs out of the list at once.
func (w *worker) batches() {
	for !w.asked() {
		batch := w.do("LPOP", "jobs", "5")
		if batch == nil {
			time.Sleep(time.Millisecond)
		}
		for len(batch) > 0 {
			w.work(w.mode == "ack-before")
			w.finish(batch[0])
			batch = batch[1:]
			if w.mode != "batch" && w.asked() {
				break
			}
		}
		if w.mode == "gives-back" {
			slices.Reverse(batch)
			for _, job := range batch {
				w.do("LPUSH", "jobs", job)
			}
		}
	}
}

// stream does jobs of a stream with a group of consumers.
func (w *worker) stream() {
	w.do("XGROUP", "CREATE", "jobs", "workers", "0", "MKSTREAM")
	for from := "0"; !w.asked(); {
		entry := w.do("XREADGROUP", "GROUP", "workers", "one", "COUNT", "1", "STREAMS", "jobs", from)
		if len(entry) < 6 { // stream, entry, id, ID, body, BODY
			from = ">"
			time.Sleep(time.Millisecond)
			continue
		}
		if w.mode == "stream-ack-before" {
			w.do("XACK", "jobs", "workers", entry[1])
		}
		w.work(w.mode == "stream-ack-before" || w.mode == "stream-cut")
		w.finish(entry[5])
		w.do("XACK", "jobs", "workers", entry[1])
	}
}

func main() {
	conn, err := net.Dial("tcp", "127.0.0.1:"+os.Getenv("REDIS_PORT"))
	if err != nil {
		fail(err)
	}
	takes, err := time.ParseDuration(os.Args[2])
	if err != nil {
		fail(err)
	}
	w := &worker{redis: redis{conn, bufio.NewReader(conn)}, mode: os.Args[1], takes: takes, done: os.Args[3], stop: make(chan os.Signal, 1)}
	signal.Notify(w.stop, syscall.SIGTERM)
	fmt.Println("worker ready")
	switch w.mode {
	case "idle":
		<-w.stop
	case "batch", "ack-before", "drops-rest", "gives-back":
		w.batches()
	case "stream", "stream-ack-before", "stream-cut":
		w.stream()
	default:
		w.list()
	}
}
