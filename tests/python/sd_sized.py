"""A random AutoencoderKL of Stable Diffusion's size, to measure with: python sd_sized.py FOLDER (needs diffusers).

Writes FOLDER/model, as diffusers does, and FOLDER/z.safetensors with a latent of 64 by 64.
"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

torch.manual_seed(0)
folder = Path(sys.argv[1])
AutoencoderKL(
    block_out_channels=(128, 256, 512, 512), layers_per_block=2, sample_size=512,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
).save_pretrained(folder / "model")
save_file({"latent": torch.randn(1, 4, 64, 64)}, folder / "z.safetensors")
