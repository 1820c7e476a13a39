"""Makes the checkpoints in this folder with the real libraries: pip install torch diffusers safetensors; python make.py.

Each folder holds a small model with random weights as a library writes it, and `io.safetensors` with what the library
gives for it: image -> latent (logvar, indices, quantized) -> decoded.
"""

import json
import shutil
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel
from safetensors.torch import save_file

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "python"))
from scrambled import scrambled  # noqa: E402

torch.manual_seed(20)


def folder(name):
    path = HERE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def io_of(path, model, shape):
    image = torch.rand(shape) * 2 - 1
    io = {"image": image}
    with torch.no_grad():
        if isinstance(model, VQModel):
            latent = model.encode(image).latents
            quantized, _, (_, _, indices) = model.quantize(latent)
            b, _, h, w = latent.shape
            io["indices"] = indices.reshape(b, h, w).int()
            io["quantized"] = model.quantize.embedding(indices).reshape(b, h, w, -1).permute(0, 3, 1, 2)
            io["decoded"] = model.decode(latent).sample
        elif isinstance(model, AutoencoderKL):
            posterior = model.encode(image).latent_dist
            latent = posterior.mean
            io["logvar"] = posterior.logvar
            io["decoded"] = model.decode(latent).sample
        else:
            latent = model.encode(image).latents
            io["decoded"] = model.decode(latent).sample
    io["latent"] = latent
    save_file({name: value.contiguous() for name, value in io.items()}, path / "io.safetensors")
    return io


