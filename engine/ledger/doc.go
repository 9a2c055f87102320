// Package ledger is what one trial leaves behind: a file that the trial's processes append to and that
// anybody may read, during the trial or after its processes were killed.
//
// The file is a header of one chunk and then chunks of 64 records of 64 bytes. A chunk belongs to one
// lane, and a lane has one writer, so an append takes no lock: it fills seven words of a record and
// then stores word 0 (kind, flags, lane, number in the lane) atomically. A record is therefore whole or
// absent, wherever SIGKILL strikes. Words are in the machine's own order.
//
// Lane 0 of the file is shared by everything that is not an operation or a delivery; the lanes that
// callers see are numbered from 0 and stand one higher in the file.
package ledger
