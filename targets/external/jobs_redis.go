package external

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// A redisQueue is a queue in Redis, spoken to in its protocol (RESP).
type redisQueue struct {
	g    group
	conn net.Conn
	r    *bufio.Reader
}

// A redisError is what Redis says in place of an answer.
type redisError string

// Error implements error.
func (e redisError) Error() string { return secret.ScrubText(string(e)) }

// openRedisQueue connects to the Redis of a group's URL.
func openRedisQueue(s *instance, g group) (jobQueue, error) {
	u, err := url.Parse(s.p.fill(g.queue))
	if err != nil {
		return nil, errors.New("queue: it is not an address such as redis://127.0.0.1:6379/0")
	}
	address := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	conn, err := s.p.reach.To(u.Hostname()).DialWithin(answerLimit, address)
	if err != nil {
		return nil, fmt.Errorf("connect to the queue: %w", err)
	}
	q := &redisQueue{g: g, conn: conn, r: bufio.NewReader(conn)}
	var greeting [][]string
	if password, ok := u.User.Password(); ok {
		greeting = append(greeting, append([]string{"AUTH"}, without(u.User.Username(), password)...))
	}
	if db := strings.Trim(u.Path, "/"); db != "" {
		greeting = append(greeting, []string{"SELECT", db})
	}
	answers, err := q.ask(append(greeting, []string{"PING"})...)
	for i := 0; err == nil && i < len(answers); i++ {
		if told, bad := answers[i].(redisError); bad {
			err = orLoadingRedis(told)
		}
	}
	if err != nil {
		q.close()
		return nil, fmt.Errorf("Redis at %s: %w", address, err)
	}
	return q, nil
}

// without leaves out an empty name.
func without(name, password string) []string {
	if name == "" {
		return []string{password}
	}
	return []string{name, password}
}

// orLoadingRedis tells a Redis that is not ready to be asked from one that says no.
func orLoadingRedis(told redisError) error {
	if strings.HasPrefix(string(told), "LOADING") {
		return errLoading
	}
	return told
}

