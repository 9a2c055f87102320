#!/bin/sh
# A part of repro.sh: a request that the program had read and did not answer. Above it stand send, which sends the
# request, and WAIT.
# shellcheck disable=SC2154

go() {
  start
  : >"$work/wire" # else the last go's is looked at
  {
    send -v -m "$GRACE" -o /dev/null -w 'status %{http_code}, %{size_download} B after %{time_total} s'
    echo "; curl ends with $?"
  } >"$work/told" 2>"$work/wire" &
  client=$!
  until grep -q '^> ' "$work/wire"; do kill -s 0 $client 2>/dev/null || break; sleep 0.01; done
  sleep "$WAIT" # the request has been sent
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
