//go:build unix && !linux

package external

import "syscall"

func attributes() *syscall.SysProcAttr { return ownGroup() }
