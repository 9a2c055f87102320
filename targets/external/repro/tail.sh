#!/bin/sh
# A part of repro.sh: it tries until it has seen enough. Above it stands go, which tells whether it happened.
# shellcheck disable=SC2154

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
