//go:build unix && !linux

package external

import "syscall"

func attributes(bool) *syscall.SysProcAttr { return ownGroup() }
