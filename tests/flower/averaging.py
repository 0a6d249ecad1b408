"""Average clients' weights as Flower does: python averaging.py GIVEN.npz AVERAGE.npz.

GIVEN has `sizes` (clients,) and each layer's weights (clients, ...); AVERAGE has (...).
"""

import sys

import numpy as np
from flwr.server.strategy.aggregate import aggregate

layers = dict(np.load(sys.argv[1]))
sizes = layers.pop("sizes").tolist()
clients = [
    ([layer[client] for layer in layers.values()], size)
    for client, size in enumerate(sizes)
]
np.savez(sys.argv[2], **dict(zip(layers, aggregate(clients), strict=True)))