// ask sends commands at once and returns the answers.
func (q *redisQueue) ask(commands ...[]string) ([]any, error) {
	if err := q.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, words := range commands {
		b.Write(redisCommand(words...))
	}
	if _, err := q.conn.Write(b.Bytes()); err != nil {
		return nil, err
	}
	answers := make([]any, len(commands))
	for i := range commands {
		var err error
		if answers[i], err = readRedis(q.r); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// longestRedis is the most that one value, or one list of them, may hold.
const longestRedis = 64 << 20

// readRedis reads one answer: a string, an int64, a list of answers, a redisError or nil.
func readRedis(r *bufio.Reader) (any, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if len(line) == 0 {
		return nil, fmt.Errorf("%w: an empty line", errGarbage)
	}
	text := string(line[1:])
	switch line[0] {
	case '+':
		return text, nil
	case '-':
		return redisError(text), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > longestRedis {
		return nil, fmt.Errorf("%w: %.40q", errGarbage, secret.Scrub(line))
	}
	switch {
	case line[0] == ':':
		return n, nil
	case line[0] == '$' && n < 0, line[0] == '*' && n < 0:
		return nil, nil
	case line[0] == '$':
		raw := make([]byte, n+2)
		_, err := io.ReadFull(r, raw)
		return string(raw[:n]), err
	case line[0] == '*':
		var all []any
		for range n {
			one, err := readRedis(r)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		return all, nil
	}
	return nil, fmt.Errorf("%w: %.40q", errGarbage, secret.Scrub(line))
}

// push implements jobQueue. A list gets jobs at its end.
func (q *redisQueue) push(id, body string) error {
	command := []string{"RPUSH", q.g.push.name, body}
	if q.g.push.kind == "stream" {
		command = []string{"XADD", q.g.push.name, "*", "id", id, "body", body}
	}
	answers, err := q.ask(command)
	if err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	if told, bad := answers[0].(redisError); bad {
		return fmt.Errorf("%w: %s: %w", errRefused, command[0], told)
	}
	return nil
}

// look implements jobQueue.
func (q *redisQueue) look(jobs []job) (sighting, error) {
	v := newSighting()
	if err := q.unfinished(q.g.push, v.waiting); err != nil {
		return v, err
	}
	for _, p := range q.g.held {
		if err := q.unfinished(p, v.held); err != nil {
			return v, err
		}
	}
	if q.g.done.kind == "key" {
		return v, q.keys(jobs, v.done)
	}
	entries, err := q.entries(q.g.done)
	for _, text := range entries {
		in := map[string]bool{}
		see(in, text)
		for id := range in {
			v.done[id]++
		}
	}
	return v, err
}

// unfinished notes the jobs of a place of jobs that are not done.
func (q *redisQueue) unfinished(p queuePlace, in map[string]bool) error {
	if p.kind == "stream" {
		return q.stream(p, in)
	}
	entries, err := q.entries(p)
	for _, text := range entries {
		see(in, text)
	}
	return err
}

// reads are the commands that give all of a place.
var reads = map[string][]string{
	"list": {"LRANGE", "0", "-1"}, "set": {"SMEMBERS"}, "zset": {"ZRANGE", "0", "-1"}, "hash": {"HGETALL"}, "stream": {"XRANGE", "-", "+"},
}

// entries are the entries of a place, each as one text. Those of a hash are a name with its value.
func (q *redisQueue) entries(p queuePlace) ([]string, error) {
	command := reads[p.kind]
	command = append([]string{command[0], p.name}, command[1:]...)
	answers, err := q.ask(command)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	if told, bad := answers[0].(redisError); bad {
		return nil, fmt.Errorf("read %s: %w", p, orLoadingRedis(told))
	}
	all, _ := answers[0].([]any)
	var texts []string
	for i, one := range all {
		if text := flat(one); p.kind == "hash" && i%2 == 1 {
			texts[len(texts)-1] += " " + text
		} else {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// flat is an answer in one text.
func flat(v any) string {
	switch v := v.(type) {
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = flat(one)
		}
		return strings.Join(words, " ")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// mostKeys is how many keys are asked for at once.
const mostKeys = 500

// keys counts how often jobs are done that have a key each: a number counts, and anything else is once.
func (q *redisQueue) keys(jobs []job, in map[string]int) error {
	for len(jobs) > 0 {
		some := jobs[:min(len(jobs), mostKeys)]
		jobs = jobs[len(some):]
		var commands [][]string
		for _, j := range some {
			commands = append(commands, []string{"GET", strings.ReplaceAll(q.g.done.name, idWord, j.id)})
		}
		answers, err := q.ask(commands...)
		if err != nil {
			return fmt.Errorf("read %s: %w", q.g.done, err)
		}
		for i, answer := range answers {
			switch told := answer.(type) {
			case nil:
			case redisError:
				if !strings.HasPrefix(string(told), "WRONGTYPE") { // else it is there, and no text
					return fmt.Errorf("read %s: %w", q.g.done, orLoadingRedis(told))
				}
				in[some[i].id] = 1
			default:
				n, _ := strconv.Atoi(flat(told))
				in[some[i].id] = max(1, n)
			}
		}
	}
	return nil
}

// stream notes the jobs of a stream that a group of consumers has not been given yet, or has not acknowledged. That an entry
// is in the stream says nothing: it stays there.
func (q *redisQueue) stream(p queuePlace, in map[string]bool) error {
	first, err := q.ask([]string{"XRANGE", p.name, "-", "+"}, []string{"XINFO", "GROUPS", p.name})
	if err != nil {
		return fmt.Errorf("read %s: %w", p, err)
	}
	for _, answer := range first {
		if told, bad := answer.(redisError); bad {
			return fmt.Errorf("read %s: %w", p, orLoadingRedis(told))
		}
	}
	groups, _ := first[1].([]any)
	if len(groups) == 0 {
		return fmt.Errorf("read %s: it has no group of consumers, so that nobody can tell what was taken", p)
	}
	open := map[string]bool{} // ids of entries
	last := make([]string, len(groups))
	var commands [][]string
	for i, g := range groups {
		fields, _ := g.([]any)
		name := ""
		for f := 0; f+1 < len(fields); f += 2 {
			switch flat(fields[f]) {
			case "name":
				name = flat(fields[f+1])
			case "last-delivered-id":
				last[i] = flat(fields[f+1])
			}
		}
		commands = append(commands, []string{"XPENDING", p.name, name, "-", "+", "1000000"})
	}
	pending, err := q.ask(commands...)
	if err != nil {
		return fmt.Errorf("read %s: %w", p, err)
	}
	for _, answer := range pending {
		if told, bad := answer.(redisError); bad {
			return fmt.Errorf("read %s: %w", p, orLoadingRedis(told))
		}
		all, _ := answer.([]any)
		for _, one := range all {
			if fields, _ := one.([]any); len(fields) > 0 {
				open[flat(fields[0])] = true
			}
		}
	}
	entries, _ := first[0].([]any)
	for _, e := range entries {
		fields, _ := e.([]any)
		if len(fields) < 2 {
			continue
		}
		id := flat(fields[0])
		undelivered := false
		for _, l := range last {
			undelivered = undelivered || laterEntry(id, l)
		}
		if undelivered || open[id] {
			see(in, flat(fields[1]))
		}
	}
	return nil
}

// laterEntry says whether an entry of a stream comes after another, by their ids: milliseconds, and a number.
func laterEntry(id, than string) bool {
	parse := func(s string) (ms, n uint64) {
		a, b, _ := strings.Cut(s, "-")
		ms, _ = strconv.ParseUint(a, 10, 64)
		n, _ = strconv.ParseUint(b, 10, 64)
		return ms, n
	}
	ms, n := parse(id)
	ms2, n2 := parse(than)
	return ms > ms2 || ms == ms2 && n > n2
}

func (q *redisQueue) close() { _ = q.conn.Close() }
