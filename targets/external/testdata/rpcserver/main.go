// Command rpcserver is the server of package rpctest.
package main

import "github.com/racebench/racebench/internal/rpc/rpctest"

func main() { rpctest.Main() }
