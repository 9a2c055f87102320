#!/bin/sh
# A part of repro.sh: processes that outlive the program, and a listener that does.
# shellcheck disable=SC2154

go() {
  start
  strike
  await || { echo "pid $pid, which got SIG$SIGNAL, has not ended"; return 1; }
  sleep 1
  left=0
  if kill -s 0 -- "-$pid" 2>/dev/null; then echo "pid $pid has ended; others of its group are there a second later"; left=1; fi
  if answers; then echo "pid $pid has ended; its address still answers"; left=1; fi
  [ $left = 1 ] || echo "pid $pid has ended, and nothing is left of it"
  return $left
}
