package ledger

import "os"

// writeZeros makes a piece of the file exist by writing what of it lies past the end: where a file
// system cannot reserve room, writing is the only way to learn that the disk is full.
func writeZeros(f *os.File, offset int64, length int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	from, to := max(offset, info.Size()), offset+int64(length)
	if from >= to {
		return nil
	}
	_, err = f.WriteAt(make([]byte, to-from), from)
	return err
}
