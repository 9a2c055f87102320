package explore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FileFormat is the version of replay files that this package reads and writes.
const FileFormat = "racebench.replay/v1"

// markEvery is how many visible operations lie between two of a file's hashes.
const markEvery = 64

// maxFile is how large a replay file may be, in bytes.
const maxFile = 8 << 20

// A File is a schedule that failed, with all that it takes to run it again: what to run, how it deviates
// from the default schedule, and what the run must look like. It is stored as text.
type File struct {
	// Comments are lines for people, put above the data; nothing reads them.
	Comments []string

	Build   string // of racebench
	Go      string // the Go version it was built with
	Target  string
	Variant string
	Hash    string // of the scenario
	Seed    string // of the campaign
	Index   int    // of the trial in it
	// Replacement is the how manieth trial in place of a void one of that index it is; 0 is the planned one.
	Replacement int
	Ops         int // of the small world, as are Clients and MaxSteps
	Clients     int
	MaxSteps    int
	Strategy    string // that found the schedule: information only
	Classes     []string

	Steps  int      // decisions
	Events int      // visible operations
	Trace  uint64   // the hash of all of them
	Marks  []uint64 // the hash after every markEvery of them
	// Turns are the visible operations, a line each turn of a task: its path and its operations, divided
	// by tabs. Empty when there were too many to store.
	Turns []string

	Scenario   string // the pinned file
	Deviations []Deviation
}

// field is one line of a file that holds one value.
type field struct {
	key string
	get func(f *File) string
	set func(f *File, value string) error
}

func textField(key string, at func(f *File) *string) field {
	return field{
		key: key,
		get: func(f *File) string { return strconv.Quote(*at(f)) },
		set: func(f *File, value string) (err error) {
			*at(f), err = strconv.Unquote(value)
			if err != nil {
				return fmt.Errorf("%s is not a quoted text", value)
			}
			return nil
		},
	}
}

func countField(key string, at func(f *File) *int) field {
	return field{
		key: key,
		get: func(f *File) string { return strconv.Itoa(*at(f)) },
		set: func(f *File, value string) error { return setCount(at(f), value) },
	}
}

func setCount(to *int, value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is not a count", value)
	}
	*to = int(n)
	return nil
}

// fields are the file's single values, in the order they are written.
var fields = []field{
	textField("build", func(f *File) *string { return &f.Build }),
	textField("go", func(f *File) *string { return &f.Go }),
	textField("target", func(f *File) *string { return &f.Target }),
	textField("variant", func(f *File) *string { return &f.Variant }),
	textField("hash", func(f *File) *string { return &f.Hash }),
	textField("seed", func(f *File) *string { return &f.Seed }),
	{
		key: "index",
		get: func(f *File) string {
			if f.Replacement == 0 {
				return strconv.Itoa(f.Index)
			}
			return fmt.Sprintf("%d+%d", f.Index, f.Replacement)
		},
		set: func(f *File, value string) error {
			index, replacement, replaced := strings.Cut(value, "+")
			if err := setCount(&f.Index, index); err != nil || !replaced {
				return err
			}
			return setCount(&f.Replacement, replacement)
		},
	},
	countField("ops", func(f *File) *int { return &f.Ops }),
	countField("clients", func(f *File) *int { return &f.Clients }),
	countField("max_steps", func(f *File) *int { return &f.MaxSteps }),
	textField("strategy", func(f *File) *string { return &f.Strategy }),
	countField("steps", func(f *File) *int { return &f.Steps }),
	countField("events", func(f *File) *int { return &f.Events }),
	{
		key: "trace",
		get: func(f *File) string { return formatHash(f.Trace) },
		set: func(f *File, value string) (err error) {
			f.Trace, err = parseHash(value)
			return err
		},
	},
}

// A block is a part of the file that has many lines: its name and their number, then the lines, indented.
type block struct {
	key string
	get func(f *File) []string
	set func(f *File, line string) error
}

var blocks = []block{
	{
		"classes",
		func(f *File) []string { return f.Classes },
		func(f *File, line string) error { f.Classes = append(f.Classes, line); return nil },
	},
	{
		"deviations",
		func(f *File) (lines []string) {
			for _, d := range f.Deviations {
				lines = append(lines, formatDeviation(d))
			}
			return lines
		},
		func(f *File, line string) error {
			d, err := parseDeviation(line)
			f.Deviations = append(f.Deviations, d)
			return err
		},
	},
	{
		"scenario",
		func(f *File) []string { return strings.Split(strings.TrimSuffix(f.Scenario, "\n"), "\n") },
		func(f *File, line string) error { f.Scenario += line + "\n"; return nil },
	},
	{
		"marks",
		func(f *File) (lines []string) {
			for _, h := range f.Marks {
				lines = append(lines, formatHash(h))
			}
			return lines
		},
		func(f *File, line string) error {
			h, err := parseHash(line)
			f.Marks = append(f.Marks, h)
			return err
		},
	},
	{
		"turns",
		func(f *File) []string { return f.Turns },
		func(f *File, line string) error { f.Turns = append(f.Turns, line); return nil },
	},
}

// Marshal writes the file: comments, the fields and the blocks in their order, and how many lines that is.
func (f *File) Marshal() []byte {
	var b strings.Builder
	for _, c := range f.Comments {
		b.WriteString(strings.TrimRight("# "+c, " ") + "\n")
	}
	lines := 0
	put := func(line string) {
		b.WriteString(line + "\n")
		lines++
	}
	put("format " + FileFormat)
	for _, d := range fields {
		put(d.key + " " + d.get(f))
	}
	for _, k := range blocks {
		content := k.get(f)
		put(fmt.Sprintf("%s %d", k.key, len(content)))
		for _, line := range content {
			put("  " + line)
		}
	}
	fmt.Fprintf(&b, "end %d\n", lines)
	return []byte(b.String())
}

