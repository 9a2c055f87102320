//go:build unix

package ledger

import (
	"bufio"
	"encoding/binary"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var kills = flag.Int("kills", 50, "how often TestKilledWriterLosesNothing kills its child")

// childEnv makes the test binary the child of a test; its value is the child's name and a path.
const childEnv = "LEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	if name, path, ok := strings.Cut(os.Getenv(childEnv), ":"); ok {
		os.Exit(map[string]func(string) int{"append": appendUntilKilled, "grow": growUntilRefused}[name](path))
	}
	os.Exit(m.Run())
}

func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name+":"+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// An ack is a client's message number, over standard output, once the end of the operation is recorded:
// as much as a client could have learned.
type ack MsgID

func (a ack) send() error {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], uint64(a))
	_, err := os.Stdout.Write(b[:])
	return err
}

func receive(from io.Reader) (MsgID, error) {
	var b [8]byte
	_, err := io.ReadFull(from, b[:])
	return MsgID(binary.NativeEndian.Uint64(b[:])), err
}

// appendUntilKilled appends operations and acknowledges each. The first ack, of message 0, tells the
// lane.
func appendUntilKilled(path string) int {
	w, err := Append(path, 0)
	if err != nil {
		return 1
	}
	l := w.Lane(LaneInfo{Name: "c", Op: "put"})
	for i := int64(1); ; i++ {
		if ack(NewMsgID(l.Index(), i-1)).send() != nil {
			return 1
		}
		ref := l.Begin(NewMsgID(l.Index(), i), 0, i, 1, time.Duration(i))
		l.End(ref, time.Duration(i+1), Accepted, 0)
		w.Add(&Gauge{Name: w.Name(strings.Repeat("g", int(i%200))), Value: i})
	}
}

func TestKilledWriterLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	chance := rand.New(rand.NewPCG(1, 2))
	var acked []MsgID
	for round := range *kills {
		if last, ok := killOne(t, path, chance.IntN(3000)); ok {
			acked = append(acked, last)
		}
		if round%20 == 19 || round == *kills-1 {
			checkAcked(t, path, acked)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			acked = acked[:0]
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
}

// killOne lets a child append and kills it after some acknowledgements, wherever it then is. It
// returns the last message acknowledged, false when it was killed before it had a lane.
func killOne(t *testing.T, path string, after int) (last MsgID, ok bool) {
	t.Helper()
	cmd := child(t, "append", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(out)
	for i := 0; ; i++ {
		if i == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := receive(from)
		if err != nil {
			break
		}
		last, ok = m, true
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return last, ok
}

func checkAcked(t *testing.T, path string, acked []MsgID) {
	t.Helper()
	e, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if e.Cut != "" {
		t.Fatalf("a killed process damaged the ledger: %s", e.Cut)
	}
	for _, last := range acked {
		if last.Lane() >= len(e.Lanes) || int64(len(e.Ops[last.Lane()])) < last.Seq() {
			t.Fatalf("%v was acknowledged and is not there", last)
		}
		for i, o := range e.Ops[last.Lane()][:last.Seq()] {
			if o.Size != int64(i+1) || o.Ended != time.Duration(i+2) || o.Outcome != Accepted {
				t.Fatalf("%v was acknowledged and reads %+v", o.Msg, o)
			}
		}
	}
	w, err := Append(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Add(&Phase{Ended: true, Signal: 9})
	closeLedger(t, w)
	if e := read(t, path); len(e.Phases) != 1 {
		t.Error("the parent's record after the kill is missing")
	}
}

const fileLimit = segmentSize + segmentSize/2

// growUntilRefused appends under a limit on the size of files, as on a full disk, and returns 0 when
// the ledger said so.
func growUntilRefused(path string) int {
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: fileLimit, Max: fileLimit}); err != nil {
		return 1
	}
	w, err := Create(path, 0)
	if err != nil {
		return 1
	}
	l := w.Lane(LaneInfo{Name: "c", Op: "put"})
	for i := range int64(4 * segmentChunks * chunkRecords) {
		l.Deliver(NewMsgID(0, i+1), 1)
	}
	full := isFull(w)
	if err := w.Close(); !full || err == nil || !strings.Contains(err.Error(), "grow ledger "+path+" to 2097152 bytes: ") {
		println("full:", full, "error:", err)
		return 1
	}
	return 0
}

func TestFullDiskIsAnErrorAndNoSignal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	if err := child(t, "grow", path).Run(); err != nil {
		t.Fatal(err)
	}
	e := read(t, path)
	if want := (segmentChunks - 2) * chunkRecords; !e.Full || len(e.Deliveries[0]) != want {
		t.Errorf("Full is %v with %d records, want %d", e.Full, len(e.Deliveries[0]), want)
	}
}
