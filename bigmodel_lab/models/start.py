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


def start_lstm_as_in_keras(lstm: nn.LSTM) -> None:
    """Give an LSTM of one layer the weights that Keras would start it with.

    Glorot-uniform for the words, orthogonal for the state, so that a product of many
    steps neither grows nor fades, and biases of 0 but for the forget gate: there 1, so
    that the memory is kept at first (Jozefowicz and others, 2015).
    """
    nn.init.xavier_uniform_(lstm.weight_ih_l0)  # (4H, D)
    nn.init.orthogonal_(lstm.weight_hh_l0)  # (4H, H)
    nn.init.zeros_(lstm.bias_ih_l0)
    nn.init.zeros_(lstm.bias_hh_l0)
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)  # gates: i, f, g, o
    nn.init.ones_(lstm.bias_ih_l0[forget])
