package ledger

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// lock is left to the parent here: it never runs two writers of one ledger at once.
func lock(*os.File) error { return nil }

// grow makes sure that the file has room on its disk at offset and maps it.
func grow(f *os.File, offset int64, length int) ([]byte, error) {
	if err := writeZeros(f, offset, length); err != nil {
		return nil, err
	}
	end := offset + int64(length)
	h, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READWRITE, uint32(end>>32), uint32(end), nil)
	if err != nil {
		return nil, os.NewSyscallError("CreateFileMapping", err)
	}
	// A view keeps its mapping alive, so the handle can go at once.
	defer windows.CloseHandle(h)
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_WRITE, uint32(offset>>32), uint32(offset), uintptr(length))
	if err != nil {
		return nil, os.NewSyscallError("MapViewOfFile", err)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), length), nil
}

// unmap takes a mapping away and says whether the file may be trimmed.
func unmap(mapped []byte) bool {
	return windows.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(mapped)))) == nil
}

// detach leaves the mapping where it is: Windows cannot replace it in one step, and a task may still
// write there. The file keeps its spare room until the next process trims it.
func detach([]byte) bool { return false }
