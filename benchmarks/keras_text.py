"""The program of D1 §5.2 in Keras, fault by fault; `text.py` runs this.

`keras_text.py faults DATA` tries D1's lines as printed, then with one fault fixed after
the other, and prints what Keras said each time as a line of JSON. `keras_text.py mended
DATA SEED` trains the fixed program. DATA holds 20 Newsgroups, which D1's import does
not: tf-idf weights by D1's vectorizer (as a dense matrix), ids of the 1,000 most
frequent words, and topics.
"""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from memory import peak_memory
from tensorflow.keras.layers import (
    Conv1D,
    Dense,
    Embedding,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from tensorflow.keras.models import Sequential

SOME = 1600  # how many posts are used to show a fault


def network(pooling, units, loss):
    """Return the network of D1 §5.2.2, compiled."""
    model = Sequential()
    model.add(Embedding(input_dim=1000, output_dim=64))
    model.add(Conv1D(filters=128, kernel_size=5, activation="relu"))
    model.add(pooling)
    model.add(Dense(units=units, activation="softmax"))
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def said(attempt):
    """Return the first line of the error that `attempt` ends with; None if it works."""
    try:
        attempt()
    except Exception as error:
        lines = str(error).strip().splitlines()
        telling = [line for line in lines if "outside the valid range" in line]
        return f"{type(error).__name__}: {(telling or lines)[0].split(' (/')[0]}"


def faults(data):
    """Return what Keras says about D1's program, fault by fault."""
    X, topics = data["tf_idf"][:SOME], data["topics"][:SOME]
    some = {"epochs": 1, "batch_size": 32, "validation_split": 0.2, "verbose": 0}

    def missing_module():
        from tensorflow.keras.datasets import twenty_newsgroups  # noqa: F401

    def undefined_name():
        Embedding(input_dim=1000, output_dim=64, input_length=maxlen)  # noqa: F821

    def trained(X=X, pooling=None, units=10, loss="categorical_crossentropy"):
        model = network(pooling or MaxPooling1D(pool_size=5), units, loss)
        return lambda: model.fit(X, topics, **some)

    everywhere = GlobalMaxPooling1D
    sparse = "sparse_categorical_crossentropy"
    as_printed = network(MaxPooling1D(pool_size=5), 10, "categorical_crossentropy")
    outputs = as_printed.predict(X[:100], verbose=0)  # (100, 199, 10)
    return {
        "datasets": sorted(n for n in dir(tf.keras.datasets) if not n.startswith("_")),
        "keras": tf.keras.__version__,
        "said": {
            "the import": said(missing_module),
            "maxlen": said(undefined_name),
            "as printed, but for these": said(trained()),
            "one pooling over the whole text": said(trained(pooling=everywhere())),
            "a loss for topics as whole numbers": said(
                trained(pooling=everywhere(), loss=sparse)
            ),
            "20 units": said(trained(pooling=everywhere(), loss=sparse, units=20)),
        },
        "output_shape": list(outputs.shape[1:]),
        # float32 weights below 1, turned into ids, are 0: all texts become the same.
        "largest_difference_between_texts": float(np.ptp(outputs, axis=0).max()),
    }


def mended(data, seed):
    """Return seconds and test predictions of the fixed program, 10 epochs as in D1."""
    tf.keras.utils.set_random_seed(seed)
    model = network(GlobalMaxPooling1D(), 20, "sparse_categorical_crossentropy")
    model.fit(data["ids"][:640], data["topics"][:640], verbose=0)  # loads kernels
    tf.keras.utils.set_random_seed(seed)
    model = network(GlobalMaxPooling1D(), 20, "sparse_categorical_crossentropy")
    start = time.perf_counter()
    model.fit(
        data["ids"],
        data["topics"],
        epochs=10,
        batch_size=32,
        validation_split=0.2,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    logits = model.predict(data["test_ids"], verbose=0)
    return {
        "seconds": seconds,
        "predictions": logits.argmax(1).tolist(),
        "parameters": model.count_params(),
        "memory_mb": peak_memory(),
    }


if __name__ == "__main__":
    what, path, *seed = sys.argv[1:]
    with np.load(path) as file:
        data = dict(file)
    print(json.dumps(faults(data) if what == "faults" else mended(data, int(seed[0]))))
