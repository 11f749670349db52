"""A server that sends bytes as it is told, valid or not, from a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

from scripted import call

from ttc.backends.openai import OpenAI
from ttc.core import Call, Completion

Reply = Callable[[], Iterable[bytes]]


@contextlib.contextmanager
def serving(reply: Reply) -> Iterator[str]:
    """The address of a server that answers each request with these pieces and then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(1 << 16)
            head, _, body = request.partition(b"\r\n\r\n")
            fields = [line.lower().split(b":") for line in head.split(b"\r\n")[1:]]
            length = next((int(f[1]) for f in fields if f[0] == b"content-length"), 0)
            while len(body) < length:
                body += connection.recv(1 << 16)
            for piece in reply():
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        listener.close()


def head(status: str = "200 OK", *lines: str) -> bytes:
    """A reply's head; without a length the body ends with the connection."""
    text = "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""])
    return text.encode("latin-1")


def complete(reply: Reply, wanted: Call | None = None) -> list[Completion]:
    """What the backend makes of it."""

    async def run(url: str) -> list[Completion]:
        backend = OpenAI(model="m", base_url=url, timeout=20).open()
        try:
            return await backend.complete(wanted or call(max_tokens=16))
        finally:
            await backend.close()

    with serving(reply) as url:
        return asyncio.run(run(url))
