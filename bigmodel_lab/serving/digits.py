"""A digit network behind HTTP: an ONNX file, run for many requests at once."""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from bigmodel_lab.from_scratch.batching import Batcher, Busy
from bigmodel_lab.serving.limits import MOST_BYTES, SECONDS, Limits, short
from bigmodel_lab.serving.network import open_network

PIXELS = 28 * 28
WANTED = f'{{"pixels": [{PIXELS} numbers from 0 to 255]}}'
AGAIN = "1"  # seconds, in the header Retry-After
# Strict: "7" and true are no numbers. NaN and infinities are not from 0 to 255.
Pixel = Annotated[float, Field(strict=True, ge=0, le=255)]


class Image(BaseModel):
    """A gray image, row by row: 0 for paper, 255 for ink."""

    pixels: list[Pixel] = Field(min_length=PIXELS, max_length=PIXELS)


class Answer(BaseModel):
    """The likeliest digit, and how probable the network finds it."""

    digit: int
    probability: float


class Network:
    """An ONNX file of a digit network: images (N, 1, 28, 28) -> logits (N, 10).

    Parameters
    ----------
    path : str or Path
        Input "images", float32, and output "logits", both for any N.
    threads : int
        How many the network's own operations use.

    Raises FileNotFoundError or ValueError as `open_network`.
    """

    def __init__(self, path: str | Path, threads: int = 1):
        self.session, self.name = open_network(path, threads), Path(path).name

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the logits (N, 10) of images (N, 1, 28, 28), float32 from 0 to 1."""
        return self.session.run(["logits"], {"images": images})[0]

    def answers(self, pixels: list[np.ndarray]) -> list[dict]:
        """Return what `Answer` has, for each row of 784 pixels from 0 to 255."""
        images = np.stack(pixels).astype(np.float32) / 255
        logits = self(images.reshape(-1, 1, 28, 28))
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)  # softmax, (N, 10)
        return [{"digit": int(row.argmax()), "probability": row.max()} for row in p]


def digits_app(
    network: Network,
    *,
    batched: bool = True,
    most: int = 32,
    wait: float = 0.002,
    waiting: int = 256,
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> FastAPI:
    """Return an app that reads digits, for uvicorn or any other ASGI server.

    Parameters
    ----------
    network : Network
        What computes the answers.
    batched : bool
        Whether requests that come at about the same time share a run. False: one at a
        time.
    most, wait, waiting : int, float, int
        As in `Batcher`; `most` and `wait` only count if `batched`.
    most_bytes, seconds : int, float
        As in `Limits`.
    """
    app = FastAPI(title="Digits", description=f"{network.name}: {WANTED} -> a digit.")
    app.add_middleware(Limits, refuse=refuse, most_bytes=most_bytes, seconds=seconds)
    app.add_exception_handler(RequestValidationError, _wrong_body)
    app.add_exception_handler(HTTPException, _no_such_thing)
    app.add_exception_handler(Busy, _busy)
    together = {"most": most, "wait": wait} if batched else {"most": 1, "wait": 0}
    ask = Batcher(network.answers, waiting=waiting, **together)

    @app.get("/health")
    async def health():
        return {
            "ok": True,
            "model": network.name,
            "batched": batched,
            "requests": ask.requests,
            "mean_batch": ask.mean_batch,
            "cpu_seconds": time.process_time(),
        }

    @app.post("/predict")
    async def predict(image: Image) -> Answer:
        return _response(await ask(np.array(image.pixels, np.float32)))

    @app.post("/predict/raw")
    async def predict_raw(request: Request) -> Answer:
        body = await request.body()
        if len(body) != PIXELS:
            return refuse(
                422,
                f"The body has {len(body)} bytes: send {PIXELS}, one for each pixel, "
                f"row by row.",
            )
        return _response(await ask(np.frombuffer(body, np.uint8)))

    return app


def _response(answer):
    """Return a row of `Network.answers` as a response."""
    probability = round(float(answer["probability"]), 4)
    return JSONResponse({"digit": answer["digit"], "probability": probability})


# -- refusals --------------------------------------------------------------------------


def refuse(status: int, sentence: str) -> JSONResponse:
    """Return a response that says in one sentence why there is no answer."""
    return JSONResponse({"detail": sentence}, status)


async def _busy(request, error):
    """Return 503: too many wait."""
    response = refuse(503, str(error))
    response.headers["retry-after"] = AGAIN
    return response


async def _no_such_thing(request, error):
    """Return what is wrong with an address, a method or a body that is not JSON."""
    path = request.url.path
    sentences = {
        400: f"The body is not JSON: send {WANTED}.",
        404: f"There is nothing at {path}: POST {WANTED} to /predict.",
        405: f"{path} does not take {request.method}: POST {WANTED} to /predict.",
    }
    status = 422 if error.status_code == 400 else error.status_code
    sentence = sentences.get(error.status_code, str(error.detail))
    response = refuse(status, sentence)
    response.headers.update(error.headers or {})
    return response


async def _wrong_body(request, error):
    """Return 422 with the first thing that is wrong, and what is wanted."""
    first = error.errors()[0]
    return refuse(422, f"{_fault(first)}: send {WANTED}.")


def _fault(error):
    """Return what is wrong, from an error of pydantic."""
    _, *place = error["loc"]
    kind, value = error["type"], error.get("input")
    if kind == "json_invalid":
        return f"The body is not JSON (at character {place[0]})"
    if not place:
        return "The body is not a JSON object, sent as application/json"
    if kind == "missing":
        return '"pixels" is missing'
    if kind in ("too_short", "too_long"):
        return f"There are {len(value)} pixels"
    if len(place) == 1:
        return f'"pixels" is {short(value)}, not a list'
    return f"Pixel {place[1]} is {short(value)}"
