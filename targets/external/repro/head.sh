#!/bin/sh
# A part of repro.sh: what the others stand on. Above it stand its settings: PORT, TIMES, GRACE, SIGNAL.
# shellcheck disable=SC2034,SC2153,SC2154 # other parts set or use some variables

needs() { command -v "$1" >/dev/null || { echo "this needs $1"; exit 2; }; }
needs curl; needs setsid
# What a shell runs beside itself ignores SIGINT and SIGQUIT, and so would the program.
heeding() { env --default-signal=INT,QUIT "$@"; }
if ! heeding true 2>/dev/null; then
  heeding() { perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec @ARGV' "$@"; }
  if ! heeding true 2>/dev/null; then
    case $SIGNAL in INT | QUIT) echo "SIG$SIGNAL needs env --default-signal, or perl: the program would ignore it"; exit 2 ;; esac
    heeding() { "$@"; }
  fi
fi
curl='env no_proxy=localhost,127.0.0.1,::1 curl -g -s -k --http1.1 -H User-Agent:racebench -H Expect:'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
DATA="${DATA:-$work/data}"
alone=
