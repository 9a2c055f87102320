package main

import (
	"crypto/tls"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// What is acknowledged is kept in files, or, in modes that forget, in memory alone.
var forgets = strings.HasSuffix(mode, "forgets")

// Modes that are mute take all, and say of all that it is not there.
var mute = strings.HasSuffix(mode, "-mute")

func put(key, value string) {
	if !forgets { // whole, or not at all: the process may end at any time
		path := filepath.Join(os.Getenv("DATA"), key)
		must(os.WriteFile(path+".new", []byte(value), 0o644))
		must(os.Rename(path+".new", path))
		return
	}
	mu.Lock()
	defer mu.Unlock()
	kept[key] = value
}

func get(key string) (string, bool) {
	if !forgets {
		raw, err := os.ReadFile(filepath.Join(os.Getenv("DATA"), key))
		return string(raw), err == nil
	}
	mu.Lock()
	defer mu.Unlock()
	value, ok := kept[key]
	return value, ok
}

// names lists what is kept under names that begin so, in their order.
func names(begin string) []string {
	var all []string
	if !forgets {
		entries, err := os.ReadDir(os.Getenv("DATA"))
		must(err)
		for _, e := range entries {
			all = append(all, e.Name())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for name := range kept {
		all = append(all, name)
	}
	all = slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, begin) || strings.HasSuffix(name, ".new") })
	slices.Sort(all)
	return all
}

// store serves a protocol of stores until it is signalled.
func store(addr string, serve func(net.Listener)) {
	l, err := net.Listen("tcp", addr)
	must(err)
	if os.Getenv("TLS") != "" && !strings.HasPrefix(mode, "nats") { // which begins it later
		l = tls.NewListener(l, certified())
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go serve(l)
	<-stop
	os.Exit(0)
}
