"""LitServe with the same ONNX network: `python benchmarks/serving_rivals.py FILE PORT`.

`--most 1` takes the requests one at a time. `serving.py` starts it.
"""

import argparse
import os

os.environ.setdefault("LIT_NO_ANALYTICS", "1")

import litserve
import numpy as np


class Digits(litserve.LitAPI):
    """The network of `bigmodel_lab.serving.digits`, with the same answers."""

    def setup(self, device):
        """Load the network in the worker's process."""
        from bigmodel_lab.serving.digits import Network

        self.network = Network(self.path)

    def decode_request(self, request):
        """Return the pixels of a request."""
        return np.array(request["pixels"], np.float32)

    def batch(self, inputs):
        """Return the inputs of several requests together."""
        return inputs

    def predict(self, x):
        """Return an answer, or a list of them if it got a list."""
        alone = isinstance(x, np.ndarray)
        answers = self.network.answers([x] if alone else x)
        return answers[0] if alone else answers

    def unbatch(self, output):
        """Return the answers one by one."""
        return output

    def encode_response(self, output):
        """Return what is sent."""
        probability = round(float(output["probability"]), 4)
        return {"digit": output["digit"], "probability": probability}


def main():
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("port", type=int)
    parser.add_argument("--most", type=int, default=32)
    options = parser.parse_args()
    together = {"max_batch_size": options.most}
    if options.most > 1:
        together["batch_timeout"] = 0.002
    api = Digits(**together)
    api.path = options.path
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=options.port,
        num_api_servers=1,
        generate_client_file=False,
        log_level="error",
    )


if __name__ == "__main__":
    main()
