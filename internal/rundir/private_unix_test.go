//go:build unix

package rundir

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestARunIsItsUsersAlone looks at the modes of all that a run holds, and at a file that is meant for others.
func TestARunIsItsUsersAlone(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "deep", "runs")
	run := newRun(t, dir)
	newTrial(t, run, 1)
	if err := run.Finish([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	shared := filepath.Join(dir, "report.html")
	if err := WriteShared(shared, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(shared); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("a report is %v, %v", info.Mode(), err)
	}
}
