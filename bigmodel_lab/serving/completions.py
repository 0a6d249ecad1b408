"""A GPT behind OpenAI's API: the `openai` client of others writes poems with ours.

POST /v1/completions and GET /v1/models, as the OpenAI API reference describes them.
"""

import asyncio
import json
import random
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

from bigmodel_lab.serving.limits import MOST_BYTES, SECONDS, Limits, Seats, short
from bigmodel_lab.serving.poet import Poet

MOST_TEXTS = 16
MOST_STOPS = 4
# What others' servers do and this one does not; with these values nothing is asked.
NEUTRAL = {
    "echo": (False, None),
    "best_of": (1, None),
    "logprobs": (None,),
    "suffix": (None, ""),
    "presence_penalty": (0, None),
    "frequency_penalty": (0, None),
    "logit_bias": (None, {}),
}
WANTED = {
    "model": "the name of a model",
    "prompt": "one text",
    "max_tokens": "a whole number of at least 1",
    "temperature": "a number from 0 to 2",
    "top_p": "a number above 0 and at most 1",
    "n": f"a whole number from 1 to {MOST_TEXTS}",
    "seed": "a whole number of at most 63 bits",
    "stop": f"a text that is not empty, or up to {MOST_STOPS} of them",
    "stream": "true or false",
    "stream_options": 'as in {"include_usage": true}',
    "user": "a text",
}
Stop = Annotated[str, Field(min_length=1)]


class StreamOptions(BaseModel):
    """Whether the tokens are counted at the end of a stream."""

    model_config = ConfigDict(extra="forbid", strict=True)
    include_usage: bool = False


class Completion(BaseModel):
    """What is to be written. A null counts as not given, as at OpenAI's.

    `max_tokens` is, unlike there, as many as the model has room for.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    model: str
    prompt: str = ""
    max_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    n: int = Field(1, ge=1, le=MOST_TEXTS)
    seed: int = Field(
        default_factory=lambda: random.getrandbits(63), ge=-(2**63), lt=2**63
    )
    stop: Stop | Annotated[list[Stop], Field(max_length=MOST_STOPS)] = []
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    user: str = ""  # for OpenAI's own watch over misuse: not read

    @model_validator(mode="before")
    @classmethod
    def _without_what_asks_nothing(cls, given):
        """Leave out nulls, and settings at the value at which they do nothing."""
        if not isinstance(given, dict):
            return given
        return {
            name: value
            for name, value in given.items()
            if value is not None and value not in NEUTRAL.get(name, ())
        }

    @property
    def stops(self) -> list[str]:
        """The texts that end one, as a list."""
        return [self.stop] if isinstance(self.stop, str) else self.stop


class Refusal(Exception):
    """A request that is not answered: an HTTP status, a sentence and what is wrong."""

    def __init__(self, status, message, param=None, code=None):
        super().__init__(message)
        self.status, self.param, self.code = status, param, code


def completions_app(
    poet: Poet,
    *,
    waiting: int = 32,
    most_bytes: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> FastAPI:
    """Return an app that writes with a GPT, for uvicorn or any other ASGI server.

    All requests take turns, a token each. `waiting` of them may be answered at the same
    time: one more is refused (429). `most_bytes` and `seconds` are as in `Limits`.
    """
    app = FastAPI(title="Poems", description="OpenAI's completions, by a small GPT.")
    # The last one is the first to see a request.
    app.add_middleware(Seats, refuse=refuse, most=waiting)
    app.add_middleware(Limits, refuse=refuse, most_bytes=most_bytes, seconds=seconds)
    app.add_exception_handler(RequestValidationError, _wrong_body)
    app.add_exception_handler(HTTPException, _no_such_thing)
    app.add_exception_handler(Refusal, _refused)
    thread = ThreadPoolExecutor(1, "poet")
    served = {"requests": 0, "tokens": 0}
    about = {"id": poet.name, "object": "model", "created": 0, "owned_by": "you"}

    @app.get("/health")
    async def health():
        cpu_seconds = time.process_time()
        return {"ok": True, "model": poet.name, **served, "cpu_seconds": cpu_seconds}

    @app.get("/v1/models")
    async def models():
        return {"object": "list", "data": [about]}

    @app.get("/v1/models/{name}")
    async def model(name: str):
        _check_name(name, poet)
        return about

    @app.post("/v1/completions")
    async def completions(asked: Completion):
        _check_name(asked.model, poet)
        writing = Writing(poet, asked, thread, served)
        if asked.stream:
            return StreamingResponse(writing.events(), media_type="text/event-stream")
        return JSONResponse(await writing.whole())

    return app


def _check_name(name, poet):
    """Raise Refusal (404) unless this is the model that is served."""
    if name != poet.name:
        text = f"There is no model {name!r} here: ask for {poet.name!r}."
        raise Refusal(404, text, "model", "model_not_found")


class Writing:
    """The answer to one request, whole or as a stream of events.

    Raises Refusal (400) if the model cannot read the prompt.
    """

    def __init__(self, poet, asked, thread, served):
        try:
            ids = poet.read(asked.prompt)
        except ValueError as error:
            raise Refusal(400, str(error), "prompt") from None
        self.asked, self.thread, self.served = asked, thread, served
        self.steps = poet.steps(
            ids,
            asked.n,
            asked.max_tokens,
            temperature=asked.temperature,
            top_p=asked.top_p,
            seed=asked.seed,
            stops=asked.stops,
        )
        self.prompt_tokens, self.tokens = ids.shape[1], 0
        self.frame = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": poet.name,
        }

    async def parts(self) -> AsyncIterator[tuple]:
        """Yield (index, new part, finish reason) as they are written.

        In the one thread that all requests share: between two steps of this one, each
        of the others has its turn, and the server listens meanwhile.
        """
        loop = asyncio.get_running_loop()
        while step := await loop.run_in_executor(self.thread, next, self.steps, None):
            for i, part, text in step:
                self.tokens += text.finish_reason != "length"
                yield i, part, text.finish_reason
        self.served["requests"] += 1
        self.served["tokens"] += self.tokens

    def usage(self) -> dict:
        """Return how many tokens were read and written."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.tokens,
            "total_tokens": self.prompt_tokens + self.tokens,
        }

    async def whole(self) -> dict:
        """Return the response: all texts at their end."""
        texts, reasons = [""] * self.asked.n, [None] * self.asked.n
        async for i, part, reason in self.parts():
            texts[i] += part
            reasons[i] = reason
        choices = [
            choice(i, text, reason)
            for i, (text, reason) in enumerate(zip(texts, reasons, strict=True))
        ]
        return self.frame | {"choices": choices, "usage": self.usage()}

    async def events(self) -> AsyncIterator[str]:
        """Yield server-sent events: each part as it is written, then the end."""
        counted = self.asked.stream_options.include_usage
        more = {"usage": None} if counted else {}
        try:
            async for i, part, reason in self.parts():
                if part or reason:
                    yield event(
                        self.frame | {"choices": [choice(i, part, reason)]} | more
                    )
            if counted:
                yield event(self.frame | {"choices": [], "usage": self.usage()})
        except Exception as error:  # the status has gone out: it said that all is well
            yield event(failure(500, f"The model failed: {error}"))
            raise
        yield "data: [DONE]\n\n"


