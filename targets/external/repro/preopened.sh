#!/bin/sh
# A part of repro.sh: a connection that was open before the signal. Above it stands request, which prints the first
# request on it.
# shellcheck disable=SC2154

go() {
  start
  dial
  sleep 0.3 # the program takes the connection
  strike
  sleep 0.03
  if [ -s "$work/hungup" ]; then echo "it closed the connection before anything was sent on it"; return 0; fi
  request >&3
  if heard '^HTTP/'; then head -n 1 "$work/came"; return 0; fi
  if [ ! -s "$work/hungup" ]; then echo "no answer, and the connection is open"; return 0; fi
  echo "the connection was open before the signal; its first request got not a byte of an answer"
  return 1
}
