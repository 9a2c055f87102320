#!/bin/sh
# A part of repro.sh: it waits for what a connection brings.
# shellcheck disable=SC2154

heard() { # something that has come, or comes in 20 s
  n=0
  until grep -q "$@" "$work/came"; do
    n=$((n+1))
    [ -s "$work/hungup" ] || [ $n -gt 400 ] && { grep -q "$@" "$work/came"; return; }
    sleep 0.05
  done
}
