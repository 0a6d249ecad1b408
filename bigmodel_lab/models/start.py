"""How the articles' networks, which were written for Keras, start."""

import torch
from torch import nn


def as_in_keras(*layers: nn.Module) -> nn.Sequential:
    """Return the layers in a row, their weights Glorot-uniform and their biases 0.

    Glorot and Bengio (2010): uniform between ±√(6 / (inputs + outputs)), so that
    signals and gradients keep their size from layer to layer.
    """
    model = nn.Sequential(*layers)
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)  # Xavier is Glorot's first name
            nn.init.zeros_(layer.bias)
    # The channels of a pixel lie side by side in memory: faster on CPU and GPU.
    return model.to(memory_format=torch.channels_last)
