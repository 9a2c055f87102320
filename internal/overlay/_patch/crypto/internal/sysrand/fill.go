package sysrand

import _ "unsafe"

//go:linkname rbfill
func rbfill(b []byte) bool
