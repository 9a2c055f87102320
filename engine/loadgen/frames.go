package loadgen

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// WebSocket opcodes, and the codes of a close that says that the server goes away.
const (
	opContinued = 0x0
	opText      = 0x1
	opBinary    = 0x2
	opClose     = 0x8
	opPing      = 0x9
	opPong      = 0xA

	finalBit = 0x80
	maskBit  = 0x80

	closeGoingAway = 1001
	closeRestart   = 1012
	closeTryLater  = 1013

	maxControl = 125
)

// errClosed says that the server closed a WebSocket, errToldAway that it said it goes away.
var (
	errClosed   = errors.New("the server closed the WebSocket")
	errToldAway = errors.New("the server goes away")
)

// errFrames says that what came is no WebSocket.
var errFrames = errors.New("what the server sent is no WebSocket frame")

// NewMessage renders a text message as a client sends it. Its mask is the same each time: it guards proxies against
// pages, and here is neither.
func NewMessage(text string) Request {
	mask := [4]byte{0x5a, 0xc3, 0x3c, 0xa5}
	var b []byte
	switch n := len(text); {
	case n <= maxControl:
		b = append(b, finalBit|opText, maskBit|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, finalBit|opText, maskBit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, finalBit|opText, maskBit|127), uint64(n))
	}
	b = append(b, mask[:]...)
	for i := range len(text) {
		b = append(b, text[i]^mask[i%4])
	}
	return Request{bytes: b}
}

// frames reads one message of a WebSocket, in whatever pieces it comes, and the control frames before it. It keeps
// nothing of a message.
type frames struct {
	head    [10]byte
	have    int // of the head
	left    uint64
	inside  bool // a frame's payload is being read
	begun   bool // a message's first frame has come
	any     bool // something of the answer has come
	control [maxControl]byte
	filled  int
	pongs   []byte // frames to be sent
}

// reset makes ready for the next message.
func (f *frames) reset() { f.any = f.have > 0 || f.inside || f.begun }

// feed takes the next bytes of a connection. It returns how many of them it took and whether a message is whole.
func (f *frames) feed(b []byte) (n int, done bool, err error) {
	f.any = f.any || len(b) > 0
	for n < len(b) {
		if !f.inside {
			f.head[f.have] = b[n]
			f.have++
			n++
			if f.have < 2 || f.have < f.headLength() {
				continue
			}
			if err := f.open(); err != nil {
				return n, false, err
			}
		}
		took := int(min(f.left, uint64(len(b)-n)))
		if f.opcode() >= opClose {
			f.filled += copy(f.control[f.filled:], b[n:n+took])
		}
		n += took
		if f.left -= uint64(took); f.left > 0 {
			break
		}
		if done, err = f.close(); done || err != nil {
			return n, done, err
		}
	}
	return n, false, nil
}

func (f *frames) opcode() byte { return f.head[0] & 0xf }

func (f *frames) headLength() int {
	switch f.head[1] &^ maskBit {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// open begins a frame whose head is whole.
func (f *frames) open() error {
	f.inside, f.filled = true, 0
	switch f.have {
	case 4:
		f.left = uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 10:
		f.left = binary.BigEndian.Uint64(f.head[2:])
	default:
		f.left = uint64(f.head[1])
	}
	final := f.head[0]&finalBit != 0
	switch op := f.opcode(); {
	case f.head[1]&maskBit != 0:
		return fmt.Errorf("%w: a masked one", errFrames)
	case f.head[0]&0x70 != 0:
		return fmt.Errorf("%w: of an extension that was not agreed on", errFrames)
	case op >= opClose && (f.left > maxControl || !final):
		return fmt.Errorf("%w: a control frame of %d bytes", errFrames, f.left)
	case op != opContinued && op != opText && op != opBinary && op != opClose && op != opPing && op != opPong:
		return fmt.Errorf("%w: of kind %d", errFrames, op)
	case (op == opContinued) != f.begun && op < opClose:
		return fmt.Errorf("%w: messages within each other", errFrames)
	}
	return nil
}

// close ends a frame whose payload is whole.
func (f *frames) close() (done bool, err error) {
	f.inside, f.have = false, 0
	switch f.opcode() {
	case opClose:
		if f.filled >= 2 {
			switch code := binary.BigEndian.Uint16(f.control[:]); code {
			case closeGoingAway, closeRestart, closeTryLater:
				return false, fmt.Errorf("%w: close %d", errToldAway, code)
			}
		}
		return false, errClosed
	case opPing:
		f.pongs = append(f.pongs, finalBit|opPong, maskBit|byte(f.filled), 0, 0, 0, 0)
		f.pongs = append(f.pongs, f.control[:f.filled]...)
		return false, nil
	case opPong:
		return false, nil
	}
	f.begun = f.head[0]&finalBit == 0
	return !f.begun, nil
}
