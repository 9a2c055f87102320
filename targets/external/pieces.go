package external

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
)

// mostPieces is of how many pieces of an answer's beginning that is kept which tells where a shorter one is like it.
const mostPieces = 256

// pieces are those that an answer came in whose length was not said before it: chunks, or frames of HTTP/2. Chain is a
// hash of all of them, last one of the last, and trail what chain was after each of the first ones.
type pieces struct {
	n           int64
	chain, last uint64
	trail       []byte
}

// add takes the next piece.
func (p *pieces) add(last uint64) {
	p.last = last
	p.chain = chained(p.chain, last)
	if p.n < mostPieces {
		p.trail = binary.BigEndian.AppendUint64(p.trail, p.chain)
	}
	p.n++
}

// chained is the hash of what is followed by one more piece.
func chained(chain, piece uint64) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, chain), piece))
	return h.Sum64()
}

// trailText is the trail as ledgers have it.
func (p *pieces) trailText() string { return hex.EncodeToString(p.trail) }

// pieceEnds says that what came since the piece before it is one.
func (b *body) pieceEnds() {
	if b.piece == nil {
		return // nothing has come
	}
	b.in.add(b.piece.Sum64())
	b.piece.Reset()
}
