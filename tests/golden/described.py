"""Makes the files in described/: PyTorch's numbers for layers and models that a description tells of.

Needs torch and safetensors; run it in this folder. Every weight is random, with a seed, so nothing here is anybody's
trained model. The two models have the layers and the tensor names of https://github.com/AGKhalil/ll-vq-vae (with
fewer channels) and https://github.com/YannDubs/disentangling-vae (with a narrower hidden layer); their weights are
stored as halves, and the numbers are those of the rounded weights.
"""

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    """shortcut(x) + block(x)"""

    def __init__(self, block, shortcut=None):
        super().__init__()
        self.resblock = block
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x):
        return self.shortcut(x) + self.resblock(x)


class Attention(nn.Module):
    """Every place asks all places."""

    def __init__(self, channels, heads):
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.heads = heads

    def forward(self, x):
        b, c, h, w = x.shape
        split = lambda y: y.reshape(b, self.heads, c // self.heads, h * w).transpose(2, 3)
        q, k, v = (split(part(x)) for part in (self.q, self.k, self.v))
        mixed = torch.softmax(q @ k.transpose(2, 3) / (c // self.heads) ** 0.5, -1) @ v
        return mixed.transpose(2, 3).reshape(b, c, h, w)


class Padded(nn.Module):
    """Zeros below and on the right of what a layer sees."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(F.pad(x, (0, 1, 0, 1)))


class Function(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def scramble(module):
    """Draws every tensor of a module, so that none is at a value that hides a mistake."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.dtype == torch.float32 and tensor.ndim == 1:
                tensor.uniform_(-1.0, 1.0)
            elif tensor.dtype == torch.float32:
                tensor.normal_(0.0, (2.0 / tensor[0].numel()) ** 0.5)


S = nn.Sequential
CASES = {
    "conv": (S(nn.Conv2d(4, 3, 3, 2, 1)), '[{ layer = "conv", key = "0", stride = 2, padding = 1 }]'),
    "conv_apart": (
        S(nn.Conv2d(4, 3, (3, 2), (1, 2), (2, 0), bias=False)),
        '[{ layer = "conv", weight = "0.weight", bias = false, stride = [1, 2], padding = [2, 0] }]',
    ),
    "conv_below": (
        S(Padded(nn.Conv2d(4, 3, 3, 2))),
        '[{ layer = "conv", weight = "0.layer.weight", bias = "0.layer.bias", stride = 2, padding = [0, 1, 0, 1] }]',
    ),
    "conv_transpose": (
        S(nn.ConvTranspose2d(4, 3, 3, 2, 1, 1)),
        '[{ layer = "conv_transpose", key = "0.weight", stride = 2, padding = 1, output_padding = 1 }]',
    ),
    "conv_transpose_apart": (
        S(nn.ConvTranspose2d(4, 3, (2, 3), (2, 3), (0, 1), (1, 2))),
        '[{ layer = "conv_transpose", key = "0", stride = [2, 3], padding = [0, 1], output_padding = [1, 2] }]',
    ),
    "linear": (S(nn.Flatten(), nn.Linear(140, 9)), '["flatten", { layer = "linear", key = "1" }]'),
    "conv_norm": (
        S(nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3, eps=1e-3), nn.LeakyReLU(0.2)),
        '[{ layer = "conv", key = "0" }, { layer = "batch_norm", key = "1", eps = 1e-3 }, '
        '{ layer = "leaky_relu", slope = 0.2 }]',
    ),
    "conv_transpose_norm": (
        S(nn.ConvTranspose2d(4, 3, 3, bias=False), nn.BatchNorm2d(3)),
        '[{ layer = "conv_transpose", key = "0", bias = false }, { layer = "batch_norm", key = "1" }]',
    ),
    "linear_norm": (
        S(nn.Flatten(), nn.Linear(140, 9), nn.BatchNorm1d(9), nn.Tanh()),
        '["flatten", { layer = "linear", key = "1" }, { layer = "batch_norm", key = "2" }, "tanh"]',
    ),
    "norm_before": (
        S(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3)),
        '[{ layer = "batch_norm", key = "0" }, "relu", { layer = "conv", key = "2" }]',
    ),
    "norm_of_vectors": (
        S(nn.Flatten(), nn.BatchNorm1d(140)),
        '["flatten", { layer = "batch_norm", key = "1" }]',
    ),
    "group_norm": (
        S(nn.GroupNorm(2, 4), nn.SiLU()),
        '[{ layer = "group_norm", key = "0", groups = 2 }, "silu"]',
    ),
    "layer_norm": (
        S(nn.Flatten(), nn.LayerNorm(140, eps=1e-6)),
        '["flatten", { layer = "group_norm", key = "1", groups = 1, eps = 1e-6 }]',
    ),
    "attention": (
        S(Residual(S(nn.GroupNorm(2, 4), Attention(4, 2), nn.Conv2d(4, 4, 1)))),
        '[{ layer = "residual", layers = [{ layer = "group_norm", key = "0.resblock.0", groups = 2 }, '
        '{ layer = "attention", keys = ["0.resblock.1.q", "0.resblock.1.k", "0.resblock.1.v"], heads = 2 }, '
        '{ layer = "conv", key = "0.resblock.2" }] }]',
    ),
    "residual": (
        S(Residual(S(nn.ReLU(), nn.Conv2d(4, 5, 3, 1, 1), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 4, 1),
                     nn.BatchNorm2d(4))), nn.LeakyReLU(0.3)),
        '[{ layer = "residual", layers = ["relu", { layer = "conv", key = "0.resblock.1", padding = 1 }, '
        '{ layer = "batch_norm", key = "0.resblock.2" }, "relu", { layer = "conv", key = "0.resblock.4" }, '
        '{ layer = "batch_norm", key = "0.resblock.5" }] }, { layer = "leaky_relu", slope = 0.3 }]',
    ),
    "residual_shortcut": (
        S(Residual(S(nn.Conv2d(4, 3, 3, 2, 1), nn.Sigmoid()), S(nn.Conv2d(4, 3, 1, 2), nn.BatchNorm2d(3))), nn.SiLU()),
        '[{ layer = "residual", layers = [{ layer = "conv", key = "0.resblock.0", stride = 2, padding = 1 }, "sigmoid"], '
        'shortcut = [{ layer = "conv", key = "0.shortcut.0", stride = 2 }, { layer = "batch_norm", key = "0.shortcut.1" }] }, "silu"]',
    ),
    "residual_nested": (
        S(nn.Flatten(), nn.Linear(140, 6), Residual(S(nn.Tanh(), Residual(S(nn.Linear(6, 6)))))),
        '["flatten", { layer = "linear", key = "1" }, { layer = "residual", layers = ["tanh", '
        '{ layer = "residual", layers = { layer = "linear", key = "2.resblock.1.resblock.0" } }] }]',
    ),
    "upsample_conv": (
        S(nn.Upsample(scale_factor=2), nn.Conv2d(4, 3, 3, 1, 1), nn.ReLU()),
        '[{ layer = "upsample", factor = 2, mode = "nearest" }, { layer = "conv", key = "1", padding = 1 }, "relu"]',
    ),
    "upsample": (
        S(nn.Upsample(scale_factor=3), nn.Tanh()),
        '[{ layer = "upsample", factor = 3 }, "tanh"]',
    ),
    "bounds": (
        S(Function(lambda x: torch.clamp(3 * torch.tanh(x / 4) - 0.5, -1, 1.25))),
        '[{ layer = "affine", scale = 0.25 }, "tanh", { layer = "affine", scale = 3, shift = -0.5 }, '
        '{ layer = "clamp", min = -1, max = 1.25 }]',
    ),
    "reshape": (
        S(Function(lambda x: x.reshape(-1, 10, 2, 7))),
        '[{ layer = "reshape", shape = [10, 2, 7] }]',
    ),
}


