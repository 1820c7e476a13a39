"""Models to and from the real diffusers: python round_trips.py ZSCOPE (needs torch, diffusers, safetensors).

diffusers -> zscope export -> diffusers has to be equal, weight by weight and output by output; what zscope encodes and
decodes has to agree with the library; and what zscope trains and exports has to load and give the same pictures.
"""

import json
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel

from beside import same_outputs, zscope

torch.manual_seed(3)


def from_diffusers():
    """Random models of several shapes, there and back."""
    plain, attended = "DownEncoderBlock2D", "AttnDownEncoderBlock2D"
    up, up_attended = "UpDecoderBlock2D", "AttnUpDecoderBlock2D"
    cases = [
        ("VQModel, spatial", VQModel(block_out_channels=(32, 64), norm_type="spatial", latent_channels=4,
                                     down_block_types=(plain, attended), up_block_types=(up_attended, up)),
         (1, 3, 16, 24)),
        ("VQModel, grey", VQModel(in_channels=1, out_channels=1, block_out_channels=(8, 16, 16), norm_num_groups=4,
                                  down_block_types=(plain,) * 3, up_block_types=(up,) * 3, vq_embed_dim=7,
                                  num_vq_embeddings=50, mid_block_add_attention=False, layers_per_block=2),
         (2, 1, 20, 12)),
        ("AutoencoderKL", AutoencoderKL(block_out_channels=(16, 32), norm_num_groups=8, layers_per_block=2,
                                        down_block_types=(plain, plain), up_block_types=(up, up),
                                        sample_size=[24, 40], scaling_factor=0.3, shift_factor=0.1), (1, 3, 24, 40)),
        ("AutoencoderKL, bare", AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=2, use_quant_conv=False,
                                              use_post_quant_conv=False, down_block_types=(plain, plain),
                                              up_block_types=(up, up), mid_block_add_attention=False),
         (1, 3, 17, 15)),
        ("AutoencoderTiny", AutoencoderTiny(encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
                                            num_encoder_blocks=(1, 2), num_decoder_blocks=(2, 1)), (1, 3, 10, 14)),
    ]
    for what, model, shape in cases:
        model.eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        with tempfile.TemporaryDirectory() as scratch:
            there, back = Path(scratch) / "there", Path(scratch) / "back"
            model.save_pretrained(there)
            same_outputs(what, there, model, shape)
            zscope("export", there, "--format", "diffusers", "--out", back)
            again = type(model).from_pretrained(back)
            first, second = model.state_dict(), again.state_dict()
            assert first.keys() == second.keys(), f"{what}: names"
            assert all(torch.equal(first[name], second[name]) for name in first), f"{what}: weights"
            plain_value = lambda value: list(value) if isinstance(value, tuple) else value
            different = {key for key in model.config if not key.startswith("_")
                         and plain_value(model.config[key]) != plain_value(again.config[key])
                         and not (key == "vq_embed_dim" and model.config[key] is None)
                         and not (isinstance(model, AutoencoderTiny) and key == "block_out_channels")}
            assert not different, f"{what}: {different} of the configuration"
            print(f"{what}: equal there and back")


def from_zscope():
    """What zscope trains, in diffusers."""
    for latents, kind in (("codes", VQModel), ("normal", AutoencoderKL)):
        with tempfile.TemporaryDirectory() as scratch:
            run, out = Path(scratch) / "run", Path(scratch) / "out"
            keys = [f"latents={latents}", "channels=8", "d_channels=4", "eval_images=8", "image_size=16"]
            sets = [word for key in keys for word in ("--set", key)]
            zscope("train", "vqgan", "--data", "shapes?size=16&train=32&test=8", "--steps", 3, "--batch", 8,
                   "--device", "cpu", "--out", run, *sets)
            zscope("export", run, "--format", "diffusers", "--out", out)
            model = kind.from_pretrained(out).eval()
            same_outputs(f"vqgan, latents={latents}", run, model, (2, 3, 16, 16))
            assert json.loads((out / "config.json").read_text())["_class_name"] == kind.__name__


from_diffusers()
from_zscope()
print("all round trips are equal")
