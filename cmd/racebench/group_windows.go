package main

import "os/exec"

// ownGroup leaves a command as it is: there are no process groups to end.
func ownGroup(*exec.Cmd) {}
