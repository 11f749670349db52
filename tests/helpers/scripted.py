"""Replies of OpenAI-compatible servers, as small as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from ttc.backends.openai import OpenAI
from ttc.core import Call, Completion, Message, Prompt, SamplingParams

URL = "http://server.test/v1"
RAW = Prompt(text="Problem: 1+1\nSolution:\n")
CHAT = Prompt(messages=(Message("system", "Be brief."), Message("user", "1+1?")))


def call(prompt: Prompt = RAW, n: int = 1, **params: Any) -> Call:
    return Call(prompt, SamplingParams(**params), tuple(range(7, 7 + n)))


def usage(prompt: int = 9, completion: int = 4) -> dict[str, int]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def raw_reply(*texts: str, **more: Any) -> dict[str, Any]:
    choices = [
        {"index": i, "text": t, "finish_reason": "stop", "logprobs": None}
        for i, t in enumerate(texts)
    ]
    return {"object": "text_completion", "choices": choices, "usage": usage(), **more}


def chat_reply(*texts: str, **more: Any) -> dict[str, Any]:
    choices = [
        {"index": i, "message": {"role": "assistant", "content": t}, "finish_reason": "stop"}
        for i, t in enumerate(texts)
    ]
    return {"object": "chat.completion", "choices": choices, "usage": usage(), **more}


Handler = Callable[[httpx.Request], httpx.Response]


def answering(reply: Any, status: int = 200, **headers: str) -> Handler:
    """A server that always says the same: JSON for objects, else the bare text."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(reply, str):
            return httpx.Response(status, text=reply, headers=headers)
        return httpx.Response(status, json=reply, headers=headers)

    return handle


def complete(handler: Handler, wanted: Call, **config: Any) -> list[Completion]:
    """One call through the openai backend to a scripted server."""
    env = config.pop("env", {})

    async def run() -> list[Completion]:
        backend = OpenAI(**{"model": "m", "base_url": URL, **config}).open_with(
            httpx.MockTransport(handler), env
        )
        try:
            return await backend.complete(wanted)
        finally:
            await backend.close()

    return asyncio.run(run())


def sent(wanted: Call, reply: Any = None, **config: Any) -> tuple[str, dict[str, Any]]:
    """The path and body that a call sends."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        fallback = chat_reply("x") if "chat" in request.url.path else raw_reply("x")
        return httpx.Response(200, json=reply or fallback)

    complete(handle, wanted, **config)
    return seen[0].url.path, json.loads(seen[0].content)
