// Package origin tells folders that this user has written on this machine from those that came from elsewhere. A folder
// has a seal: a code over what it would start, made with a key in the user's state folder. Who has no key of this
// user's cannot make one, and a seal over other contents does not fit.
package origin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/internal/input"
)

// keySize is how many bytes a key has.
const keySize = 32

// keyPath is where the key is: in the state folder of the XDG specification, on every system.
func keyPath() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find the state folder: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "racebench", "key"), nil
}

// readKey reads the key.
func readKey() ([]byte, error) {
	path, err := keyPath()
	if err != nil {
		return nil, err
	}
	key, err := input.Found(path, input.Schedule)
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("%s holds no key: take it away, and the next run makes another", path)
	}
	return key, err
}

// makeKey makes the key where there is none. Of several processes that do so at once one wins, and all have its key.
func makeKey() ([]byte, error) {
	key, err := readKey()
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	path, err := keyPath()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	_, err = temp.Write(key)
	if err := errors.Join(err, temp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links.
		if err := os.Rename(temp.Name(), path); err != nil {
			return nil, err
		}
	}
	return readKey()
}

// code is the code over files: their base names and what is in them. A file that is not there is part of it, too.
func code(key []byte, files []string) (string, error) {
	mac := hmac.New(sha256.New, key)
	for _, path := range files {
		raw, err := input.Found(path, input.Schedule)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		_, _ = fmt.Fprintf(mac, "%q %v %d\n%s", filepath.Base(path), err == nil, len(raw), raw) // a hash takes everything
	}
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// Seal writes a seal over files.
func Seal(path string, files []string) error {
	key, err := makeKey()
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	sum, err := code(key, files)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := os.WriteFile(path, []byte(sum+"\n"), 0o600); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}

// Ours says whether a seal is this user's, made on this machine over files as they are now.
func Ours(path string, files []string) bool {
	key, err := readKey()
	if err != nil {
		return false
	}
	seal, err := input.Found(path, input.Schedule)
	if err != nil {
		return false
	}
	sum, err := code(key, files)
	return err == nil && hmac.Equal([]byte(strings.TrimSpace(string(seal))), []byte(sum))
}
