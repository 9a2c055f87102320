#!/bin/sh
# A part of repro.sh: writes by HTTP. Above it stand write, and ask, which asks for write number $i.
# shellcheck disable=SC2154

read_back() {
  code=$(ask -o "$work/back" -w '%{http_code}') || return 2
  case $code in 2*) cat "$work/back" ;; 404 | 410) ;; *) echo "status $code"; return 2 ;; esac
}
