#!/bin/sh
# A part of repro.sh: writes to a stream of NATS JetStream, by hand: its protocol is lines, and JSON. Above it stand
# user and password.
# shellcheck disable=SC2016,SC2154 # $JS is no variable

login=''
[ -z "$user" ] || login=",\"user\":\"$user\",\"pass\":\"$password\""
publish() { # a subject, and a text: what is answered comes to _INBOX.racebench
  printf 'PUB %s _INBOX.racebench %s\r\n%s\r\n' "$1" ${#2} "$2" >&3
}
greet() {
  dial
  printf '%s\r\n' "CONNECT {\"verbose\":false$login}" 'SUB _INBOX.racebench 1' >&3
}
write() {
  greet
  publish '$JS.API.STREAM.CREATE.racebench' '{"name":"racebench","subjects":["racebench.>"],"storage":"file","retention":"limits","num_replicas":1}'
  heard '^MSG _INBOX.racebench' && publish "racebench.$i" "value of racebench-$i" && heard '"seq": *[1-9]'; said=$?
  hang_up
  return $said
}
read_back() {
  greet
  publish '$JS.API.STREAM.MSG.GET.racebench' '{"last_by_subj":"racebench.'"$i"'"}'
  heard -e '"data":' -e '"code": *404'; said=$?
  hang_up
  [ $said -eq 0 ] || { cat "$work/came"; return 2; }
  sed -n 's/.*"data": *"\([^"]*\)".*/\1/p' "$work/came" | base64 -d
}
