"""Zscope beside PyTorch on this machine: python benches/against_pytorch.py ZSCOPE [decode|quantize|train ...]

Needs torch, says SKIPPED without. Both run the paper's VQ-VAE and the search for nearest codes of the same shapes, each in
turn, twice; a ratio is Zscope's median by PyTorch's. Where PyTorch sees a graphics card, both run on it as well: in single
precision, what goes to the card and comes back included; PyTorch's time without these copies follows in a column of its
own. An update of Zscope's also draws the images, counts and restarts codes and keeps its curves; its engine "cpu" tells
nearest codes exactly, PyTorch by a product in single precision, in the fastest of three chunk sizes.
"""

import json
import statistics
import subprocess
import sys
import time

try:
    import torch
except ImportError:
    print("SKIPPED: no torch here (pip install torch)")
    sys.exit(0)

from torch import nn
from torch.nn import functional as F

BENCHES = ["decode", "quantize", "train"]
if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(BENCHES):
    sys.exit(f"usage: python benches/against_pytorch.py ZSCOPE [{'|'.join(BENCHES)} ...]")
ZSCOPE = sys.argv[1]
ASKED = sys.argv[2:] or BENCHES
ROUNDS = 2
# Zscope's engines, by the device of PyTorch that they are compared with.
ENGINES = {"cpu": "cpu", "burn-flex": "cpu", "wgsl": "cuda", "burn-wgpu": "cuda"}
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
# Single precision, as in Zscope: not the shorter one that convolutions have by default.
torch.backends.cudnn.allow_tf32 = False


class Residual(nn.Module):
    def __init__(self, hidden, inner):
        super().__init__()
        self.conv1 = nn.Conv2d(hidden, inner, 3, padding=1)
        self.conv2 = nn.Conv2d(inner, hidden, 1)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class VqVae(nn.Module):
    """The network that Zscope's recipe vq-vae has by default, with 512 codes by moving averages."""

    def __init__(self, hidden=128, dim=64, codes=512):
        super().__init__()
        self.down1 = nn.Conv2d(3, hidden // 2, 4, 2, 1)
        self.down2 = nn.Conv2d(hidden // 2, hidden, 4, 2, 1)
        self.conv = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.blocks = nn.Sequential(*[Residual(hidden, 32) for _ in range(2)])
        self.project = nn.Conv2d(hidden, dim, 1)
        self.back = nn.Conv2d(dim, hidden, 3, padding=1)
        self.back_blocks = nn.Sequential(*[Residual(hidden, 32) for _ in range(2)])
        self.up1 = nn.ConvTranspose2d(hidden, hidden // 2, 4, 2, 1)
        self.up2 = nn.ConvTranspose2d(hidden // 2, 3, 4, 2, 1)
        self.register_buffer("codebook", torch.randn(codes, dim))
        self.register_buffer("sizes", torch.ones(codes))
        self.register_buffer("sums", self.codebook.clone())

    def encode(self, images):
        x = F.relu(self.down2(F.relu(self.down1(images))))
        return self.project(F.relu(self.blocks(self.conv(x))))

    def quantize(self, latents):
        rows = latents.movedim(1, 3)
        nearest = nearest_codes(rows.reshape(-1, rows.shape[-1]), self.codebook)
        return rows, nearest, self.codebook[nearest].view_as(rows)

    def decode(self, latents):
        _, _, codes = self.quantize(latents)
        return self.paint(codes.movedim(3, 1))

    def paint(self, codes):
        x = self.back_blocks(self.back(codes))
        return torch.sigmoid(self.up2(F.relu(self.up1(F.relu(x)))))

    def loss(self, images):
        rows, nearest, codes = self.quantize(self.encode(images))
        commitment = F.mse_loss(rows, codes.detach())
        through = rows + (codes - rows).detach()
        with torch.no_grad():
            flat = rows.reshape(-1, rows.shape[-1])
            counts = torch.bincount(nearest, minlength=len(self.codebook)).float()
            sums = torch.zeros_like(self.sums).index_add_(0, nearest, flat)
            self.sizes.lerp_(counts, 0.05)
            self.sums.lerp_(sums, 0.05)
            self.codebook.copy_(self.sums / self.sizes.clamp_min(1e-5)[:, None])
        return F.mse_loss(self.paint(through.movedim(3, 1)), images) / 0.1 + commitment


def nearest_codes(vectors, codebook, rows=8192):
    """In chunks, by a matrix product."""
    squares = codebook.square().sum(1)
    chunks = vectors.split(rows)
    return torch.cat([torch.addmm(squares, chunk, codebook.T, alpha=-2).argmin(1) for chunk in chunks])


def milliseconds(run, least=5, seconds=2.0):
    run()
    times, begun = [], time.perf_counter()
    while len(times) < least or time.perf_counter() - begun < seconds:
        began = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def with_and_without_copies(device, run, given):
    """The milliseconds of `run(given)`, with what is given and made on the processor, and with both where they are used."""
    there = given.to(device)
    return milliseconds(lambda: run(given.to(device)).cpu()), milliseconds(lambda: run(there))


def of_pytorch(device):
    torch.manual_seed(0)
    model = VqVae().to(device)
    found = {}
    with torch.inference_mode():
        for batch in (1, 64, 256) if "decode" in ASKED else ():
            found["decode vq-vae", batch] = with_and_without_copies(device, model.decode, torch.randn(batch, 64, 8, 8))
        vectors = torch.randn(65536, 64)
        for codes in (512, 1024, 8192) if "quantize" in ASKED else ():
            codebook = torch.randn(codes, 64, device=device)
            found[f"quantize {codes} codes", 16] = min(
                with_and_without_copies(device, lambda vectors, rows=rows: nearest_codes(vectors, codebook, rows), vectors)
                for rows in (256, 1024, 8192)
            )
    if "train" in ASKED:
        adam = torch.optim.Adam(model.parameters(), lr=1e-3)
        images = torch.rand(128, 3, 32, 32, device=device)

        def update():
            adam.zero_grad()
            model.loss(images).backward()
            adam.step()

        found["train vq-vae", 128] = (milliseconds(update),) * 2
    return found


def of_zscope():
    found = {}
    for what in ASKED:
        told = subprocess.run([ZSCOPE, "bench", what, "--json"], capture_output=True, text=True, check=True)
        for row in json.loads(told.stdout.splitlines()[-1]):
            found[row["what"], row["shape"][0], row["engine"]] = row["median_ms"]
    return found


theirs, ours = {}, {}
for _ in range(ROUNDS):
    for device in DEVICES:
        for (what, items), values in of_pytorch(device).items():
            theirs.setdefault((what, items, device), []).append(values)
    for case, value in of_zscope().items():
        ours.setdefault(case, []).append(value)
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {', '.join(DEVICES)}")
print(f"{'case':<24} {'items':>6} {'engine':<10} {'zscope':>10} {'pytorch':>10} {'ratio':>6} {'no copies':>10}")
for (what, items, engine), values in ours.items():
    if (what, items, ENGINES[engine]) in theirs:
        own = statistics.median(values)
        with_copies, without = map(statistics.median, zip(*theirs[what, items, ENGINES[engine]]))
        ratio = own / with_copies
        print(f"{what:<24} {items:>6} {engine:<10} {own:>7.2f} ms {with_copies:>7.2f} ms {ratio:>6.2f} {without:>7.2f} ms")
