#!/bin/sh
# A part of repro.sh: it starts the program and ends it. Above it stand url, program, which runs the program, and
# ready, which tells whether clients can begin.
# shellcheck disable=SC2016,SC2034,SC2154

answers() { $curl -o /dev/null -m 2 "$url/"; [ $? -ne 7 ]; } # 7: no connection
# A session of its own lets all of it be found and ended.
session() { heeding setsid sh -c 'echo $$ >"$0"; exec "$@"' "$work/pid" "$@"; }
pid='' client='' started=''
end() { # whatever is left of it, and of the client that holds it
  [ -s "$work/dialer" ] && hang_up
  [ -n "$client" ] && kill "$client" 2>/dev/null
  if [ -n "$started" ]; then
    until [ -s "$work/pid" ] || ended; do sleep 0.05; done # it may be about to start
    kill -s KILL -- "-$(cat "$work/pid")" 2>/dev/null
    until ended; do sleep 0.05; done
  fi
  pid='' client='' started=''
}
trap 'end; rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM PIPE

ended() { [ -s "$work/status" ]; }
start() {
  answers && { echo "somebody listens at its address already: set PORT, or stop that one"; exit 2; }
  mkdir -p "$DATA"; rm -f "$work/pid" "$work/status"
  started=1
  (trap : HUP TERM; program >"$work/output" 2>&1; echo $? >"$work/status") &
  n=0
  until [ -s "$work/pid" ] && ready; do
    n=$((n+1))
    if ended || [ $n -gt 200 ]; then
      echo "it did not become ready:"; tail -n 5 "$work/output"; exit 2
    fi
    sleep 0.1
  done
  pid=$(cat "$work/pid")
}
hang_up() { # what dial has opened
  exec 3>&-
  kill -- "-$(cat "$work/dialer")" 2>/dev/null
  wait ${client:+"$client"}
  rm -f "$work/dialer"
  client=''
}
await() { # its end, for GRACE seconds
  n=0
  until ended; do
    n=$((n+1))
    [ $n -le $((GRACE*20)) ] || return 1
    sleep 0.05
  done
}
