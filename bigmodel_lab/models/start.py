"""How the documents' networks start, which were written for Keras."""

import torch
from torch import nn


def as_in_keras(*layers):
    """Return the layers in a row, weights Glorot-uniform and biases 0."""
    model = nn.Sequential(*layers)
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model.to(memory_format=torch.channels_last)  # faster on CPU and GPU
