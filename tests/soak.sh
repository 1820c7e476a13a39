#!/usr/bin/env bash
# Ten minutes, or as many as told, of dragging over the pad while a model trains, on the display at hand (without
# a desktop: Xvfb :9 -screen 0 1280x800x24 & DISPLAY=:9 tests/soak.sh zscope 10):
# memory, frame times and updates a second of every minute.
set -euo pipefail
zscope=$1 minutes=${2:-10}
work=$(mktemp -d)
trap 'kill "$window" 2>/dev/null || true; rm -rf "$work"' EXIT

# A hand that goes round on the pad while a VQ-VAE trains.
cat > "$work/soak.script" <<SCRIPT
size 1280 800
wait 3
train shapes recipe=vq-vae epochs=1000 batch=64
wait-step 20
drag $((minutes * 60 + 60))
SCRIPT
XDG_DATA_HOME=$work "$zscope" --frame-log "$work/frames.csv" --script "$work/soak.script" 2> "$work/log" &
window=$!

printf '%6s %8s %8s %10s %10s %10s\n' minute MB frames 'median ms' 'p99 ms' 'updates/s'
steps=0
for ((minute = 1; minute <= minutes; minute++)); do
    sleep 60
    megabytes=$(awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$window/status")
    done=$(cat "$work"/zscope/runs/*/metrics.csv | wc -l)
    end=$(awk -F, 'END { print $1 }' "$work/frames.csv")
    awk -F, -v end="$end" 'NR > 1 && $1 > end - 60000 { print $2 }' "$work/frames.csv" | sort -n |
        awk -v minute="$minute" -v mb="$megabytes" -v updates=$((done - steps)) '{ ms[NR] = $1 }
            END { printf "%6d %8d %8d %10.1f %10.1f %10.2f\n", minute, mb, NR, ms[int((NR + 1) / 2)], ms[int(NR * 0.99 + 0.5)], updates / 60 }'
    steps=$done
done
