#!/bin/sh
# A part of repro.sh: a program that does not end. Above it stands hold, which starts the client that it waits for.
# shellcheck disable=SC2154

go() {
  start
  hold
  sleep 1
  strike
  if await; then echo "it ended with status $(cat "$work/status")"; return 0; fi
  echo "it is still running $GRACE s after SIG$SIGNAL"
  return 1
}
