package overlay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// key depends on all that the overlay holds, and on where the tree is.
func (p *patch) key(t tree, build string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", t.version, t.root, build)
	for _, name := range slices.Sorted(maps.Keys(p.texts)) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(p.texts[name]), p.texts[name])
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

const overlayFile = "overlay.json"

// write puts the files into a folder, unless they are there, and returns the overlay file. Two racebenches may do so at
// once: the folder appears as a whole.
func (p *patch) write(dir, root string) (string, error) {
	file := filepath.Join(dir, overlayFile)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "writing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	replace := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.texts)) {
		flat := strings.ReplaceAll(name, "/", "_")
		if err := os.WriteFile(filepath.Join(temp, flat), []byte(p.texts[name]), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(root, "src", filepath.FromSlash(name))] = filepath.Join(dir, flat)
	}
	raw, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", " ")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(temp, overlayFile), raw, 0o644); err != nil {
		return "", err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(temp, dir); err != nil {
		if _, there := os.Stat(file); there == nil {
			return file, nil // another racebench was first
		}
		return "", err
	}
	return file, nil
}
