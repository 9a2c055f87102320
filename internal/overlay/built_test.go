package overlay

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/schedule"
)

var update = flag.Bool("update", false, "write the traces of the self-test into its table")

// suite is what the tests of this package share.
var suite struct {
	ctx context.Context
	dir string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "racebench-overlay-")
	if err != nil {
		panic(err)
	}
	var cancel context.CancelFunc
	suite.ctx, cancel = context.WithCancel(context.Background())
	suite.dir = dir
	status := m.Run()
	cancel()
	os.RemoveAll(dir)
	os.Exit(status)
}

func sources() []Source {
	return []Source{{module + "engine/schedule", schedule.Source}, {module + "engine/explore", explore.Source}}
}

// prepared is the tree of the go command that runs the tests, with the patch over it. The go command builds it once: it
// goes by what the files hold, not by where they are.
func prepared(t *testing.T) Prepared {
	t.Helper()
	onlyHere(t)
	p, err := Prepare(t.Context(), Options{CacheDir: t.TempDir(), Sources: sources()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// constants are the numbers that the patch gives to names, by name and file.
func constants(t *testing.T) map[string]map[string]int {
	t.Helper()
	line := regexp.MustCompile(`(?m)^(?:const |\t)(rb\w+)\s*= (\d+)\b`)
	found := map[string]map[string]int{}
	err := fs.WalkDir(patchFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := patchFiles.ReadFile(name)
		for _, m := range line.FindAllStringSubmatch(string(raw), -1) {
			if found[m[1]] == nil {
				found[m[1]] = map[string]int{}
			}
			found[m[1]][name], _ = strconv.Atoi(m[2])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