def layers():
    """One short list of layers a case, from images of 4×5×7: CASE/x, CASE/y and its tensors; the texts are TOML."""
    arrays, texts = {}, {}
    for seed, (case, (module, text)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        scramble(module)
        module.eval()
        x = torch.randn(2, 4, 5, 7)
        arrays |= {f"{case}/x": x, f"{case}/y": module(x).detach().clone()}
        tensors = module.state_dict().items()
        arrays |= {f"{case}/{name}": tensor for name, tensor in tensors if tensor.ndim > 0}
        texts[case] = text
    save_file(arrays, "described/layers.safetensors", texts)


def conv(inputs, outputs, kernel, stride=1, padding=0, transposed=False):
    """A convolution and a leaky relu."""
    layer = nn.ConvTranspose2d if transposed else nn.Conv2d
    return S(layer(inputs, outputs, kernel, stride, padding), nn.LeakyReLU())


def block(channels):
    """The block of a residual layer."""
    inner = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    return Residual(S(inner, nn.ReLU(), nn.Conv2d(channels, channels, 1, bias=False)))


class VqVae(nn.Module):
    """Images of 1×28×28 to 14×14 of 24 codes of 6 values, and back."""

    def __init__(self, hidden=12, dim=6, codes=24):
        super().__init__()
        self._encoder = S(conv(1, hidden, 4, 2, 1), conv(hidden, hidden, 3, 1, 1), block(hidden), block(hidden),
                          nn.LeakyReLU(), conv(hidden, dim, 1))
        self._quantizer = nn.ModuleDict({"embedding": nn.Embedding(codes, dim)})
        self._decoder = S(conv(dim, hidden, 3, 1, 1), block(hidden), block(hidden), nn.LeakyReLU(),
                          conv(hidden, 1, 4, 2, 1, True))

    def forward(self, image):
        latent = self._encoder(image)
        codes = self._quantizer["embedding"].weight
        b, d, h, w = latent.shape
        vectors = latent.permute(0, 2, 3, 1).reshape(-1, d)
        indices = torch.cdist(vectors, codes, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
        quantized = codes[indices].reshape(b, h, w, d).permute(0, 3, 1, 2).contiguous()
        return {"latent": latent, "indices": indices.reshape(b, h, w).int(), "quantized": quantized,
                "image": self._decoder(quantized)}


class Encoder(nn.Module):
    """Images of 1×32×32 to means and log-variances, which take turns."""

    def __init__(self, hidden, dims):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(c, 32, 4, 2, 1) for c in (1, 32, 32))
        self.lin1, self.lin2 = nn.Linear(512, hidden), nn.Linear(hidden, hidden)
        self.mu_logvar_gen = nn.Linear(hidden, 2 * dims)

    def forward(self, x):
        for layer in (self.conv1, self.conv2, self.conv3):
            x = F.relu(layer(x))
        x = F.relu(self.lin2(F.relu(self.lin1(x.flatten(1)))))
        return self.mu_logvar_gen(x).unflatten(1, (-1, 2)).unbind(2)


class Decoder(nn.Module):
    """The way back."""

    def __init__(self, hidden, dims):
        super().__init__()
        self.lin1, self.lin2, self.lin3 = nn.Linear(dims, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 512)
        self.convT1, self.convT2, self.convT3 = (nn.ConvTranspose2d(32, c, 4, 2, 1) for c in (32, 32, 1))

    def forward(self, x):
        for layer in (self.lin1, self.lin2, self.lin3):
            x = F.relu(layer(x))
        x = x.unflatten(1, (32, 4, 4))
        return self.convT3(F.relu(self.convT2(F.relu(self.convT1(x)))))


class Vae(nn.Module):
    """Both."""

    def __init__(self, hidden=16, dims=5):
        super().__init__()
        self.encoder, self.decoder = Encoder(hidden, dims), Decoder(hidden, dims)

    def forward(self, image):
        mean, logvar = self.encoder(image)
        logits = self.decoder(mean)
        return {"latent": mean, "logvar": logvar, "logits": logits, "image": torch.sigmoid(logits)}


def model(name, module, image):
    """A model's tensors, and an image with what the model makes of it."""
    halves = {key: tensor.half() for key, tensor in module.state_dict().items()}
    module.load_state_dict({key: tensor.float() for key, tensor in halves.items()})
    save_file(halves, f"described/{name}.safetensors")
    with torch.no_grad():
        outputs = {key: tensor.contiguous() for key, tensor in module(image).items()}
    save_file({"input": image, **outputs}, f"described/{name}.io.safetensors")
    return outputs


def models():
    """The two models."""
    torch.manual_seed(1)
    vq_vae = VqVae()
    scramble(vq_vae)
    images = torch.rand(2, 1, 28, 28) - 0.5
    with torch.no_grad():
        vectors = vq_vae._encoder(images).permute(0, 2, 3, 1).reshape(-1, 6)
        vq_vae._quantizer["embedding"].weight.copy_(vectors[:: len(vectors) // 24][:24] * 0.9)
    outputs = model("ll-vq-vae", vq_vae, images)
    print("codes used:", outputs["indices"].unique().numel())
    torch.manual_seed(2)
    vae = Vae()
    scramble(vae)
    model("disentangling-vae", vae, torch.rand(2, 1, 32, 32))


layers()
models()
