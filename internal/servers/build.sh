#!/bin/sh
# Builds the servers that `make test-servers SERVERS=all` probes and no system packages: Go modules of other people,
# each at one release, from a wrapper module of its own. The first time this takes minutes, most of them for caddy.
# They are put into the user's cache folder, below racebench/servers. What cannot be built is skipped by the test.
set -u
into=${XDG_CACHE_HOME:-$HOME/.cache}/racebench/servers
status=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# build NAME VERSION MODULE [PACKAGE [REPLACEMENT]] builds a module's command.
build() {
	go version -m "$into/$1" 2>/dev/null | grep -qw "$3	$2" && return
	echo "building $1 $2"
	mkdir -p "$into" "$work/$1"
	(
		cd "$work/$1" || exit 1
		# The module's own replacements count only where it is the main one: nsq needs its own repeated.
		printf 'module wrapper\n\ngo 1.24\n\nrequire %s %s\n%s\n' "$3" "$2" "${5:+replace $5}" >go.mod
		GOFLAGS=-mod=mod go build -o "$into/$1" "${4:-$3}" 2>log || { tail -n 5 log; exit 1; }
	) || { echo "$1 $2 cannot be built here"; status=1; }
}

build go-httpbin v2.15.0 github.com/mccutchen/go-httpbin/v2 github.com/mccutchen/go-httpbin/v2/cmd/go-httpbin
build nsqd v1.3.0 github.com/nsqio/nsq github.com/nsqio/nsq/apps/nsqd \
	"github.com/judwhite/go-svc => github.com/mreiferson/go-svc v1.2.2-0.20210815184239-7a96e00010f6"
build pushgateway v1.9.0 github.com/prometheus/pushgateway
build centrifugo v5.4.9 github.com/centrifugal/centrifugo/v5
build caddy v2.11.9 github.com/caddyserver/caddy/v2 github.com/caddyserver/caddy/v2/cmd/caddy
exit $status
