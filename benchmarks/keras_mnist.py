"""The articles' Keras programs, timed; `mnist.py` runs this with its own TensorFlow.

`keras_mnist.py PROGRAM EPOCHS DATA SEED` prints a line of JSON. In D2 §5.2 and D4 §5.2
only `load_data` is replaced, by the same digits from a file, and the model is tested
after every epoch, which is not timed.
"""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from memory import peak_memory
from tensorflow.keras import layers, models
from tensorflow.keras.layers import Dense, Flatten
from tensorflow.keras.models import Sequential


def mlp(data):
    """Return the model of D2 §5.2, its data and the arguments of its `fit`."""
    (x_train, y_train), (x_test, y_test) = data
    model = Sequential(
        [
            Flatten(input_shape=(28, 28)),
            Dense(128, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model, (x_train / 255.0, y_train), (x_test / 255.0, y_test), {}


def cnn(data):
    """Return the model of D4 §5.2, its data and the arguments of its `fit`."""
    (train_images, train_labels), (test_images, test_labels) = data
    model = models.Sequential()
    model.add(layers.Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"]
    )
    train_images = train_images.reshape((-1, 28, 28, 1)).astype("float32") / 255
    test_images = test_images.reshape((-1, 28, 28, 1)).astype("float32") / 255
    train_labels = tf.keras.utils.to_categorical(train_labels)
    test_labels = tf.keras.utils.to_categorical(test_labels)
    train, test = (train_images, train_labels), (test_images, test_labels)
    return model, train, test, {"batch_size": 64}


class Clock(tf.keras.callbacks.Callback):
    """Time every epoch, then measure the test accuracy, which is not timed."""

    def __init__(self, test):
        super().__init__()
        self.test, self.seconds, self.accuracy = test, [], []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stop the clock, then measure the test accuracy."""
        self.seconds.append(time.perf_counter() - self.start)
        self.accuracy.append(self.model.evaluate(*self.test, verbose=0)[1])


if __name__ == "__main__":
    program, epochs, path, seed = sys.argv[1:]
    with np.load(path) as file:
        data = (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
    make = {"mlp": mlp, "cnn": cnn}[program]
    warm, (x, y), test, options = make(data)
    warm.fit(x[:1280], y[:1280], verbose=0, **options)  # loads kernels; thrown away

    tf.keras.utils.set_random_seed(int(seed))
    model, train, test, options = make(data)
    clock = Clock(test)
    log = model.fit(*train, epochs=int(epochs), verbose=0, callbacks=[clock], **options)
    print(
        json.dumps(
            {
                "seconds": clock.seconds,
                "accuracy": clock.accuracy,
                "log": log.history,
                "memory_mb": peak_memory(),
            }
        )
    )
