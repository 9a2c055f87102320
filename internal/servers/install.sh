#!/bin/sh
# Installs the servers that `make test-servers` probes, from the system's own packages, and stops none that runs.
# What cannot be had is skipped by the test. Those that most rows need come first, each lot with a limit of its own.
# With the argument "all" it also builds those that are built (build.sh), which takes minutes.

here=$(dirname "$0")
status=0
if [ "${1:-}" = all ]; then
	"$here/build.sh" || status=$?
fi

# The release of Go that the newest is compared with (oldGo of targets/external).
if command -v go >/dev/null && ! GOTOOLCHAIN=go1.24.11 GOPROXY=off go version >/dev/null 2>&1; then
	GOTOOLCHAIN=go1.24.11 timeout 30 go version || echo "go1.24.11 cannot be had here"
fi

# module NAME says whether the system's own Python has a module.
module() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

missing=""
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v haproxy >/dev/null || missing="$missing haproxy"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v node >/dev/null || missing="$missing nodejs"
command -v python3 >/dev/null || missing="$missing python3"
more=""
command -v lighttpd >/dev/null || more="$more lighttpd"
command -v nats-server >/dev/null || more="$more nats-server"
command -v mosquitto >/dev/null || more="$more mosquitto"
module aiohttp || more="$more python3-aiohttp"
python=""
module uvicorn && module websockets || python="$python python3-uvicorn python3-websockets"
module waitress || python="$python python3-waitress"
module tornado || python="$python python3-tornado"
[ -z "$missing$more$python" ] && exit $status
command -v apt-get >/dev/null || { echo "no apt-get here: not installed:$missing$more$python"; exit 1; }
root=""
[ "$(id -u)" -eq 0 ] || root="sudo -n"
# Packages of servers start them; a policy that says no keeps their ports free.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null && $root chmod +x "$policy"
	trap '$root rm -f "$policy"' EXIT
fi
# install SECONDS PACKAGES...
install() {
	limit=$1
	shift
	[ $# -eq 0 ] && return
	DEBIAN_FRONTEND=noninteractive $root timeout "$limit" apt-get install -y -qq --no-install-recommends "$@" || status=$?
}
$root timeout 40 apt-get update -qq
# shellcheck disable=SC2086
install 60 $missing
# shellcheck disable=SC2086
install 30 $more
# shellcheck disable=SC2086
install 15 $python
exit $status