# A VQModel as Kandinsky's MoVQ: normalizations that see the latent, attention on a level, half precision.
movq = scrambled(VQModel(
    block_out_channels=(32, 32), layers_per_block=1, latent_channels=4, num_vq_embeddings=37, norm_type="spatial",
    down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"), sample_size=16))
path = folder("movq")
movq.half().save_pretrained(path, variant="fp16")
io_of(path, movq.float(), (2, 3, 8, 12))

# An AutoencoderKL of grey images whose sides are odd, in shards, without the outer convolutions.
kl = scrambled(AutoencoderKL(
    in_channels=1, out_channels=1, block_out_channels=(4, 8), layers_per_block=2, latent_channels=2,
    norm_num_groups=2, use_quant_conv=False, use_post_quant_conv=False,
    down_block_types=("AttnDownEncoderBlock2D", "DownEncoderBlock2D"),
    up_block_types=("UpDecoderBlock2D", "AttnUpDecoderBlock2D"), sample_size=[12, 20]))
path = folder("kl_shards")
kl.save_pretrained(path, max_shard_size="24KB")
io_of(path, kl, (2, 1, 13, 19))

# A VQModel of three levels without attention, codes of other dimensions than the latent, as an older pickle; its
# configuration leaves out what it can.
vq = scrambled(VQModel(
    block_out_channels=(4, 8, 8), layers_per_block=1, latent_channels=4, vq_embed_dim=5, num_vq_embeddings=23,
    norm_num_groups=4, mid_block_add_attention=False, down_block_types=("DownEncoderBlock2D",) * 3,
    up_block_types=("UpDecoderBlock2D",) * 3))
path = folder("vq_bin")
vq.save_pretrained(path, safe_serialization=False)
config = json.loads((path / "config.json").read_text())
for key in ("act_fn", "in_channels", "out_channels", "layers_per_block", "norm_type", "sample_size", "scaling_factor"):
    del config[key]
config["an_unknown_key"] = 1
(path / "config.json").write_text(json.dumps(config, indent=2))
io_of(path, vq, (3, 3, 16, 8))

# An AutoencoderTiny, and the same weights as TAESD's own pair of files, on [0, 1].
tiny = scrambled(AutoencoderTiny(
    encoder_block_out_channels=(6, 6, 6), decoder_block_out_channels=(6, 6, 6), num_encoder_blocks=(1, 2, 1),
    num_decoder_blocks=(2, 1, 1), latent_channels=3))
path = folder("tiny")
tiny.save_pretrained(path)
io = io_of(path, tiny, (2, 3, 12, 8))
path = folder("taesd")
encoder = OrderedDict((name.removeprefix("encoder.layers."), value)
                      for name, value in tiny.state_dict().items() if name.startswith("encoder."))
decoder = OrderedDict()
for name, value in tiny.state_dict().items():
    if name.startswith("decoder."):
        number, rest = name.removeprefix("decoder.layers.").split(".", 1)
        decoder[f"{int(number) + 1}.{rest}"] = value
torch.save(encoder, path / "taesd_encoder.pth")
torch.save(decoder, path / "taesd_decoder.pth")
save_file({"image": (io["image"] + 1) / 2, "latent": io["latent"].contiguous(), "decoded": (io["decoded"] + 1) / 2},
          path / "io.safetensors")


def ldm_name(name, levels):
    """latent-diffusion's name of a tensor of diffusers."""
    name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
    name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("conv_norm_out", "norm_out")
    name = name.replace("conv_shortcut", "nin_shortcut")
    for level in range(levels):
        name = name.replace(f"down_blocks.{level}.resnets", f"down.{level}.block")
        name = name.replace(f"down_blocks.{level}.attentions", f"down.{level}.attn")
        name = name.replace(f"down_blocks.{level}.downsamplers.0", f"down.{level}.downsample")
        name = name.replace(f"up_blocks.{level}.resnets", f"up.{levels - 1 - level}.block")
        name = name.replace(f"up_blocks.{level}.attentions", f"up.{levels - 1 - level}.attn")
        name = name.replace(f"up_blocks.{level}.upsamplers.0", f"up.{levels - 1 - level}.upsample")
    if ".attn" in name:
        for new, old in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
            name = name.replace(new, old)
    return name


class Callback:
    """Named in the checkpoint as Lightning's callbacks are, and not there when it is opened."""


# The first stage of a whole latent diffusion model, as an older stream of pickles with its YAML.
first = scrambled(AutoencoderKL(
    block_out_channels=(32, 32), layers_per_block=1, latent_channels=3, down_block_types=("DownEncoderBlock2D",) * 2,
    up_block_types=("UpDecoderBlock2D",) * 2))
path = folder("ldm")
state = OrderedDict()
for name, value in first.state_dict().items():
    name = ldm_name(name, 2)
    if ".attn" in name and name.endswith(("q.weight", "k.weight", "v.weight", "proj_out.weight")):
        value = value[:, :, None, None]
    state[f"first_stage_model.{name}"] = value.half()
state["first_stage_model.loss.logvar"] = torch.zeros(())
state["model.diffusion_model.out.weight"] = torch.zeros(3)
checkpoint = {"epoch": 7, "state_dict": state, "callbacks": {Callback: {"best": 1.5}}, "optimizer_states": [{0: {}}]}
torch.save(checkpoint, path / "model.ckpt", _use_new_zipfile_serialization=False)
(path / "model.yaml").write_text("""model:
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    first_stage_config:
      target: ldm.models.autoencoder.AutoencoderKL
      params:
        embed_dim: 3
        ddconfig: {double_z: true, z_channels: 3, resolution: 16, in_channels: 3, out_ch: 3, ch: 32, ch_mult: [1, 1],
                   num_res_blocks: 1, attn_resolutions: [], dropout: 0.0}
""")
io_of(path, first, (1, 3, 8, 8))


class GumbelQuantize(torch.nn.Module):
    """Chooses codes by a projection; without the noise of its training."""

    def __init__(self, codes, dim):
        super().__init__()
        self.proj = torch.nn.Conv2d(dim, codes, 1)
        self.embed = torch.nn.Embedding(codes, dim)

    def forward(self, latent):
        indices = self.proj(latent).argmax(1)
        return indices, self.embed(indices).permute(0, 3, 1, 2)


# A GumbelVQ of taming-transformers: its network is that of a VQModel but for the quantizer.
net = scrambled(VQModel(
    block_out_channels=(32, 32), layers_per_block=1, latent_channels=6, vq_embed_dim=6, num_vq_embeddings=2,
    down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D")))
quantize = scrambled(GumbelQuantize(29, 6))
path = folder("gumbel")
state = OrderedDict()
for name, value in net.state_dict().items():
    if not name.startswith("quantize."):
        name = ldm_name(name, 2)
        is_attention = ".attn" in name and name.endswith(("q.weight", "k.weight", "v.weight", "proj_out.weight"))
        state[name] = (value[:, :, None, None] if is_attention else value).half()
for name, value in quantize.state_dict().items():
    state[f"quantize.{name}"] = value.half()
torch.save({"global_step": 3, "state_dict": state}, path / "last.ckpt")
(path / "config.yaml").write_text("""model:
  target: taming.models.vqgan.GumbelVQ
  params:
    kl_weight: 1.0e-08
    embed_dim: 6
    n_embed: 29
    ddconfig: {double_z: false, z_channels: 6, resolution: 16, in_channels: 3, out_ch: 3, ch: 32, ch_mult: [1, 1],
               num_res_blocks: 1, attn_resolutions: [8], dropout: 0.0}
""")
image = torch.rand(2, 3, 16, 12) * 2 - 1
with torch.no_grad():
    latent = net.quant_conv(net.encoder(image))
    indices, quantized = quantize(latent)
    decoded = net.decoder(net.post_quant_conv(quantized))
save_file({"image": image, "latent": latent.contiguous(), "indices": indices.int(),
           "quantized": quantized.contiguous(), "decoded": decoded.contiguous()}, path / "io.safetensors")
