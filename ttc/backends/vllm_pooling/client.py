"""The backend behind `type: vllm_pooling`.

The server's own tokenizer (`/tokenize`) tells where steps end, and the tokens are what is sent to
`/pooling`: so both agree on places, whatever the model's tokenizer makes of the text.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from ttc.backends.common.rewards import Chat, Layout, Text, layout, pieces
from ttc.backends.http import identity as identities
from ttc.backends.http.client import make_client, send
from ttc.backends.http.errors import Where
from ttc.backends.http.reply import token_count
from ttc.backends.http.secrets import Scrubber, sendable_key, split_credentials, url_secrets
from ttc.backends.http.sizes import LISTING
from ttc.backends.vllm_pooling.rows import Malformed, probability, rows_of
from ttc.core import Call, Capabilities, Completion, ModelIdentity, Passage, Prompt
from ttc.errors import BackendError, RetryableError

if TYPE_CHECKING:
    from ttc.backends.vllm_pooling import VLLMPooling

_PATIENCE_S = 10.0
_REMEMBERED = 4096  # pieces of text, such as a question before many solutions


class VLLMPoolingBackend:
    """See `ttc.core.RemoteBackend` and `ttc.core.Reader`. Of one server."""

    def __init__(
        self,
        config: VLLMPooling,
        transport: httpx.AsyncBaseTransport | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        url = config.base_url.rstrip("/").removesuffix("/v1")
        name, key = config.api_key_env, _key(config.api_key_env, os.environ if env is None else env)
        self._config = config
        self._scrub = Scrubber([key, *url_secrets(url)])
        self._where = Where(split_credentials(url)[0], config.model, name, self._scrub)
        self._client = make_client(url, key, config, transport)
        self._tokens: dict[Text | Chat, list[int]] = {}

    @property
    def capabilities(self) -> Capabilities:
        return self._config.offers

    @property
    def endpoints(self) -> tuple[str, ...]:
        return (self._where.endpoint,)

    async def identify(self) -> ModelIdentity:
        config, entry = self._config, {}
        if config.check_model:
            listing = await self._send("/v1/models", None)
            entry = dict(identities.find_model(listing, config.model, self._where.endpoint))
        shown = [config.reward, config.values, config.bos]
        return identities.of_entries(
            "vllm_pooling",
            config.model,
            self.endpoints,
            [entry],
            f"reward: {', '.join(filter(None, shown))}",
            config.served_as,
        )

    async def check(self, endpoint: str) -> None:
        await self._send("/v1/models", None)

    async def read(self, call: Call) -> list[Completion]:
        passage, began = call.prompt, time.perf_counter()
        assert isinstance(passage, Passage)
        form = self._config.reward
        ids = await asyncio.gather(*map(self._ids, pieces(form, passage)))
        found = layout(form, passage, ids)
        reply = await self._pool(found.ids)
        scores = self._scores(reply, found)
        count = token_count(reply.get("usage"), "prompt_tokens")
        seconds = time.perf_counter() - began
        tokens = len(found.ids) if count is None else count
        return [Completion("", "read", tokens, 0, scores=scores, seconds=seconds)]

    def _scores(self, reply: Mapping[str, Any], found: Layout) -> tuple[float, ...]:
        try:
            rows = rows_of(reply, found)
        except Malformed as problem:
            text = str(problem)
        else:
            try:
                return tuple(
                    probability(row, self._config.reward, self._config.values) for row in rows
                )
            except BackendError as error:
                error.args = (self._where.say(str(error)),)
                raise
        raise RetryableError(self._where.say(text), billed=True, unreadable=True)

    async def complete(self, call: Call) -> list[Completion]:
        return await self.complete_at(call, self._where.endpoint)

    async def complete_at(self, call: Call, endpoint: str) -> list[Completion]:
        """It draws no samples: what is read is a question of no more than one token, as is asked to
        see whether the server is well.
        """
        if call.params.max_tokens > 1:
            said = f"{self._config.model} is a reward model, which draws no samples"
            raise BackendError(self._where.say(said))
        text = call.prompt.text or "\n".join(m.content for m in call.prompt.messages)
        ids = await self._ids(Text(text, begins=True))
        await self._pool(ids)
        return [Completion("", "read", len(ids), 0)] * len(call.seeds)

    async def _pool(self, ids: Sequence[int]) -> Mapping[str, Any]:
        body = {"model": self._config.model, "input": list(ids), "encoding_format": "float"}
        reply: Mapping[str, Any] = await self._send("/pooling", body)
        return reply

    async def _ids(self, piece: Text | Chat) -> list[int]:
        """The tokens of a piece, by the server's tokenizer."""
        known = self._tokens.get(piece)
        if known is not None:
            return known
        reply = await self._send("/tokenize", {"model": self._config.model, **self._asked(piece)})
        found = reply.get("tokens")
        if not isinstance(found, list) or not all(type(one) is int for one in found):
            said = "the reply of /tokenize has no list of tokens"
            raise RetryableError(self._where.say(said), unreadable=True)
        if len(self._tokens) >= _REMEMBERED:
            self._tokens.clear()
        self._tokens[piece] = found
        return found

    def _asked(self, piece: Text | Chat) -> dict[str, Any]:
        if isinstance(piece, Chat):
            turns = [{"role": m.role, "content": m.content} for m in piece.messages]
            return {"messages": turns, "add_generation_prompt": piece.answer}
        text, begins = piece.text, piece.begins
        if begins and self._config.bos:
            text, begins = self._config.bos + text, False
        return {"prompt": text, "add_special_tokens": begins}

    async def _send(self, path: str, body: dict[str, Any] | None) -> Any:
        config = self._config
        seconds = min(config.timeout, max(_PATIENCE_S, config.connect_timeout))
        wait = seconds if body is None else None
        reply = await send(self._client, path, body, config, self._where, wait, LISTING)
        return self._scrub.reply(reply)

    def count_tokens(self, prompt: Prompt) -> int | None:
        return None

    async def close(self) -> None:
        await self._client.close()


def _key(name: str | None, env: Mapping[str, str]) -> str | None:
    """The key in an environment variable. Raises `BackendError` where it is missing."""
    if name is None:
        return None
    key = env.get(name, "").strip()
    if not key:
        raise BackendError(f"the environment variable {name} is not set; it must hold the API key")
    return sendable_key(key, name)
