package origin

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSeal(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	dir := t.TempDir()
	plan, other, seal := filepath.Join(dir, "plan"), filepath.Join(dir, "other"), filepath.Join(dir, "seal")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(plan, "./server")
	files := []string{plan, other}
	if Ours(seal, files) {
		t.Error("there is no key yet, and no seal")
	}
	if err := Seal(seal, files); err != nil {
		t.Fatal(err)
	}
	if !Ours(seal, files) {
		t.Error("what was sealed is ours")
	}
	if info, err := os.Stat(filepath.Join(home, "racebench", "key")); err != nil || info.Size() != keySize {
		t.Errorf("the key: %v, %v", info, err)
	}
	for what, change := range map[string]func(){
		"another command":    func() { write(plan, "./evil") },
		"one file more":      func() { write(other, "") },
		"a seal of nobody":   func() { write(seal, "0000") },
		"no seal":            func() { _ = os.Remove(seal) },
		"another user's key": func() { write(filepath.Join(home, "racebench", "key"), "01234567890123456789012345678901") },
		"a broken key":       func() { write(filepath.Join(home, "racebench", "key"), "x") },
	} {
		t.Run(what, func(t *testing.T) {
			_ = os.Remove(filepath.Join(home, "racebench", "key"))
			_ = os.Remove(other)
			write(plan, "./server")
			if err := Seal(seal, files); err != nil || !Ours(seal, files) {
				t.Fatalf("%v", err)
			}
			change()
			if Ours(seal, files) {
				t.Error("it is taken for ours")
			}
		})
	}
}

// Processes that start at once have one key.
func TestOneKey(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	dir := t.TempDir()
	var all sync.WaitGroup
	seals := make([]string, 20)
	for i := range seals {
		seals[i] = filepath.Join(dir, string(rune('a'+i)))
		all.Go(func() {
			if err := Seal(seals[i], nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, seal := range seals {
		if !Ours(seal, nil) {
			t.Error("a seal was made with a key that is gone")
		}
	}
}

// Where there is no place for a key nothing is ours, and that is no panic.
func TestNoPlaceForAKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", file)
	if err := Seal(file+".seal", nil); err == nil || Ours(file+".seal", nil) {
		t.Errorf("sealed without a key: %v", err)
	}
}
