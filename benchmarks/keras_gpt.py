"""A GPT in Keras on TensorFlow, of the size of ours; `gpt_parts.py` runs this.

`keras_gpt.py DATA SIZE STEPS` trains it on rows of ids below SIZE from DATA, an array
(N, 34), and prints the tokens per second of STEPS steps of 32 rows as a line of JSON.
"""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers, ops

D, LAYERS, HEADS, BATCH = 96, 3, 4, 32


class GPT(keras.Model):
    """Predict each next token: ids (N, T) -> logits (N, T, V)."""

    def __init__(self, vocabulary_size, length):
        super().__init__()
        self.tokens = layers.Embedding(vocabulary_size, D)
        self.places = layers.Embedding(length, D)
        self.parts = [block() for _ in range(LAYERS)]
        self.norm = layers.LayerNormalization()

    def call(self, ids):
        """Return the logits; the head shares the embedding's weights, as in ours."""
        x = self.tokens(ids) + self.places(ops.arange(ids.shape[1]))
        for norm1, attention, norm2, grow, shrink in self.parts:
            y = norm1(x)
            x = x + attention(y, y, use_causal_mask=True)
            x = x + shrink(grow(norm2(x)))
        return ops.matmul(self.norm(x), ops.transpose(self.tokens.embeddings))


def block():
    """Return the layers of a block."""
    return (
        layers.LayerNormalization(),
        layers.MultiHeadAttention(HEADS, D // HEADS, use_bias=False),
        layers.LayerNormalization(),
        layers.Dense(4 * D, activation="gelu", use_bias=False),
        layers.Dense(D, use_bias=False),
    )


def speed(rows, vocabulary_size, steps):
    """Return the tokens per second of a training."""
    keras.utils.set_random_seed(0)
    rows = rows[: steps * BATCH]
    x, y = rows[:, :-1], rows[:, 1:]
    model = GPT(vocabulary_size, x.shape[1])
    model.compile(
        keras.optimizers.AdamW(0.001, weight_decay=0.1, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x[: 10 * BATCH], y[: 10 * BATCH], batch_size=BATCH, verbose=0)  # compiles
    start = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, verbose=0)
    seconds = time.perf_counter() - start
    return {"tokens_per_second": x.size / seconds}


if __name__ == "__main__":
    path, *numbers = sys.argv[1:]
    print(json.dumps(speed(np.load(path), *map(int, numbers))))
