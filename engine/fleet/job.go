// Package fleet plays one campaign on several machines. A campaign cuts each search into parts and gives them to a queue
// of NATS JetStream; workers take them, play them, and send back results of the form that a run stores, which the campaign
// adds up. The parts follow from the seed alone, so the sum is what one machine would have stored, whoever has played what,
// and however often.
package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/draw"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

const jobFormat = "racebench.job/v1"

// A Job is one scenario and variant that a campaign tests. Workers know it by the hash of its stored form.
type Job struct {
	Format   string    `json:"format"`
	Build    string    `json:"build"`              // of the racebench that makes the same trials
	Scenario string    `json:"scenario,omitempty"` // in normal form; absent: it is in a folder that the worker's owner has named
	Example  bool      `json:"example,omitempty"`  // it is the target's own example: worlds are drawn around all of it
	Hash     string    `json:"scenario_hash"`
	Variant  string    `json:"variant"`
	Seed     string    `json:"seed"`
	Trials   int       `json:"trials"`
	Width    int       `json:"width"` // how many trials in a row are one part
	FailFast bool      `json:"fail_fast,omitempty"`
	Verify   bool      `json:"verify,omitempty"`
	Began    time.Time `json:"began"` // decides which known entries have expired
}

// An Item is a part of a job, in the queue.
type Item struct {
	Campaign string `json:"campaign"`
	Job      string `json:"job"`  // its hash
	Row      int    `json:"row"`  // of the campaign's jobs, from 0
	Part     int    `json:"part"` // from 1
}

// A Refusal says why a worker does not do what an item asks for.
type Refusal struct{ why string }

// Error says why.
func (r Refusal) Error() string { return r.why }

func refuse(format string, args ...any) error { return Refusal{fmt.Sprintf(format, args...)} }

// What a message may hold. A job has one scenario.
const (
	maxItem = 4 << 10
	maxJob  = 2 << 20
	maxRows = 10_000
	// MaxResult is how many bytes a part's result may have.
	MaxResult = 64 << 20
)

var (
	campaignName = regexp.MustCompile(`^[0-9a-f]{16}$`)
	jobName      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// parts is how many parts the job has.
func (j Job) parts() int { return (j.Trials + j.Width - 1) / j.Width }

// shard is a part as a run knows it.
func (j Job) shard(part int) batch.Shard {
	if j.parts() == 1 {
		return batch.Shard{}
	}
	return batch.Shard{Number: part, Of: j.parts(), Width: j.Width}
}

// open says whether the job brings its scenario along.
func (j Job) open() bool { return j.Scenario != "" }

// encode is the stored form, and its hash.
func (j Job) encode() (raw []byte, hash string, err error) {
	if raw, err = json.Marshal(j); err != nil {
		return nil, "", fmt.Errorf("encode a job: %w", err)
	}
	sum := sha256.Sum256(raw)
	return raw, hex.EncodeToString(sum[:]), nil
}

// decodeJob reads a job that goes by a hash.
func decodeJob(raw []byte, hash string) (Job, error) {
	var j Job
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != hash {
		return j, refuse("its job is not the one of its hash")
	}
	if err := strictly(raw, &j); err != nil {
		return j, refuse("its job cannot be read: %v", err)
	}
	switch {
	case j.Format != jobFormat:
		return j, refuse("its job has the format %.40q, and this racebench reads %s", j.Format, jobFormat)
	case j.Trials < 1 || j.Trials > scenario.MaxTrials || j.Width < 1 || j.Width > scenario.MaxTrials:
		return j, refuse("its job has %d trials, %d in a part", j.Trials, j.Width)
	}
	return j, nil
}

// decodeItem reads a message of the queue.
func decodeItem(raw []byte, subject string) (Item, error) {
	var i Item
	if len(raw) > maxItem {
		return i, refuse("it has %d bytes, and no item has more than %d", len(raw), maxItem)
	}
	if err := strictly(raw, &i); err != nil {
		return i, refuse("it cannot be read: %v", err)
	}
	words := strings.Split(subject, ".")
	switch {
	case !campaignName.MatchString(i.Campaign), !jobName.MatchString(i.Job), i.Row < 0 || i.Row >= maxRows, i.Part < 1 || i.Part > scenario.MaxTrials:
		return i, refuse("it names no part of a campaign")
	case len(words) < 3 || strings.Join(words[len(words)-3:], ".") != i.name():
		return i, refuse("it is not the part that its subject names")
	}
	return i, nil
}

// name ends the subjects of an item and of its result.
func (i Item) name() string { return fmt.Sprintf("%s.%d.%d", i.Campaign, i.Row, i.Part) }

// itemOf reads the end of a subject.
func itemOf(subject string) (campaign string, row, part int, ok bool) {
	words := strings.Split(subject, ".")
	if len(words) < 3 {
		return "", 0, 0, false
	}
	words = words[len(words)-3:]
	row, rowErr := strconv.Atoi(words[1])
	part, partErr := strconv.Atoi(words[2])
	return words[0], row, part, rowErr == nil && partErr == nil
}

// strictly reads JSON of fields that are known, and nothing after it.
func strictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows it")
	}
	return nil
}

// A Row is what one job is about, on the campaign's side.
type Row struct {
	Program trial.Program
	Variant targets.Variant
	Seed    scenario.Seed
	Job     Job
}

// Width is how many trials of a program are one part where nobody says: a thousand parts, but none too small to be worth
// sending, nor longer than some seconds.
func Width(p trial.Program, trials int) int {
	least, most := 1, 10
	if p.Scenario.Engine == scenario.Sim {
		least, most = 2*draw.Schedules, 50*draw.Schedules
	}
	return min(max((trials+999)/1000, least), most)
}

// wholeWorlds is a width at which no drawn world is in two parts.
func wholeWorlds(p trial.Program, width int) int {
	if p.Scenario.Engine != scenario.Sim || !p.Scenario.Sim.Vary {
		return width
	}
	return (width + draw.Schedules - 1) / draw.Schedules * draw.Schedules
}

// RowsOf are the rows of programs, in their order. Width 0 leaves the width to Width.
func RowsOf(programs []trial.Program, seeds []scenario.Seed, trials, width int, began time.Time, c trial.Config) []Row {
	var rows []Row
	for i, p := range programs {
		n := trials
		if n == 0 {
			n = p.Scenario.Trials
		}
		each := width
		if each == 0 {
			each = Width(p, n)
		}
		for _, v := range p.Variants {
			j := Job{
				Format: jobFormat, Build: c.Build, Hash: p.Hash, Variant: v.Name, Seed: seeds[i].String(), Trials: n, Width: wholeWorlds(p, each),
				FailFast: c.FailFast, Verify: c.Verify, Began: began.UTC(),
			}
			if !p.Target.Traits.External {
				j.Scenario = string(p.Scenario.Kept(p.Vocabulary).Marshal())
				j.Example = bytes.Equal(p.Scenario.Source, p.Target.Example)
			}
			rows = append(rows, Row{p, v, seeds[i], j})
		}
	}
	return rows
}
