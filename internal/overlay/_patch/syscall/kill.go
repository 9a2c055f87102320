package syscall

// RbKill is asked before a signal is sent. It says whether the schedule has taken it.
var RbKill func(pid int, sig Signal) bool
