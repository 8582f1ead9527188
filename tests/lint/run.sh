#!/bin/sh
# Copyright the Guesthouse developers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ./run without a display, with a program that ends by itself: its exit status comes out, and
# the server that showed it goes with it.

set -u

self=$(cd "${0%/*}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 1..1

if [ "$(id -u)" -eq 0 ] || ! command -v broadwayd >/dev/null; then
  echo "ok 1 /run/no-display # SKIP as root, or without broadwayd"
  exit 0
fi

mkdir -p "$work/.ci" "$work/_build/run/root/bin" "$work/bin"
cp "$self/../../run" "$work/run"
for stub in .ci/install bin/ninja bin/meson; do
  printf '#!/bin/sh\n' >"$work/$stub"
done
printf '#!/bin/sh\necho "$BROADWAY_DISPLAY" >"%s/display"\nexit 7\n' "$work" \
  >"$work/_build/run/root/bin/guesthouse"
chmod +x "$work/.ci/install" "$work"/bin/* "$work/_build/run/root/bin/guesthouse"
: >"$work/_build/run/build.ninja"

unset DISPLAY WAYLAND_DISPLAY
PATH=$work/bin:$PATH "$work/run" 2>"$work/said"
status=$?
port=$(tr -d : <"$work/display" 2>/dev/null)
left=$(pgrep -u "$(id -u)" -f "^broadwayd --address 127.0.0.1 --port ${port:-none} " || :)
if [ $status -eq 7 ] && [ -n "$port" ] && [ -z "$left" ] && grep -q "http://127.0.0.1:$port/" "$work/said"; then
  echo "ok 1 /run/no-display"
else
  echo "not ok 1 /run/no-display"
  echo "# exit status $status, not 7; port “$port”; left behind: $left"
  sed 's/^/# /' "$work/said"
  # shellcheck disable=SC2086 # some numbers
  [ -z "$left" ] || kill $left
fi
