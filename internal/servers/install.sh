#!/bin/sh
# Installs the servers that `make test-servers` probes, from the system's own packages, and stops none that runs.
# What cannot be had is skipped by the test. Those that most rows need come first, each lot with a limit of its own.

# The release of Go that the newest is compared with (oldGo of targets/external).
if command -v go >/dev/null && ! GOTOOLCHAIN=go1.24.11 GOPROXY=off go version >/dev/null 2>&1; then
	GOTOOLCHAIN=go1.24.11 timeout 30 go version || echo "go1.24.11 cannot be had here"
fi

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
/usr/bin/python3 -c 'import aiohttp' 2>/dev/null || more="$more python3-aiohttp"
[ -z "$missing$more" ] && exit 0
command -v apt-get >/dev/null || { echo "no apt-get here: not installed:$missing$more"; exit 1; }
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
	DEBIAN_FRONTEND=noninteractive $root timeout "$limit" apt-get install -y -qq --no-install-recommends "$@"
}
$root timeout 40 apt-get update -qq
status=0
# shellcheck disable=SC2086
install 60 $missing || status=$?
# shellcheck disable=SC2086
install 30 $more || status=$?
exit $status