def choice(index: int, text: str, reason: str | None) -> dict:
    """Return one of the texts of a response, or a part of it."""
    return {"index": index, "text": text, "logprobs": None, "finish_reason": reason}


def event(content: dict) -> str:
    """Return a server-sent event."""
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


# -- refusals --------------------------------------------------------------------------


def failure(status, message, param=None, code=None):
    """Return an error as OpenAI's API has it."""
    kinds = {429: "rate_limit_error", 500: "server_error"}
    kind = kinds.get(status, "invalid_request_error")
    # Half a character, which JSON can have and UTF-8 cannot, is spelled out.
    message = message.encode("utf-8", "backslashreplace").decode()
    error = {"message": message, "type": kind, "param": param, "code": code}
    return {"error": error}


def refuse(status: int, message: str, param=None, code=None) -> JSONResponse:
    """Return a response from which the `openai` client makes its error."""
    response = JSONResponse(failure(status, message, param, code), status)
    if status == 429:
        response.headers["retry-after"] = "1"
    return response


async def _refused(request, error):
    """Return the response to a request that is refused."""
    return refuse(error.status, str(error), error.param, error.code)


async def _no_such_thing(request, error):
    """Return what is wrong with an address, a method or a body that is not JSON."""
    path, status = request.url.path, error.status_code
    sentences = {
        400: "The body is not JSON: send an object, as the openai client does.",
        404: f"There is nothing at {path}: POST to /v1/completions.",
        405: f"{path} does not take {request.method}: POST to /v1/completions.",
    }
    response = refuse(status, sentences.get(status, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


async def _wrong_body(request, error):
    """Return 400 with the first thing that is wrong, and what is wanted."""
    first = error.errors()[0]
    _, *place = first["loc"]
    if first["type"] == "json_invalid" or not place:
        return refuse(400, "The body is not a JSON object, sent as application/json.")
    param = str(place[0])
    if param not in WANTED:
        text = f'"{param[:40]}" is nothing that this server does: leave it out.'
    elif first["type"] == "missing":
        text = f'"{param}" is missing: give {WANTED[param]}.'
    else:
        text = f'"{param}" must be {WANTED[param]}, got {short(first["input"])}.'
    return refuse(400, text, param)
