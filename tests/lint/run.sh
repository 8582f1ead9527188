#!/bin/sh
# Copyright the Guesthouse developers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ./run without a display, with a program that ends by itself: its exit status comes out, what it
# says and nothing of its bus, and the server that showed it goes with it. And ./run as root where
# systemd is not: the system bus is started if there is none, whatever lies in its place.

set -u

self=$(cd "${0%/*}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 1..2

if [ "$(id -u)" -eq 0 ] || ! command -v broadwayd >/dev/null; then
  echo "ok 1 /run/no-display # SKIP as root, or without broadwayd"
  echo "ok 2 /run/system-bus # SKIP as root, or without broadwayd"
  exit 0
fi

mkdir -p "$work/.ci" "$work/_build/run/root/bin" "$work/bin"
cp "$self/../../run" "$work/run"
for stub in .ci/install bin/ninja bin/meson; do
  printf '#!/bin/sh\n' >"$work/$stub"
done
printf '#!/bin/sh\necho "$BROADWAY_DISPLAY" >"%s/display"\necho out; echo err >&2\nexit 7\n' "$work" \
  >"$work/_build/run/root/bin/guesthouse"
chmod +x "$work/.ci/install" "$work"/bin/* "$work/_build/run/root/bin/guesthouse"
: >"$work/_build/run/build.ninja"

# A bus of its own, which says so on both.
printf '#!/bin/sh\necho bus; echo bus >&2\nshift\nexec "$@"\n' >"$work/bin/dbus-run-session"
chmod +x "$work/bin/dbus-run-session"

unset DISPLAY WAYLAND_DISPLAY
env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR PATH="$work/bin:$PATH" "$work/run" \
  >"$work/out" 2>"$work/said"
status=$?
port=$(tr -d : <"$work/display" 2>/dev/null)
left=$(pgrep -u "$(id -u)" -f "^broadwayd --address 127.0.0.1 --port ${port:-none} " || :)
if [ $status -eq 7 ] && [ -n "$port" ] && [ -z "$left" ] && [ "$(cat "$work/out")" = out ] &&
   grep -q "http://127.0.0.1:$port/" "$work/said" && grep -qx err "$work/said" &&
   ! grep -qx bus "$work/said"; then
  echo "ok 1 /run/no-display"
else
  echo "not ok 1 /run/no-display"
  echo "# exit status $status, not 7; port “$port”; left behind: $left"
  sed 's/^/# /' "$work/said"
  # shellcheck disable=SC2086 # some numbers
  [ -z "$left" ] || kill $left
fi

# Root's part, on folders and with daemons of our own.
sed "s,/run/,$work/sys/,g" "$self/../../run" >"$work/run"
mkdir -p "$work/sys/dbus"
printf '#!/bin/sh\necho 0\n' >"$work/bin/id"
for stub in libvirtd virtlogd dbus-daemon; do
  printf '#!/bin/sh\necho %s >>"%s/started"\n' $stub "$work" >"$work/bin/$stub"
done
chmod +x "$work"/bin/*
bus=$work/sys/dbus/system_bus_socket
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$bus"

# Which daemons ./run starts.
started ()
{
  rm -f "$work/started"
  PATH=$work/bin:$PATH "$work/run" list >"$work/out" 2>&1
  tr '\n' ' ' <"$work/started"
}

nothing=$(started)
dbus-daemon --session --fork --nopidfile --address "unix:path=$bus" --print-pid >"$work/pid"
alive=$(started)
kill -9 "$(cat "$work/pid")"
stale=$([ ! -S "$bus" ] || started)
if [ "$nothing" = "dbus-daemon virtlogd libvirtd " ] && [ "$alive" = "virtlogd libvirtd " ] &&
   [ "$stale" = "$nothing" ]; then
  echo "ok 2 /run/system-bus"
else
  echo "not ok 2 /run/system-bus"
  echo "# without a bus: $nothing; with one: $alive; with what one left: $stale"
fi
