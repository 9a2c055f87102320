package external

// The parts of repro.sh. It is for a person who has no racebench: a POSIX shell, curl, kill and setsid.
const (
	reproHead = `#!/bin/sh
# %s
# class %s
#
# Shows it without racebench: starts the program, signals it, and looks what became of its clients, up to TIMES
# times. Needs curl, kill and setsid. Status: 1 it happened, 0 it did not, 2 it could not be tried.
# Settings: PORT, DATA (an empty folder), TIMES, GRACE (whole seconds), SIGNAL.
export PORT="${PORT:-%d}"
TIMES="${TIMES:-10}" GRACE="${GRACE:-%d}" SIGNAL="${SIGNAL:-%s}"
needs() { command -v "$1" >/dev/null || { echo "this needs $1"; exit 2; }; }
needs curl; needs setsid
# What a shell runs beside itself ignores SIGINT and SIGQUIT, and so would the program.
heeding() { env --default-signal=INT,QUIT "$@"; }
if ! heeding true 2>/dev/null; then
  heeding() { perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec @ARGV' "$@"; }
  if ! heeding true 2>/dev/null; then
    case $SIGNAL in INT | QUIT) echo "SIG$SIGNAL needs env --default-signal, or perl: the program would ignore it"; exit 2 ;; esac
    heeding() { "$@"; }
  fi
fi
curl='env no_proxy=localhost,127.0.0.1,::1 curl -g -s -k --http1.1 -H User-Agent:racebench -H Expect:'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
DATA="${DATA:-$work/data}"
`
	reproStart = `
pid= client= started=
end() { # whatever is left of it, and of the client that holds it
  [ -s "$work/dialer" ] && hang_up
  [ -n "$client" ] && kill "$client" 2>/dev/null
  if [ -n "$started" ]; then
    until [ -s "$work/pid" ] || ended; do sleep 0.05; done # it may be about to start
    kill -s KILL -- "-$(cat "$work/pid")" 2>/dev/null
    until ended; do sleep 0.05; done
  fi
  pid= client= started=
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
  wait $client
  rm -f "$work/dialer"
  client=
}
await() { # its end, for GRACE seconds
  n=0
  until ended; do
    n=$((n+1))
    [ $n -le $((GRACE*20)) ] || return 1
    sleep 0.05
  done
}
`
	goLost = `
go() {
  start
  : >"$work/wire" # else the last go's is looked at
  {
    %s -v -m $GRACE -o /dev/null -w 'status %%{http_code}, %%{size_download} B after %%{time_total} s'
    echo "; curl ends with $?"
  } >"$work/told" 2>"$work/wire" &
  client=$!
  until grep -q '^> ' "$work/wire"; do kill -s 0 $client 2>/dev/null || break; sleep 0.01; done
  sleep %s # the request has been sent
  strike
  wait $client
  cat "$work/told"
  case $(cat "$work/told") in
  *"ends with 52") echo "  it closed the connection without a byte of an answer" ;;
  *"ends with 55" | *"ends with 56") echo "  the connection was reset, or its answer was cut" ;;
  *"ends with 18") echo "  its answer was cut" ;;
  *"ends with 0" | *"ends with 22" | *"ends with 28") return 0 ;;
  *) echo "  curl could not ask"; exit 2 ;;
  esac
  return 1
}
`
	goHang = `
go() {
  start
  %s
  client=$!
  sleep 1
  strike
  if await; then echo "it ended with status $(cat "$work/status")"; return 0; fi
  echo "it is still running $GRACE s after SIG$SIGNAL"
  return 1
}
`
	goOrphan = `
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
`
	reproHeard = `
heard() { # something that has come, or comes in 20 s
  n=0
  until grep -q "$@" "$work/came"; do
    n=$((n+1))
    [ -s "$work/hungup" ] || [ $n -gt 400 ] && { grep -q "$@" "$work/came"; return; }
    sleep 0.05
  done
}
`
	// A connection by hand.
	reproDial = `
dial() { # what is written to 3 goes out, what comes is in $work/came
  rm -f "$work/in" "$work/hungup"; : >"$work/came"; : >"$work/wire"
  mkfifo "$work/in" || exit 2
  exec 3<>"$work/in"
  (setsid sh -c 'echo $$ >"$0"; exec "$@"' "$work/dialer" \
    %s \
    <"$work/in" >"$work/came"; echo $? >"$work/hungup") 2>"$work/wire" 3>&- &
  client=$!
  n=0
  until grep -q -e '^connected' -e '^verify' "$work/wire"; do
    n=$((n+1))
    [ -s "$work/hungup" ] || [ $n -gt 400 ] && { echo "no connection:"; cat "$work/wire"; exit 2; }
    sleep 0.05
  done
}
request() {
  printf '%%s\r\n'%s ''
  %s
}
`
	goPreopened = `
go() {
  start
  dial
  sleep 0.3 # the program takes the connection
  strike
  sleep 0.03
  if [ -s "$work/hungup" ]; then echo "it closed the connection before anything was sent on it"; return 0; fi
  request >&3
  if heard '^HTTP/'; then head -n 1 "$work/came"; return 0; fi
  if [ ! -s "$work/hungup" ]; then echo "no answer, and the connection is open"; return 0; fi
  echo "the connection was open before the signal; its first request got not a byte of an answer"
  return 1
}
`
	goClose = `
told() { # the code of the close frame among what came, if there is one
  od -An -v -tu1 "$work/came" | tr -s ' ' '\n' | awk '
    NF { b[n++] = $1 }
    END {
      i = 0
      while (i+3 < n && !(b[i] == 13 && b[i+1] == 10 && b[i+2] == 13 && b[i+3] == 10)) i++
      for (i += 4; i+1 < n; i = at+long) {
        at = i+2; long = b[i+1] %% 128
        if (long == 126) { long = b[at]*256 + b[at+1]; at += 2 }
        else if (long == 127) { for (long = 0; at < i+10; at++) long = long*256 + b[at] }
        if (b[i] %% 16 == 8) { print (long < 2 ? "no code" : b[at]*256 + b[at+1]); exit }
      }
    }'
}
go() {
  start
  dial
  request >&3
  heard '^HTTP/1.1 101' || { echo "no WebSocket was opened:"; head -n 1 "$work/came"; exit 2; }
  %s
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
`
	goWrites = `
write() {
%s
}
read_back() { # 2: it cannot be asked
%s
}
go() {
  [ "$DATA" = "$work/data" ] && rm -rf "$DATA"
  start
  acked=
  for i in 1 2 3 4 5; do write >/dev/null && acked="$acked $i"; done
  [ -n "$acked" ] || { echo "no write was acknowledged"; exit 2; }
  strike
  await || { echo "it has not ended $GRACE s after SIG$SIGNAL"; exit 2; }
  end
  start
  missing=0
  for i in $acked; do
    back=$(read_back) || { echo "after the restart write $i cannot be asked for: $back"; exit 2; }
    case $back in
    *%s*) ;;
    *) echo "write $i was acknowledged, and is not there after the restart"; missing=1; break ;;
    esac
  done
  [ $missing = 1 ] || echo "every acknowledged write is there:$acked"
  return $missing
}
`
	reproTail = `
try=1 hits=0
while [ $try -le "$TIMES" ]; do
  printf '%s: ' $try
  go || hits=$((hits+1))
  end
  [ $hits -ge 3 ] && break
  try=$((try+1))
done
[ $try -le "$TIMES" ] || try=$TIMES
echo "it happened in $hits of $try goes"
[ $hits -eq 0 ]
`
)