// ParseFile reads a replay file. Its errors are one sentence each and name the line.
func ParseFile(raw []byte) (*File, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("read replay file: it has %d bytes, more than the %d of any replay file", len(raw), maxFile)
	}
	p := &fileReader{f: &File{}, lines: strings.Split(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n")}
	if err := p.read(); err != nil {
		return nil, fmt.Errorf("read replay file: line %d: %w", p.at, err)
	}
	return p.f, nil
}

// fileReader reads the lines of a file from the first to the last.
type fileReader struct {
	f     *File
	lines []string
	at    int // how many were read: the number of the last one read
	first int // where the data began
}

// next returns the next line; false at the end, where what follows the last newline is no line.
func (p *fileReader) next() (string, bool) {
	if p.at >= len(p.lines)-1 {
		return "", false
	}
	p.at++
	return p.lines[p.at-1], true
}

func (p *fileReader) read() error {
	line, ok := p.next()
	for ; ok && strings.HasPrefix(line, "#"); line, ok = p.next() {
		p.f.Comments = append(p.f.Comments, strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
	}
	p.first = p.at
	version, found := strings.CutPrefix(line, "format ")
	switch {
	case !found:
		return fmt.Errorf("this is not a replay file: it does not begin with %q", "format "+FileFormat)
	case version != FileFormat:
		return fmt.Errorf("the format is %q, and this racebench reads %s", version, FileFormat)
	}
	for _, d := range fields {
		value, err := p.value(d.key)
		if err != nil {
			return err
		}
		if err := d.set(p.f, value); err != nil {
			return fmt.Errorf("%s: %w", d.key, err)
		}
	}
	for _, k := range blocks {
		if err := p.block(k); err != nil {
			return err
		}
	}
	return p.end()
}

// value reads the line that must hold a key.
func (p *fileReader) value(key string) (string, error) {
	line, ok := p.next()
	if !ok {
		return "", fmt.Errorf("the file ends where %q should follow: it was cut off", key)
	}
	value, found := strings.CutPrefix(line, key+" ")
	if !found {
		return "", fmt.Errorf("%q should stand here, not %q", key, shorten(line))
	}
	return value, nil
}

func (p *fileReader) block(k block) error {
	value, err := p.value(k.key)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return fmt.Errorf("%s: %q is not a count of lines", k.key, shorten(value))
	}
	for i := range n {
		line, ok := p.next()
		if !ok {
			return fmt.Errorf("the file ends after %d of %d lines of %s: it was cut off", i, n, k.key)
		}
		content, found := strings.CutPrefix(line, "  ")
		if !found {
			return fmt.Errorf("line %d of %d of %s should be indented, and is %q", i+1, n, k.key, shorten(line))
		}
		if err := k.set(p.f, content); err != nil {
			return fmt.Errorf("%s: %w", k.key, err)
		}
	}
	return nil
}

// end reads the last line, and checks what it counts.
func (p *fileReader) end() error {
	lines := p.at - p.first + 1
	value, err := p.value("end")
	if err != nil {
		return err
	}
	if value != strconv.Itoa(lines) {
		return fmt.Errorf("the end counts %q lines, and there are %d", shorten(value), lines)
	}
	if line, more := p.next(); more || p.lines[len(p.lines)-1] != "" {
		return fmt.Errorf("something follows the end: %q", shorten(line+p.lines[len(p.lines)-1]))
	}
	return nil
}

// shorten keeps a message to one line whatever the file holds.
func shorten(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

func formatHash(h uint64) string { return fmt.Sprintf("%016x", h) }

func parseHash(s string) (uint64, error) {
	h, err := strconv.ParseUint(s, 16, 64)
	if err != nil || formatHash(h) != s {
		return 0, fmt.Errorf("%q is not a hash of 16 hexadecimal digits", shorten(s))
	}
	return h, nil
}

var states = []string{Runs, Blocked, Ended, Yields}

func formatDeviation(d Deviation) string {
	return fmt.Sprintf("%q %d %s %d -> %q", d.After, d.Ops, d.State, d.Nth, d.Next)
}

func parseDeviation(line string) (Deviation, error) {
	var d Deviation
	bad := fmt.Errorf("%q is not a deviation, such as \"main\" 3 runs 0 -> \"relay\"", shorten(line))
	after, rest, ok := quoted(line)
	if !ok {
		return d, bad
	}
	words := strings.SplitN(strings.TrimPrefix(rest, " "), " ", 5)
	if len(words) != 5 || words[3] != "->" || !slices.Contains(states, words[1]) {
		return d, bad
	}
	next, rest, ok := quoted(words[4])
	ops, err1 := strconv.ParseUint(words[0], 10, 31)
	nth, err2 := strconv.ParseUint(words[2], 10, 31)
	if !ok || rest != "" || err1 != nil || err2 != nil {
		return d, bad
	}
	return Deviation{After: after, Ops: int(ops), State: words[1], Nth: int(nth), Next: next}, nil
}

// quoted splits a quoted text off the front of s.
func quoted(s string) (text, rest string, ok bool) {
	q, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(q)
	return text, s[len(q):], err == nil
}
