"""Random weights that show mistakes."""

import torch


def scrambled(model):
    """Weights that show a swap or a transposition: factors are not one, summands not zero. Exact in half precision."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn_like(parameter)
            if parameter.dim() == 1:
                parameter.copy_(1 + 0.3 * noise if parameter.mean() > 0.5 else 0.2 * noise)
            elif parameter.dim() == 2 and parameter.shape[0] > parameter.shape[1]:
                parameter.copy_(noise)  # a codebook
            else:
                parameter.copy_(noise * (1.5 / parameter[0].numel()) ** 0.5)
        model.half().float()
    return model.eval()
