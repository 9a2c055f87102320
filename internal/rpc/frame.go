// Package rpc is what a call of gRPC is made of: the frames of its messages, the schema that makes them of JSON, and what
// a server says of itself by reflection and by its health. Its caller is for questions beside a load; the calls of a load,
// which verdicts rest on, are sent by those that watch the wire.
package rpc

import (
	"encoding/binary"
	"fmt"
)

// headSize is how long the head of a message's frame is: whether it is compressed, and its length.
const headSize = 5

// Frame is a message as it is sent.
func Frame(message []byte) []byte {
	out := make([]byte, headSize, headSize+len(message))
	binary.BigEndian.PutUint32(out[1:], uint32(len(message)))
	return append(out, message...)
}

// An Unframer finds the messages in a stream of bytes that comes in parts, wherever those are cut.
type Unframer struct {
	head  [headSize]byte
	have  int // of head
	left  int // of the message
	Whole int // messages that have come to their end
}

// Next takes the beginning of what came: some of a message, and whether that ends with it. It returns what is left.
func (u *Unframer) Next(b []byte) (part []byte, ends bool, rest []byte) {
	if u.have < headSize {
		n := copy(u.head[u.have:], b)
		u.have, b = u.have+n, b[n:]
		if u.have < headSize {
			return nil, false, nil
		}
		u.left = int(binary.BigEndian.Uint32(u.head[1:]))
	}
	n := min(u.left, len(b))
	part, rest = b[:n], b[n:]
	if u.left -= n; u.left > 0 {
		return part, false, rest
	}
	u.have = 0
	u.Whole++
	return part, true, rest
}

// Within says whether a message has begun that has not ended.
func (u *Unframer) Within() bool { return u.have > 0 }

// messages splits what came into its messages.
func messages(b []byte) ([][]byte, error) {
	var u Unframer
	var all [][]byte
	var message []byte
	for len(b) > 0 {
		part, ends, rest := u.Next(b)
		message, b = append(message, part...), rest
		if ends {
			if u.head[0] != 0 {
				return nil, fmt.Errorf("a message is compressed, which nobody asked for")
			}
			all, message = append(all, message), nil
		}
	}
	if u.Within() {
		return nil, fmt.Errorf("the answer ends within a message")
	}
	return all, nil
}
