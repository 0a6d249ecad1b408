"""A port, and an app that answers there until it is told to end."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from bigmodel_lab.serving.limits import SECONDS, impatient

LAST_ANSWERS = 10  # seconds for requests that are being answered when it is to end
OPEN_FILES = 8192  # a connection is one, and 1,024 are a usual limit
HERE = "Serving at "  # begins the line that says where, once it listens


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises OSError, in one sentence, if the port is taken, forbidden, or no port.
    """
    if not 0 <= port <= 65535:
        raise OSError(f"A port is a number from 0 to 65535, got {port}.")
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise OSError(_no_port(host, port, error)) from None
    # Its connections take this over. Else the second half of an answer waits until the
    # client has confirmed the first one, which it puts off for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _no_port(host, port, error):
    """Return a sentence about a port that could not be had."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use: stop the program that has it, or take another "
            f"with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is not allowed here: take one above 1023 with --port."
    return f"{host} is no address of this machine ({error.strerror}): try 127.0.0.1."


def serve(app: Callable, listener: socket.socket, seconds: float = SECONDS) -> None:
    """Answer requests until SIGTERM or Ctrl-C, then those that have begun, then end.

    `listener` is what `listen` returned; the rest is as in `server_of`.
    """
    _allow_open_files()
    host, port = listener.getsockname()[:2]
    print(f"{HERE}http://{host}:{port}", flush=True)
    server_of(app, seconds).run(sockets=[listener])


def server_of(
    app: Callable, seconds: float = SECONDS, protocol: type = AutoHTTPProtocol
) -> uvicorn.Server:
    """Return uvicorn's server of an ASGI app.

    It hangs up on a client that says nothing for so many seconds. `protocol` is
    uvicorn's for HTTP: the fastest one that is installed.
    """
    config = uvicorn.Config(
        app,
        http=impatient(protocol, seconds),
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )
    return uvicorn.Server(config)


def _allow_open_files():
    """Let this process have more connections, as far as the system allows."""
    with suppress(ImportError, ValueError, OSError):  # Windows, or not allowed
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if now < OPEN_FILES:
            allowed = [OPEN_FILES, *([] if most == resource.RLIM_INFINITY else [most])]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(allowed), most))
