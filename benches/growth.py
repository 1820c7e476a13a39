"""How costs grow with the work: python benches/growth.py ZSCOPE FOLDER [engines|memory|frames]... (needs matplotlib;
says SKIPPED without).

Draws what is named, or all, into FOLDER and prints what it shows: decode.png and quantize-*.png of the engines, memory.png
of training, frames.png of the window (needs xdotool; without a desktop: Xvfb :9 -screen 0 1280x800x24 & export DISPLAY=:9).
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import matplotlib
except ImportError:
    print("SKIPPED: no matplotlib here (pip install matplotlib)")
    sys.exit(0)

matplotlib.use("agg")
from matplotlib import pyplot

if len(sys.argv) < 3:
    sys.exit("usage: python benches/growth.py ZSCOPE FOLDER [engines|memory|frames]...")
ZSCOPE, FOLDER, ASKED = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
BATCHES = [16, 32, 64, 128, 256, 512]
POINTS = [1024, 4096, 16384, 65536]
CODES = [256, 1024, 4096, 16384, 65536]


def plot(name, x_label, y_label, curves):
    """One picture of curves, each a list of (x, y), on logarithmic axes, beside a line of direct proportion."""
    figure, axes = pyplot.subplots(figsize=(5.2, 3.6), layout="constrained")
    for label, places in curves.items():
        axes.plot(*zip(*places), marker="o", label=label)
        print(f"{name}: {label}: " + ", ".join(f"{x:g} {y:.4g}" for x, y in places))
    xs = sorted({x for places in curves.values() for x, _ in places})
    first = max(places[-1][1] / places[-1][0] for places in curves.values())
    axes.plot(xs, [first * x for x in xs], color="grey", linestyle=":", label="in proportion")
    axes.set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
    axes.set_xticks(xs, [f"{x:,g}" for x in xs])
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.tick_params(which="minor", bottom=False, labelbottom=False, labelleft=False)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(FOLDER / f"{name}.png", dpi=110)
    pyplot.close(figure)


def of_engines(_):
    told = subprocess.run([ZSCOPE, "bench", "growth", "--json"], capture_output=True, text=True, check=True)
    rows = json.loads(told.stdout.splitlines()[-1])
    decode, vectors, codes = {}, {}, {}
    for row in rows:
        count, time_ms = row["shape"][0], row["median_ms"]
        if row["what"].startswith("decode"):
            decode.setdefault(row["engine"], []).append((count, time_ms))
            continue
        size = int(row["what"].split()[1])
        if size == 1024:
            vectors.setdefault(f"{row['engine']}, 1,024 codes", []).append((count * 4096, time_ms))
        if count == 4:
            codes.setdefault(f"{row['engine']}, 16,384 vectors", []).append((size, time_ms))
    plot("decode", "latents", "milliseconds", decode)
    plot("quantize-vectors", "vectors of 64 values", "milliseconds", vectors)
    plot("quantize-codes", "codes", "milliseconds", {label: sorted(places) for label, places in codes.items()})


def trained(folder, batch, *keys, steps=4):
    command = [ZSCOPE, "train", "vq-vae", "--data", "shapes", "--steps", str(steps), "--batch", str(batch)]
    command += ["--device", "cpu", "--force", "--out", str(folder), "--set", "eval_images=8", *keys]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}: status {status}")
    return usage.ru_maxrss / 1024


def of_memory(folder):
    places = [(batch, trained(folder / "memory", batch)) for batch in BATCHES]
    plot("memory", "images of an update", "MB at the peak of a run", {"vq-vae, 32×32": places})


def frames(folder, model, script):
    """The median milliseconds of frames while the pointer moves over the view."""
    log, lines = folder / "frames.csv", folder / "script"
    lines.write_text(f"size 1280 800\nwait 3\n{script}\nwait 600\n")
    environment = os.environ | {"XDG_DATA_HOME": str(folder / "home")}
    command = [ZSCOPE, str(model), "--frame-log", str(log), "--script", str(lines)]
    window = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    time.sleep(15)
    began = float(log.read_text().splitlines()[-1].split(",")[0])
    hand = ["mousemove", "780", "450"]
    if "map" in script:
        hand += ["mousedown", "1"]
    for move in range(120):
        hand += ["mousemove_relative", "--", str(6 if move % 20 < 10 else -6), str(3 if move % 40 < 20 else -3), "sleep", "0.025"]
    subprocess.run(["xdotool", *hand, "mouseup", "1"], check=True)
    window.kill()
    window.wait()
    rows = [line.split(",") for line in log.read_text().splitlines()[1:]]
    return statistics.median(float(row[1]) for row in rows if float(row[0]) > began)


def of_frames(folder):
    if not (os.environ.get("DISPLAY") and shutil.which("xdotool")):
        print("SKIPPED: frames (expected DISPLAY and xdotool)")
        return
    model = folder / "points"
    trained(model, 32, "--set", "hidden=16")
    on_map = "tab map\nmap extent both {} 0\nmap encode\nmap wait\nmap mode pan"
    points = [(count, frames(folder, model, on_map.format(count))) for count in POINTS]
    cells = []
    for count in CODES:
        trained(folder / "codes", 32, "--set", "hidden=16", "--set", f"codebook_size={count}", steps=1)
        cells.append((count, frames(folder, folder / "codes", "tab codebook")))
    curves = {"map, being moved": points, "codebook heatmap, under the pointer": cells}
    plot("frames", "points or cells", "milliseconds a frame", curves)


FOLDER.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    for name, draw in {"engines": of_engines, "memory": of_memory, "frames": of_frames}.items():
        if not ASKED or name in ASKED:
            draw(Path(folder))
