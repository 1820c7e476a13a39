"""What zscope gives for a model, beside what the library gives; the scripts name zscope as their first argument."""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, VQModel
from safetensors.torch import load_file, save_file

ZSCOPE = sys.argv[1]


def zscope(*arguments):
    result = subprocess.run([ZSCOPE, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, f"{arguments}: {result.stderr}"
    return result.stdout


def assert_close(what, found, expected):
    assert found.shape == expected.shape, f"{what}: {tuple(found.shape)} for {tuple(expected.shape)}"
    difference = (found - expected).abs().max().item()
    assert difference <= 1e-4 + 1e-4 * expected.abs().max().item(), f"{what}: {difference}"
    print(f"{what}: within {difference:.1e}")


def latent_of(model, image):
    encoded = model.encode(image)
    return encoded.latent_dist.mean if isinstance(model, AutoencoderKL) else encoded.latents


@torch.no_grad()
def same_outputs(what, folder, model, shape):
    """zscope's latents and pictures of a folder beside the library's."""
    image = torch.rand(shape) * 2 - 1
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        save_file({"image": image}, scratch / "image.safetensors")
        zscope("encode", folder, "--input", scratch / "image.safetensors", "--output", scratch / "latent.safetensors")
        latent = latent_of(model, image)
        found = load_file(scratch / "latent.safetensors")
        assert_close(f"{what}, latent", found["latent"], latent)
        if isinstance(model, VQModel):
            indices = model.quantize(latent)[2][2].reshape(found["indices"].shape)
            assert torch.equal(found["indices"].long(), indices), f"{what}: codes"
        save_file({"latent": latent.contiguous()}, scratch / "latent.safetensors")
        zscope("decode", folder, "--input", scratch / "latent.safetensors", "--output", scratch / "out.safetensors")
        found = load_file(scratch / "out.safetensors")["image"]
        assert_close(f"{what}, image", found, model.decode(latent).sample)
