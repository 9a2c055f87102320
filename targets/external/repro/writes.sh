#!/bin/sh
# A part of repro.sh: acknowledged writes that a restart does not give back. Above it stand write, which stores write
# number $i, read_back, which prints what is there of it (2: it cannot be asked), and value, which prints what should be.
# shellcheck disable=SC2154

go() {
  [ "$DATA" = "$work/data" ] && rm -rf "$DATA"
  start
  acked=''
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
    *"$(value)"*) ;;
    *) echo "write $i was acknowledged, and is not there after the restart"; missing=1; break ;;
    esac
  done
  [ $missing = 1 ] || echo "every acknowledged write is there:$acked"
  return $missing
}
