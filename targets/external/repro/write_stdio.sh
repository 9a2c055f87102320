#!/bin/sh
# A part of repro.sh: writes by an adapter of the user's own. Above it stands adapter, which runs it.
# shellcheck disable=SC2154

write() {
  printf '{"op": "write", "id": "racebench-%s", "value": "value of racebench-%s"}\n' "$i" "$i" | adapter | grep -q '"ok": *true'
}
read_back() {
  said=$(printf '{"op": "read", "id": "racebench-%s"}\n' "$i" | adapter)
  echo "$said"
  case $said in *'"error": "'[!\"]* | *'"error":"'[!\"]* | '') return 2 ;; esac
}
