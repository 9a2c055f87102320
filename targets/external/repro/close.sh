#!/bin/sh
# A part of repro.sh: a WebSocket without a close frame. Above it stand request, which prints the request for a
# WebSocket, and hello, which prints the first frame on it.
# shellcheck disable=SC2154

told() { # the code of the close frame among what came, if there is one
  od -An -v -tu1 "$work/came" | tr -s ' ' '\n' | awk '
    NF { b[n++] = $1 }
    END {
      i = 0
      while (i+3 < n && !(b[i] == 13 && b[i+1] == 10 && b[i+2] == 13 && b[i+3] == 10)) i++
      for (i += 4; i+1 < n; i = at+long) {
        at = i+2; long = b[i+1] % 128
        if (long == 126) { long = b[at]*256 + b[at+1]; at += 2 }
        else if (long == 127) { for (long = 0; at < i+10; at++) long = long*256 + b[at] }
        if (b[i] % 16 == 8) { print (long < 2 ? "no code" : b[at]*256 + b[at+1]); exit }
      }
    }'
}
go() {
  start
  dial
  request >&3
  heard '^HTTP/1.1 101' || { echo "no WebSocket was opened:"; head -n 1 "$work/came"; exit 2; }
  hello >&3
  sleep 0.3
  strike
  n=0
  until [ -s "$work/hungup" ]; do
    n=$((n+1))
    [ $n -gt $((GRACE*20)) ] && { echo "the WebSocket is open $GRACE s after SIG$SIGNAL"; return 0; }
    sleep 0.05
  done
  code=$(told)
  if [ -n "$code" ]; then echo "the WebSocket was closed with $code"; return 0; fi
  echo "the WebSocket ended without a close frame"
  return 1
}
