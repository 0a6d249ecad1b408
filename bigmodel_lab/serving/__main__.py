"""Serve a model: `python -m bigmodel_lab.serving digits --model digits.onnx`."""

import argparse
import signal
import sys

from bigmodel_lab.serving.listening import listen, serve


def main(arguments=None):
    """Serve until told to end; return the exit status, 1 with a sentence on stderr."""
    options = vars(_parser().parse_args(arguments))
    make, host, port = (options.pop(name) for name in ("make", "host", "port"))
    # Told to end while it still loads, or when all have been answered: all is well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with listen(host, port) as listener:
            serve(make(**options), listener, options["seconds"])
    except (ValueError, OSError) as error:
        print(f"bigmodel_lab.serving: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser():
    """Return the parser of both servers."""
    parser = argparse.ArgumentParser(prog="bigmodel_lab.serving", description=__doc__)
    servers = parser.add_subparsers(required=True, metavar="SERVER")
    for name, add_arguments in {"digits": _digits, "poems": _poems}.items():
        text = add_arguments.__doc__
        server = servers.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        argument = server.add_argument
        argument("--host", default="127.0.0.1", help="0.0.0.0: for other machines, too")
        argument("--port", type=int, default=8000, help="8000; 0: a free one")
        argument("--seconds", type=float, default=10, help="that a request may take")
        server.set_defaults(make=add_arguments(argument))
    return parser


# A function for each server: it adds its arguments and returns what makes the app.
# Each imports what it needs only then: a digit's image need not have torch.


def _digits(argument):
    """read digits with a network in an ONNX file"""
    together = argparse.BooleanOptionalAction
    argument("--model", required=True, metavar="FILE", help="as in digits.onnx")
    argument("--batched", action=together, default=True, help="many at once")
    argument("--most", type=int, default=32, help="requests in a batch")
    argument("--wait", type=float, default=0.002, help="seconds, for a fuller batch")
    argument("--waiting", type=int, default=256, help="requests that may wait")
    argument("--threads", type=int, default=1, help="of the network")

    def make(model, threads, **settings):
        from bigmodel_lab.serving.digits import Network, digits_app

        return digits_app(Network(model, threads), **settings)

    return make


def _poems(argument):
    """write poems with a GPT, as OpenAI's API does"""
    argument("--model", default="poet", help='"poet", or a file of models.save')
    cached = argparse.BooleanOptionalAction
    argument("--cached", action=cached, default=True, help="keep keys and values")
    argument("--waiting", type=int, default=32, help="requests at the same time")
    argument("--threads", type=int, default=1, help="of PyTorch")

    def make(model, threads, cached, **settings):
        import torch

        from bigmodel_lab.serving.completions import Poet, completions_app

        torch.set_num_threads(threads)
        return completions_app(Poet(model, cached), **settings)

    return make


if __name__ == "__main__":
    sys.exit(main())
