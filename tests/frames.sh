#!/usr/bin/env bash
# How long frames take while a hand pans and zooms a map of that many points, on the display at hand (needs xdotool;
# without a desktop: Xvfb :9 -screen 0 1280x800x24 & DISPLAY=:9):
#   zscope train vae --data fashion-mnist:../shared/data/fashion-mnist --set arch=mlp --steps 1500 --out fm
#   tests/frames.sh zscope fm 70000
set -euo pipefail
zscope=$1 run=$2 points=$3
work=$(mktemp -d)
trap 'kill "$window" 2>/dev/null || true; rm -rf "$work"' EXIT

cat > "$work/map.script" <<END
size 1280 800
wait 5
tab map
map extent both $points 0
map encode
map wait
map mode pan
wait 60
END
XDG_DATA_HOME=$work "$zscope" "$run" --frame-log "$work/frames.csv" --script "$work/map.script" 2> "$work/log" &
window=$!
sleep 15

# One process moves the pointer: starting one for each move would take its time from the window.
# Three times: a second there with turns, a second back, six notches nearer, six farther.
hand=(mousemove 780 450 sleep 0.5)
for round in 1 2 3; do
    hand+=(mousedown 1)
    for move in {1..40}; do hand+=(mousemove_relative -- $(((move % 20 < 10) ? 6 : -6)) 3 sleep 0.025); done
    for move in {1..40}; do hand+=(mousemove_relative -- -2 -3 sleep 0.025); done
    hand+=(mouseup 1)
    for notch in {1..6}; do hand+=(click 4 sleep 0.12); done
    for notch in {1..6}; do hand+=(click 5 sleep 0.12); done
done
began=$(awk -F, 'END { print $1 }' "$work/frames.csv")
xdotool "${hand[@]}"
kill "$window"

# Frames in which the map moved.
awk -F, -v began="$began" '$1 > began && $3 ~ /map/ { print $2 }' "$work/frames.csv" | sort -n |
    awk -v points="$points" '{ ms[NR] = $1 }
        END { if (!NR) { print "the map did not move"; exit 1 }
              printf "%d points: %d frames, median %.0f ms, p95 %.0f ms\n", points, NR, ms[int((NR + 1) / 2)], ms[int(NR * 0.95)] }'
