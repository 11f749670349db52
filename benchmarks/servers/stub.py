"""An OpenAI-compatible server that does nothing but wait: every request is answered after LATENCY.

    python stub.py LATENCY_SECONDS

It costs some 30 microseconds a request, so that on two cores it is no client's bottleneck.
stdout gets the address.
"""

from __future__ import annotations

import asyncio
import json
import sys

MODELS = json.dumps({"data": [{"id": "stub", "revision": "r1"}]}).encode()
TEXT = "Two and two make four. The final answer is \\boxed{4}."
CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}}
REPLY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [CHOICE],
        "usage": {"prompt_tokens": 40, "completion_tokens": 16, "total_tokens": 56},
    }
).encode()


def packed(body: bytes) -> bytes:
    """The bytes of a reply with status 200."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request in the buffer."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n") + 4) > 3:
            head = self._buffer[:end].lower()
            _, _, length = head.partition(b"content-length:")
            whole = end + int(length.partition(b"\r\n")[0] or 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._answer(head.startswith(b"get"))

    def _answer(self, listing: bool) -> None:
        if listing:
            self._send(packed(MODELS))
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._latency, self._send, packed(REPLY))

    def _send(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)


async def main(latency: str) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(float(latency)), "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
