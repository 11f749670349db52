"""An OpenAI-compatible chat server whose samples follow from prompt, seed and index alone.

    python steady_server.py LOG SEED RATE [moody|refusing|holding]

A share RATE of its requests fails in ways that leave no trace in a sample. Each sample has a text
of its own; a moody server has another one each time it is asked; a refusing one fails in no way
that a provider would bill; a holding one keeps the key `sk-one` waiting after eight answers. LOG
gets a line of JSON the moment
a request has arrived: the key that it came with and the texts that answer it; and another one when
its answer was sent. stdout gets the address.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
from typing import Any, TextIO

from fault_server import error, listen, reply, reset, send, usage

REFUSALS = ("limit", "crash")
FAULTS = (*REFUSALS, "reset", "reset_mid_body", "truncated_json")


class Steady:
    def __init__(self, log: TextIO, seed: int, rate: float, mood: str = "") -> None:
        self.log, self.rate, self.moody = log, rate, mood == "moody"
        self.left = 8 if mood == "holding" else None
        self.faults = REFUSALS if mood == "refusing" else FAULTS
        self.requests = 0
        self.dice = random.Random(seed)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection lives on."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or "null")
        if body is None:
            await send(writer, json.dumps({"data": [{"id": "m", "revision": "r1"}]}))
            return True
        if "logprobs" in body:  # what the engine asks beside, to tell whose samples these are
            await send(writer, error("no logprobs here"), "404 Not Found")
            return True
        who = headers["authorization"].removeprefix("Bearer ")
        if refused := refusal(who, body):
            self.note({"event": "refused", "who": who})
            await send(writer, error(refused[1]), refused[0])
            return True
        self.requests += 1
        choices = generate(body, self.requests if self.moody else None)
        asked = {"who": who, "texts": [c["message"]["content"] for c in choices]}
        self.note({"event": "asked", **asked})
        await asyncio.sleep(self.dice.uniform(0.005, 0.05))
        if self.left is not None and who == "sk-one":
            if not self.left:
                await asyncio.Event().wait()
            self.left -= 1
        fault = self.dice.choice(self.faults) if self.dice.random() < self.rate else ""
        alive = await answer(writer, choices, fault)
        self.note({"event": fault or "answered", **asked})
        return alive

    def note(self, entry: dict[str, Any]) -> None:
        self.log.write(json.dumps(entry) + "\n")
        self.log.flush()


def refusal(who: str, body: dict[str, Any]) -> tuple[str, str] | None:
    """Status and message where a call can't be answered, as real servers put it."""
    asked = json.dumps(body["messages"])
    if who == "sk-expired":
        return "401 Unauthorized", "Incorrect API key provided"
    if body["model"] != "m":
        return "404 Not Found", f"The model {body['model']} does not exist"
    if who == "sk-dead" or ("POISON" in asked and who != "sk-mended"):
        return "500 Internal Server Error", "EngineDeadError"
    if who == "sk-small-server":
        return (
            "400 Bad Request",
            f"max_tokens is too large: 32. This model's maximum context length is 16 tokens and "
            f"your request has 9 input tokens (key {who})",
        )
    if "LONG" in asked and who != "sk-mended":
        return "400 Bad Request", "This model's maximum context length is 16 tokens"
    if "FILTERED" in asked:
        return "400 Bad Request", "The prompt triggered our content management policy"
    return None


def generate(body: dict[str, Any], mood: int | None = None) -> list[dict[str, Any]]:
    """What determines a text is hashed into it, so no two samples are alike."""
    made = []
    for index in range(body.get("n", 1)):
        asked = json.dumps([body["messages"], body["seed"], index] + [mood] * (mood is not None))
        digest = hashlib.sha256(asked.encode()).hexdigest()
        words = "so " * (int(digest[8:10], 16) % 12)
        verdict = "No" if digest[1] in "0123" else "Yes"
        text = (
            f"{digest[:24]} {words}\\boxed{{{int(digest[0], 16) % 3}}}\n"
            f"Verification: Is the answer correct (Yes/No)? {verdict}"
        )
        message = {"role": "assistant", "content": text}
        made.append({"index": index, "message": message, "finish_reason": "stop"})
    return made


async def answer(writer: asyncio.StreamWriter, choices: list[dict], fault: str) -> bool:
    """Send a reply, or what a fault makes of it; whether the connection lives on."""
    lengths = [{"text": c["message"]["content"]} for c in choices]
    text = reply(choices, usage(lengths))
    if fault == "limit":
        await send(writer, error("slow down"), "429 Too Many Requests", "Retry-After: 0.02")
    elif fault == "crash":
        await send(writer, error("oops"), "500 Internal Server Error")
    elif fault == "truncated_json":
        await send(writer, text[: len(text) * 2 // 3])
    elif fault.startswith("reset"):
        if fault == "reset_mid_body":
            await send(writer, text, cut=len(text) // 2)
        reset(writer)
        return False
    else:
        await send(writer, text)
    return True


async def main(log: str, seed: str, rate: str, mood: str = "") -> None:
    with open(log, "a", encoding="utf-8") as file:
        port = await listen(Steady(file, int(seed), float(rate), mood).handle)
        print(f"http://127.0.0.1:{port}/v1", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
