#!/bin/sh
# A part of repro.sh: a connection by hand.
# shellcheck disable=SC2016,SC2034,SC2154

needs mkfifo
case $url in https:*) needs openssl ;; *) needs bash ;; esac
dial() { # what is written to 3 goes out, what comes is in $work/came
  case $url in
  https:*) set -- openssl s_client -quiet -connect "${url#https://}" ;;
  # Bash and not curl, which would not see what comes while it waits for something to send.
  *) set -- bash -c 'exec 5<>"/dev/tcp/$0/$1" 6<&0 || exit 1; echo connected >&2; cat <&6 >&5 & cat <&5' "$host" "$port" ;;
  esac
  rm -f "$work/in" "$work/hungup"; : >"$work/came"; : >"$work/wire"
  mkfifo "$work/in" || exit 2
  exec 3<>"$work/in"
  (setsid sh -c 'echo $$ >"$0"; exec "$@"' "$work/dialer" "$@" <"$work/in" >"$work/came"; echo $? >"$work/hungup") 2>"$work/wire" 3>&- &
  client=$!
  n=0
  until grep -q -e '^connected' -e '^verify' "$work/wire"; do
    n=$((n+1))
    [ -s "$work/hungup" ] || [ $n -gt 400 ] && { echo "no connection:"; cat "$work/wire"; exit 2; }
    sleep 0.05
  done
}
