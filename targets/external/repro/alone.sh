#!/bin/sh
# A part of repro.sh: it makes the program PID 1, as in a container without an init.
# shellcheck disable=SC2034,SC2154 # program uses alone

alone='unshare --pid --fork --kill-child'
$alone true 2>/dev/null || alone='unshare --user --map-root-user --pid --fork --kill-child'
$alone true || { echo "this needs unshare, and to be allowed to make a process namespace"; exit 2; }
first() { tr -d ' ' <"/proc/$pid/task/$pid/children"; } # PID 1 of the namespace, by its id out here
