"""A chat model behind an OpenAI-compatible server: scripted, and without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from scripted import URL, chat_reply

from ttc.backends.openai import OpenAI
from ttc.core import Call, Completion, ModelIdentity, Prompt, SamplingParams

Messages = list[dict[str, str]]


class Served:
    """says(messages) is the reply to a request; `asked` are the messages of all so far.

    config: of the `openai` backend. The server is an ordinary one: it knows chats, continues no
    begun answer, and does not say which stop text ended a reply.
    """

    identity = ModelIdentity("openai", "m")

    def __init__(self, says: Callable[[Messages], str], **config: Any) -> None:
        self.asked: list[Messages] = []
        self._says = says
        part = OpenAI(**{"model": "m", "base_url": URL, **config})
        self.capabilities = part.offers
        self._backend = part.open_with(httpx.MockTransport(self._handle), {})

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/chat/completions")
        messages = json.loads(request.content)["messages"]
        self.asked.append(messages)
        return httpx.Response(200, json=chat_reply(self._says(messages)))

    async def sample(
        self, prompt: Prompt, params: SamplingParams, n: int, *, start: int = 0, **_: Any
    ) -> list[Completion]:
        found: list[Completion] = []
        for i in range(n):
            found += await self._backend.complete(Call(prompt, params, (start + i,)))
        return found
