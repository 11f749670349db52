"""An OpenAI-compatible server that misbehaves at random, from a seed, and keeps a log.

    python fault_server.py LOG SEED RATE [FAULT ...]

Every choice it generates has a text of its own ("s17 ..."), so that a test can tell a lost sample
and a duplicated one. LOG gets one line of JSON per request, written after the reply was sent:
request number, fault, seed, prompt, the choices that went out whole, and the tokens that a provider
would bill: for all that was generated, whether or not it arrived. stdout gets one line with its
addresses; the one with https accepts connections and refuses the handshake.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, TextIO

HANG = 1.5  # longer than any client here waits
USUAL = ("Content-Type: application/json",)


class Server:
    def __init__(self, log: TextIO, seed: int, rate: float, faults: list[str]) -> None:
        self.log, self.rate, self.faults = log, rate, faults
        self.dice = random.Random(seed)
        self.requests = self.samples = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection lives on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next((int(x[15:]) for x in head.split("\r\n") if x[:15] == "content-length:"), 0)
        body = json.loads(await reader.readexactly(length)) if length else {}
        if head.startswith("get"):
            await send(writer, json.dumps({"data": [{"id": "m", "revision": "r1"}]}))
            return True
        self.requests += 1
        number = self.requests
        fault = self.dice.choice(self.faults) if self.dice.random() < self.rate else "none"
        await asyncio.sleep(self.dice.uniform(0, 0.01))
        choices = self.generate(body)
        try:
            out = await getattr(self, f"do_{fault}")(writer, choices, usage(choices))
        except OSError:
            out = []
        billed = 0 if fault in UNBILLED else PROMPT_TOKENS + tokens(choices)
        if fault in CUT_SHORT:
            billed = PROMPT_TOKENS + tokens(out)
        self.note(number, fault, body, out, billed)
        return fault in KEEP_OPEN

    def generate(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for index in range(body.get("n", 1)):
            self.samples += 1
            text = f"s{self.samples} of {body['prompt']}"
            found.append({"index": index, "text": text, "finish_reason": "stop"})
        return found

    def note(
        self, number: int, fault: str, body: dict[str, Any], out: list[dict], billed: int
    ) -> None:
        entry = {
            "request": number,
            "fault": fault,
            "seed": body.get("seed"),
            "prompt": body["prompt"],
            "texts": [c["text"] for c in out],
            "billed": billed,
        }
        self.log.write(json.dumps(entry) + "\n")
        self.log.flush()

    # Each of these sends a reply and returns the choices that a client can have read.

    async def do_none(self, writer, choices, used):
        await send(writer, reply(choices, used))
        return choices

    async def do_limit(self, writer, choices, used):
        await send(writer, error("slow down"), "429 Too Many Requests", "Retry-After: 0.05")
        return []

    async def do_limit_without_a_wait(self, writer, choices, used):
        await send(writer, error("slow down"), "429 Too Many Requests")
        return []

    async def do_crash(self, writer, choices, used):
        await send(writer, error("oops"), "500 Internal Server Error")
        return []

    async def do_overload(self, writer, choices, used):
        await send(writer, "<html>busy</html>", "503 Service Unavailable", kind="text/html")
        return []

    async def do_hang(self, writer, choices, used):
        await asyncio.sleep(HANG)
        return []

    async def do_reset(self, writer, choices, used):
        reset(writer)
        return []

    async def do_reset_mid_body(self, writer, choices, used):
        text = reply(choices, used)
        await send(writer, text, cut=len(text) // 2)
        reset(writer)
        return []

    async def do_close_mid_body(self, writer, choices, used):
        text = reply(choices, used)
        await send(writer, text, cut=len(text) // 2)
        return []

    async def do_truncated_json(self, writer, choices, used):
        text = reply(choices, used)
        await send(writer, text[: len(text) * 2 // 3])
        return []

    async def do_wrong_type(self, writer, choices, used):
        await send(writer, "<html>please log in</html>", kind="text/html")
        return []

    async def do_no_choices(self, writer, choices, used):
        await send(writer, reply([], used))
        return []

    async def do_error_with_status_200(self, writer, choices, used):
        await send(writer, error("upstream died", 502))
        return []

    async def do_missing_usage(self, writer, choices, used):
        await send(writer, reply(choices, None))
        return choices

    async def do_n_ignored(self, writer, choices, used):
        await send(writer, reply(choices[:1], usage(choices[:1])))
        return choices[:1]

    async def do_duplicated_choices(self, writer, choices, used):
        kept = choices[: max(1, len(choices) - 1)]
        await send(writer, reply([*kept, kept[0]], usage(kept)))
        return kept

    async def do_slow_drip(self, writer, choices, used):
        text = reply(choices, used).encode()
        writer.write(head(len(text)))
        for i in range(len(text)):
            writer.write(text[i : i + 1])
            await writer.drain()
            await asyncio.sleep(0.05)
        return choices

    async def do_late(self, writer, choices, used):
        await asyncio.sleep(0.2)
        await send(writer, reply(choices, used))
        return choices


FAULTS = [n[3:] for n in dir(Server) if n.startswith("do_") and n != "do_none"]
KEEP_OPEN = {
    "none", "limit", "limit_without_a_wait", "crash", "overload", "wrong_type", "truncated_json",
    "no_choices", "missing_usage", "n_ignored", "duplicated_choices", "late",
}  # fmt: skip

UNBILLED = {"limit", "limit_without_a_wait", "crash", "overload"}
CUT_SHORT = {"n_ignored", "duplicated_choices"}  # no more was generated than went out
PROMPT_TOKENS = 5


def tokens(choices: list[dict]) -> int:
    return sum(len(c["text"].split()) for c in choices)


def usage(choices: list[dict]) -> dict[str, int]:
    return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens(choices), "total_tokens": 0}


def reply(choices: list[dict], used: dict[str, int] | None) -> str:
    found: dict[str, Any] = {"object": "text_completion", "choices": choices}
    return json.dumps(found if used is None else {**found, "usage": used})


def error(message: str, code: int | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": "server_error", "code": code}})


def head(length: int, status: str = "200 OK", *more: str, kind: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {length}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def send(
    writer: asyncio.StreamWriter,
    text: str,
    status: str = "200 OK",
    *more: str,
    kind: str = "application/json",
    cut: int | None = None,
) -> None:
    body = text.encode()
    writer.write(head(len(body), status, *more, kind=kind) + body[:cut])
    await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection by RST, not by FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def refuse_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal alert: handshake failure
    writer.close()


async def listen(handler: Callable[..., Any]) -> int:
    server = await asyncio.start_server(handler, "127.0.0.1", 0, backlog=1000)
    return server.sockets[0].getsockname()[1]


async def main(log: str, seed: str, rate: str, *faults: str) -> None:
    with open(log, "a", encoding="utf-8") as file:
        server = Server(file, int(seed), float(rate), list(faults) or FAULTS)
        plain, tls = await listen(server.handle), await listen(refuse_tls)
        urls = {"url": f"http://127.0.0.1:{plain}/v1", "tls": f"https://127.0.0.1:{tls}/v1"}
        print(json.dumps(urls), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
