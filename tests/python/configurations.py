"""Random configurations of diffusers' autoencoders, each saved in a random way: python configurations.py ZSCOPE [COUNT [SEED]]
(needs torch, diffusers, safetensors).

Levels, widths, attention, norms, channels, sides, names and kinds of files vary; what zscope encodes and decodes has to
agree with the library on images of sides that the network was not trained on.
"""

import random
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel

from beside import same_outputs
from scrambled import scrambled

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 40
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 0
draw = random.Random(SEED)
torch.manual_seed(SEED)


def small():
    """An AutoencoderTiny, and how much smaller its latents are."""
    levels, width, channels = draw.randint(1, 4), draw.choice([4, 8, 12]), draw.choice([1, 3, 4])
    blocks = lambda: tuple(draw.randint(1, 3) for _ in range(levels))
    model = AutoencoderTiny(
        in_channels=channels, out_channels=channels, latent_channels=draw.randint(1, 17),
        encoder_block_out_channels=(width,) * levels, decoder_block_out_channels=(width,) * levels,
        num_encoder_blocks=blocks(), num_decoder_blocks=blocks())
    return model, channels, 2 ** (levels - 1)


def large(kind):
    """A VQModel or an AutoencoderKL, and how much smaller its latents are."""
    groups, channels = draw.choice([1, 2, 4, 32]), draw.choice([1, 3, 4])
    levels = draw.randint(1, 2 if groups == 32 else 4)
    widths = tuple(groups * draw.choice([1, 2]) for _ in range(levels))
    blocks = lambda down: tuple(("Attn" if draw.random() < 0.3 else "") + f"{down}Block2D" for _ in range(levels))
    config = dict(
        in_channels=channels, out_channels=channels, block_out_channels=widths, norm_num_groups=groups,
        layers_per_block=draw.randint(1, 3), latent_channels=draw.randint(1, 6),
        down_block_types=blocks("DownEncoder"), up_block_types=blocks("UpDecoder"),
        mid_block_add_attention=draw.random() < 0.7, sample_size=draw.choice([16, 32, [16, 24], [24, 8]]))
    if kind is AutoencoderKL:
        config |= dict(use_quant_conv=draw.random() < 0.5, use_post_quant_conv=draw.random() < 0.5)
    else:
        config["num_vq_embeddings"] = draw.randint(8, 60)
        if groups == 32 and draw.random() < 0.5:
            config["norm_type"] = "spatial"
        elif draw.random() < 0.5:
            config["vq_embed_dim"] = draw.randint(1, 7)
    return kind(**config), channels, 2 ** (levels - 1)


def saved(model, folder):
    """The model in a folder, under one of the names and in one of the formats that people have; says which."""
    how = draw.choice(["whole", "fp16", "bin", "shards"])
    if how == "fp16":
        model.half().save_pretrained(folder, variant="fp16")
        model.float()
    elif how == "bin":
        model.save_pretrained(folder, safe_serialization=False)
    else:
        model.save_pretrained(folder, max_shard_size="20KB" if how == "shards" else "5GB")
    return how


for number in range(COUNT):
    kind = draw.choice([VQModel, AutoencoderKL, AutoencoderTiny])
    model, channels, factor = small() if kind is AutoencoderTiny else large(kind)
    scrambled(model)
    sides = [factor * draw.randint(2, 5) + draw.choice([0, 0, 1]) for _ in range(2)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        how = saved(model, folder)
        try:
            same_outputs(f"{number}: {kind.__name__}, {how}, {sides}", folder, model, (2, channels, *sides))
        except AssertionError:
            print(dict(model.config))
            raise
print(f"all {COUNT} configurations agree")
