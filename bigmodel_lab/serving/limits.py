"""What a server takes from strangers: so many bytes, in so many seconds."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response

from bigmodel_lab.from_scratch._checks_serving import check_count

MOST_BYTES = 64_000  # of a request's body: 784 numbers as JSON take 15,000 at most
SECONDS = 10.0  # within which a request has to be there, from its first byte on
THROWN_AWAY = 16_000_000  # bytes that are read though they are too many


class Limits:
    """An ASGI app around another: bodies that are too long or too slow are refused.

    `refuse(status, sentence)` makes the response. A body that is too long is thrown
    away piece by piece, never held: a client that is still sending would not read our
    answer. One that goes on and on is hung up on.
    """

    def __init__(
        self,
        app: Callable,
        refuse: Callable[[int, str], Response],
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
    ):
        self.app, self.refuse = app, refuse
        self.most_bytes, self.seconds = most_bytes, seconds

    async def __call__(self, scope, receive, send):
        """Answer one request, by the app if its body comes whole and in time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body, length = await self._read(receive)
        except TimeoutError:
            sentence = f"The request did not come whole within {self.seconds:g} seconds"
            response = self.refuse(408, f"{sentence}: send it at once.")
        else:
            if body is not None:
                await self.app(scope, _again(body, receive), send)
                return
            if length <= self.most_bytes:
                return  # the client has gone
            sentence = f"The body has more than {self.most_bytes:,} bytes"
            response = self.refuse(
                413, f"{sentence}: one image or one prompt has less."
            )
        response.headers["connection"] = "close"
        await response(scope, receive, send)

    async def _read(self, receive):
        """Return the body and its length; no body if it is too long or broke off."""
        parts, length, more = [], 0, True
        while more and length <= THROWN_AWAY:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None, 0
            part, more = message.get("body", b""), message.get("more_body", False)
            length += len(part)
            if length <= self.most_bytes:
                parts.append(part)
            else:
                parts.clear()
        return (b"".join(parts) if length <= self.most_bytes else None), length


def short(value: object) -> str:
    """Return a value that is refused as text of one line that is not long."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _again(body, receive):
    """Return a `receive` that gives the body once, then what comes after it."""
    message = {"type": "http.request", "body": body, "more_body": False}

    async def again():
        nonlocal message
        if message is None:
            return await receive()
        now, message = message, None
        return now

    return again


def impatient(protocol: type, seconds: float = SECONDS) -> type:
    """Return uvicorn's HTTP protocol, which hangs up on a client that says nothing.

    uvicorn ends connections that are idle after an answer, but waits forever for the
    head of a first request, and for one that comes drop by drop. A head without an end
    is not read to it either.
    """

    class Impatient(protocol):
        """A connection whose next request must be there in time."""

        alarm, unanswered = None, 0  # bytes of a head that is not whole

        def connection_made(self, transport):
            """Begin to wait."""
            super().connection_made(transport)
            self.alarm = self.loop.call_later(seconds, self.hang_up)

        def data_received(self, data):
            """Stop to wait if a request is there; begin if there is only a part."""
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self.unanswered = 0
                if self.alarm:
                    self.alarm.cancel()
                    self.alarm = None
                return
            self.unanswered += len(data)
            if self.unanswered > MOST_BYTES:
                self.hang_up()
            elif not self.alarm:
                self.alarm = self.loop.call_later(seconds, self.hang_up)

        def connection_lost(self, error):
            """Nobody is there to wait for."""
            super().connection_lost(error)
            if self.alarm:
                self.alarm.cancel()

        def hang_up(self):
            """Close the connection."""
            self.transport.close()

    return Impatient


class Seats:
    """An ASGI app around another: only so many POST requests at the same time.

    One more is refused (429) by `refuse(status, sentence)`.
    """

    def __init__(
        self, app: Callable, refuse: Callable[[int, str], Response], most: int
    ):
        check_count("waiting", most)
        self.app, self.refuse, self.most = app, refuse, most
        self.taken = 0

    async def __call__(self, scope, receive, send):
        """Answer one request, by the app if there is a seat."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
        elif self.taken >= self.most:
            sentence = f"{self.taken} requests are being answered: try again later."
            await self.refuse(429, sentence)(scope, receive, send)
        else:
            self.taken += 1
            try:
                await self.app(scope, receive, send)
            finally:  # also of a client that has gone
                self.taken -= 1
