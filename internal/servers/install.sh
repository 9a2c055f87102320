#!/bin/sh
# Installs the servers that `make test-servers` probes, from the system's own packages, and stops none that runs.
# What cannot be had is skipped by the test.
missing=""
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v haproxy >/dev/null || missing="$missing haproxy"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v node >/dev/null || missing="$missing nodejs"
command -v python3 >/dev/null || missing="$missing python3"
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || { echo "no apt-get here: not installed:$missing"; exit 1; }
root=""
[ "$(id -u)" -eq 0 ] || root="sudo -n"
# Packages of servers start them; a policy that says no keeps their ports free.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null && $root chmod +x "$policy"
	trap '$root rm -f "$policy"' EXIT
fi
$root timeout 40 apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $root timeout 60 apt-get install -y -qq --no-install-recommends $missing
