"""What the tests of the servers share: a tiny ONNX network, and waiting."""

import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def digit_network(path, shape=("N", 1, 28, 28), names=("images", "logits"), classes=10):
    """Write a network whose answer is k for an image with ink at pixel k only."""
    pixels = int(np.prod(shape[1:]))
    weights = 20 * np.eye(pixels, classes, dtype=np.float32)
    nodes = [
        helper.make_node("Flatten", [names[0]], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], [names[1]]),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info(names[0], TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(
                names[1], TensorProto.FLOAT, (shape[0], classes)
            )
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.save(model, path)
    return path


def image_of(digit):
    """Return 784 pixels of which the network says this digit."""
    return [255 if i == digit else 0 for i in range(784)]


def wait_until(true, seconds=60):
    """Wait until true() holds; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
