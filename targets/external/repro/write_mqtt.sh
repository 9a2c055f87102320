#!/bin/sh
# A part of repro.sh: retained messages of MQTT, by the tools of mosquitto. Above it stand user and password.
# shellcheck disable=SC2154

needs mosquitto_pub; needs mosquitto_sub; needs stdbuf
publish() { mosquitto_pub -q 1 -h "$host" -p "$port" ${user:+-u "$user" -P "$password"} "$@"; }
subscribe() { exec stdbuf -oL mosquitto_sub -q 1 -h "$host" -p "$port" ${user:+-u "$user" -P "$password"} "$@"; }
write() {
  publish -r -t "racebench/$i/value" -m "value of racebench-$i"
}
# A message that is retained now, and comes back, says that the other would; what comes after it, that all has come.
read_back() {
  publish -r -t "racebench/$i/~sentinel" -m sentinel || return 2
  rm -f "$work/hungup"; : >"$work/came"
  (subscribe -t "racebench/$i/+") >"$work/came" &
  client=$!
  heard '^sentinel' && publish -t "racebench/$i/~end" -m end && heard '^end'; said=$?
  kill $client; wait $client
  cat "$work/came"
  [ $said -eq 0 ] || return 2
}
