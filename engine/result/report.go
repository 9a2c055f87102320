package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SchemaName names the stored form. Fields are only ever added to it.
const SchemaName = "racebench.result/v1"

// A Report is the stored form of a whole run. Absent means not measured; times are nanoseconds.
type Report struct {
	Schema    string    `json:"schema"`
	Tool      Tool      `json:"tool"`
	Machine   Machine   `json:"machine"`
	Started   time.Time `json:"started"`
	ElapsedNS int64     `json:"elapsed_ns"`
	Command   []string  `json:"command"`
	Seed      string    `json:"seed"`
	Merged    []origin  `json:"merged,omitempty"` // of a merge: the runs in it
	Verdict   Verdict   `json:"verdict"`          // the worst of the results
	Results   []Row     `json:"results"`
}

// An origin is a run of which a merge has the results.
type origin struct {
	Started   time.Time `json:"started"`
	ElapsedNS int64     `json:"elapsed_ns"`
	Seed      string    `json:"seed"`
}

// Tool says which racebench ran.
type Tool struct {
	Version string `json:"version"`
	Build   string `json:"build"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Machine says where it ran.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	Kernel     string `json:"kernel"`
}

// NewReport puts finished campaigns in the stored form, in the order given. What ran, where and when is
// the caller's to fill in.
func NewReport(campaigns []*Campaign) (*Report, error) {
	r := &Report{Schema: SchemaName, Results: []Row{}}
	for _, c := range campaigns {
		if err := c.seal(); err != nil {
			return nil, err
		}
		r.add(c.Row)
	}
	if len(campaigns) == 0 {
		r.Verdict = Untested
	}
	return r, nil
}

func (r *Report) add(row Row) {
	r.Results = append(r.Results, row)
	r.Verdict = max(r.Verdict, row.Verdict)
}

// Encode returns the report as JSON.
func (r *Report) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads a report that Encode wrote, of this version or a later one.
func Decode(raw []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read result: it is not JSON of a result: %s", plainly(raw, err))
	}
	if r.Schema != SchemaName {
		return nil, fmt.Errorf("read result: its schema is %q, and this version reads %s", r.Schema, SchemaName)
	}
	r.renameClasses()
	return &r, nil
}

// plainly says what is wrong with JSON, and on which line, without the names of Go's types.
func plainly(raw []byte, err error) string {
	line := func(offset int64) int { return 1 + bytes.Count(raw[:min(offset, int64(len(raw)))], []byte("\n")) }
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := ""
		if wrong.Field != "" {
			where = wrong.Field + " "
		}
		return fmt.Sprintf("line %d: %sis a %s where another form is needed: see racebench schema --result", line(wrong.Offset), where, wrong.Value)
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("line %d: %s", line(broken.Offset), broken)
	}
	return err.Error()
}

// Status is the exit status that the verdict stands for.
func (r *Report) Status() int {
	switch {
	case r.Verdict.Finding():
		return 1
	case r.Verdict == Untested:
		return 3
	}
	return 0
}
