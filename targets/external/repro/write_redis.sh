#!/bin/sh
# A part of repro.sh: writes to Redis.
# shellcheck disable=SC2154

write() {
  dial
  printf 'SET racebench-%s "value of racebench-%s"\r\n' "$i" "$i" >&3
  heard '^+OK'; said=$?
  hang_up
  return $said
}
read_back() {
  dial
  printf 'GET racebench-%s\r\n' "$i" >&3
  heard -e '^value of ' -e '^\$-1'; said=$?
  hang_up
  cat "$work/came"
  [ $said -eq 0 ] || return 2
}
