package custody

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMain lets the test binary be a guardian, and a process that is killed.
func TestMain(m *testing.M) {
	Main()
	if dir := os.Getenv("CUSTODY_TEST"); dir != "" {
		os.Exit(victim(dir))
	}
	os.Exit(m.Run())
}

func TestAFolderGoesWithItsLockAndWhatItOwes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := NewFolder("test")
	if err != nil {
		t.Fatal(err)
	}
	undone := 0
	if err := f.Owes("a line", func() { undone++ }); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Path(), "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// A folder that is held is nobody's to sweep.
	if swept := Sweep(func(Abandoned) { t.Error("the folder of a living process was swept") }); len(swept) > 0 {
		t.Errorf("swept %v", swept)
	}
	if _, err := os.Stat(filepath.Join(f.Path(), "file")); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil || undone != 1 {
		t.Errorf("removed with %v, what it owes was undone %d times", err, undone)
	}
	empty(t, os.TempDir())
}

// A file that is called like a lock and is none of ours takes nothing with it.
func TestAFolderOfSomebodyElsesStays(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	mine := filepath.Join(temp, "racebench-main")
	if err := os.Mkdir(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "42\n"} {
		if err := os.WriteFile(mine+".lock", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if swept := Sweep(func(Abandoned) {}); len(swept) > 0 {
			t.Errorf("with a lock that says %q: swept %v", text, swept)
		}
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

func TestRemoveAllTakesWhatIsThere(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for range 3 {
		if _, err := NewFolder("test"); err != nil {
			t.Fatal(err)
		}
	}
	RemoveAll()
	empty(t, os.TempDir())
}

// empty checks that nothing is left in a folder.
func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in %s: %v, error %v", dir, left, err)
	}
}
