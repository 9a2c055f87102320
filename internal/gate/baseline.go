package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/rundir"
)

// ErrNoBaseline says that there is no file yet.
var ErrNoBaseline = errors.New("there is no such file")

// Read reads a stored result: a file, or the directory of a run. A baseline is a stored result. Its errors
// are sentences for a person. A pipe is waited for until ctx ends. ErrNoBaseline is in their chain where there is no file.
func Read(ctx context.Context, path string) (*result.Report, error) {
	return read(ctx, path, new([]byte), result.Decode)
}

// ReadPart is Read for a result that is added up, by result.DecodePart. The bytes are read to room, which grows as they need
// it: what was read to it before must have been added.
func ReadPart(ctx context.Context, path string, room *[]byte) (*result.Report, error) {
	return read(ctx, path, room, result.DecodePart)
}

func read(ctx context.Context, path string, room *[]byte, decode func([]byte) (*result.Report, error)) (*result.Report, error) {
	var raw []byte
	var err error
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		path = filepath.Join(path, "result.json")
		raw, err = input.FoundInto(path, input.Result, *room)
	} else {
		raw, err = input.NamedInto(ctx, path, input.Result, *room)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read %s: %w", path, ErrNoBaseline)
	case err != nil:
		return nil, fmt.Errorf("read result %s: %w", path, err)
	}
	*room = raw
	r, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w%s", path, err, ageOf(raw))
	}
	return r, nil
}

// ageOf adds what can be done about a file of another version.
func ageOf(raw []byte) string {
	var head struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(raw, &head) != nil || head.Schema == result.SchemaName || !strings.HasPrefix(head.Schema, "racebench.") {
		return ""
	}
	return "; make a new baseline with racebench gate --update"
}

// Write stores a result as a baseline: whole, or not at all.
func Write(path string, r *result.Report) error {
	raw, err := r.Encode()
	if err != nil {
		return err
	}
	return rundir.WriteShared(path, raw)
}
