package scenario

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// A Seed is where all chance of a campaign or of one trial comes from.
type Seed uint64

// NewSeed draws a seed that nobody can guess.
func NewSeed() Seed {
	var b [8]byte
	crand.Read(b[:]) // never returns an error
	return Seed(binary.LittleEndian.Uint64(b[:]))
}

// ParseSeed reads a seed as String writes it: decimal, from 0 to 18446744073709551615.
func ParseSeed(s string) (Seed, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return 0, fmt.Errorf("%q is not a seed: write a whole number from 0 to 18446744073709551615", s)
	}
	return Seed(n), nil
}

// String returns the seed in decimal.
func (s Seed) String() string { return strconv.FormatUint(uint64(s), 10) }

// Stream returns the named stream of chance. It depends on the seed and the name alone,
// so drawing from one stream, or adding one, shifts no other. A stream that nobody draws
// from costs next to nothing.
func (s Seed) Stream(name string) *rand.Rand {
	from := &stream{seed: s, name: name}
	from.rand = *rand.New(from)
	return &from.rand
}

// A stream is made at its first draw: most shapes of a load take one and draw nothing.
type stream struct {
	seed Seed
	name string
	from *rand.ChaCha8
	rand rand.Rand // that draws from it
}

// Uint64 implements rand.Source.
func (s *stream) Uint64() uint64 {
	if s.from == nil {
		s.from = rand.NewChaCha8(s.seed.derive("stream", s.name))
	}
	return s.from.Uint64()
}

// Trial derives the seed of one trial of a scenario, counted from 0, so that any trial
// can be run alone.
func (s Seed) Trial(scenarioHash string, index int) Seed {
	sum := s.derive("trial", scenarioHash, strconv.Itoa(index))
	return Seed(binary.LittleEndian.Uint64(sum[:8]))
}

// Replacement returns the seed of the n-th trial in place of a void one that has the seed s.
func (s Seed) Replacement(n int) Seed {
	sum := s.derive("replacement", strconv.Itoa(n))
	return Seed(binary.LittleEndian.Uint64(sum[:8]))
}

// derive hashes the seed and some words, each led by its length so that no two lists of
// words read alike.
func (s Seed) derive(words ...string) [32]byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 128), uint64(s))
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(w)))
		b = append(b, w...)
	}
	return sha256.Sum256(b)
}
