package external

// How the stores of acknowledged writes are written to and read back by a shell. A write is number $i.
const (
	readHTTP = `  code=$($curl -o "$work/back" -w '%%{http_code}'%s) || return 2
  case $code in 2*) cat "$work/back" ;; 404 | 410) ;; *) echo "status $code"; return 2 ;; esac`

	keepRedis = `  dial
  printf 'SET racebench-%s "value of racebench-%s"\r\n' "$i" "$i" >&3
  heard '^+OK'; said=$?
  hang_up
  return $said`
	readRedis = `  dial
  printf 'GET racebench-%s\r\n' "$i" >&3
  heard -e '^value of ' -e '^\$-1'; said=$?
  hang_up
  cat "$work/came"
  [ $said -eq 0 ] || return 2`

	// reproNATS speaks the protocol by hand: lines, and JSON.
	reproNATS = `
publish() { # a subject, and a text: what is answered comes to _INBOX.racebench
  printf 'PUB %%s _INBOX.racebench %%s\r\n%%s\r\n' "$1" ${#2} "$2" >&3
}
greet() {
  dial
  printf '%%s\r\n' 'CONNECT {"verbose":false%s}' 'SUB _INBOX.racebench 1' >&3
}
`
	keepNATS = `  greet
  publish '$JS.API.STREAM.CREATE.racebench' '{"name":"racebench","subjects":["racebench.>"],"storage":"file","retention":"limits","num_replicas":1}'
  heard '^MSG _INBOX.racebench' && publish "racebench.$i" "value of racebench-$i" && heard '"seq": *[1-9]'; said=$?
  hang_up
  return $said`
	readNATS = `  greet
  publish '$JS.API.STREAM.MSG.GET.racebench' '{"last_by_subj":"racebench.'"$i"'"}'
  heard -e '"data":' -e '"code": *404'; said=$?
  hang_up
  [ $said -eq 0 ] || { cat "$work/came"; return 2; }
  sed -n 's/.*"data": *"\([^"]*\)".*/\1/p' "$work/came" | base64 -d`

	keepMQTT = `  publish -r -t "racebench/$i/value" -m "value of racebench-$i"`
	// A message that is retained now, and comes back, says that the other would; what comes after it, that all has come.
	readMQTT = `  publish -r -t "racebench/$i/~sentinel" -m sentinel || return 2
  rm -f "$work/hungup"; : >"$work/came"
  (subscribe -t "racebench/$i/+") >"$work/came" &
  client=$!
  heard '^sentinel' && publish -t "racebench/$i/~end" -m end && heard '^end'; said=$?
  kill $client; wait $client
  cat "$work/came"
  [ $said -eq 0 ] || return 2`

	keepStdio = `  printf '{"op": "write", "id": "racebench-%s", "value": "value of racebench-%s"}\n' "$i" "$i" | adapter | grep -q '"ok": *true'`
	readStdio = `  said=$(printf '{"op": "read", "id": "racebench-%s"}\n' "$i" | adapter)
  echo "$said"
  case $said in *'"error": "'[!\"]* | *'"error":"'[!\"]* | '') return 2 ;; esac`

	// reproAlone makes the program PID 1, as in a container without an init.
	reproAlone = `alone='unshare --pid --fork --kill-child'
$alone true 2>/dev/null || alone='unshare --user --map-root-user --pid --fork --kill-child'
$alone true || { echo "this needs unshare, and to be allowed to make a process namespace"; exit 2; }
`
)
