"""Bare requests to one endpoint, for checks that must see what a server really sends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx
from tenacity import RetryCallState, retry, retry_if_exception, stop_after_attempt

from ttc.backends.http.client import make_client, send
from ttc.backends.http.errors import Where
from ttc.backends.http.reply import (
    Malformed,
    choice_text,
    finish_reason,
    read_logprobs,
    token_count,
)
from ttc.backends.http.request import finish
from ttc.backends.http.secrets import Scrubber, split_credentials, url_secrets
from ttc.backends.openai import OpenAI
from ttc.backends.openai.client import find_key, is_openai
from ttc.core import TokenLogprob
from ttc.errors import RetryableError
from ttc.fingerprint import PROMPTS

Route = Literal["raw", "chat"]
# Something that the model has a lot, and not always the same, to say to.
OPENINGS = ("Tell me a long story about a fox and a raven.", *PROMPTS)
_TRIES = 4
_LONGEST_PAUSE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with the parts that checks look at. They raise `Malformed` where it has others."""

    reply: Mapping[str, Any]

    @property
    def choices(self) -> list[Mapping[str, Any]]:
        found = self.reply.get("choices")
        if not isinstance(found, list) or not found:
            raise Malformed("the reply has no list of choices")
        if not all(isinstance(choice, Mapping) for choice in found):
            raise Malformed("a choice is no JSON object")
        return found

    @property
    def texts(self) -> list[str]:
        try:
            return [choice_text(choice) for choice in self.choices]
        except Exception:
            pass
        raise Malformed("a choice has no text")

    @property
    def text(self) -> str:
        return self.texts[0]

    @property
    def finish(self) -> str:
        return finish_reason(self.choices[0])

    @property
    def logprobs(self) -> list[TokenLogprob]:
        try:
            return read_logprobs(self.choices[0].get("logprobs"))
        except Exception as error:
            text = f"logprobs are in no form that is known ({type(error).__name__})"
        raise Malformed(text)

    def used(self, name: str) -> int | None:
        """A token count of `usage`, None where it is missing."""
        return token_count(self.reply.get("usage"), name)

    @property
    def cached(self) -> int | None:
        """Prompt tokens that the server says it had cached."""
        usage = self.reply.get("usage")
        details = usage.get("prompt_tokens_details") if isinstance(usage, Mapping) else None
        return token_count(details, "cached_tokens")


def _throttled(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and error.trouble == "throttled"


def _pause(state: RetryCallState) -> float:
    """Seconds until the next try: what the server wishes, in reason."""
    error = state.outcome.exception() if state.outcome else None
    wish = error.retry_after if isinstance(error, RetryableError) else None
    return min(_LONGEST_PAUSE, 2.0**state.attempt_number if wish is None else wish)


class Probe:
    """Asks one server as a config would; `routes` are those that it turned out to have.

    url: with what credentials it needs; the config's own addresses are not looked at.
    """

    def __init__(
        self, config: OpenAI, url: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        name, key = find_key(config, (url,), os.environ)
        clean = split_credentials(url)[0]
        self._config = config
        self._client = make_client(url, key, config, transport)
        self._scrub = Scrubber([key, *url_secrets(url)])
        self._where = Where(clean, config.model, name, self._scrub)
        self._newest = config.max_tokens_key == "max_completion_tokens" or (
            config.max_tokens_key == "auto" and is_openai(clean)
        )
        self.routes: list[Route] = []
        self.opening = OPENINGS[0]

    async def choose_opening(self, route: Route) -> None:
        """Take the first opening to which two seeds give different answers of some length."""
        for opening in OPENINGS:
            texts = {
                (await self.ask(route, opening, seed=s, temperature=1.0, max_tokens=24)).text
                for s in (1, 2)
            }
            if len(texts) == 2 and min(map(len, texts)) > 12:
                self.opening = opening
                return

    async def ask(self, route: Route, prompt: str | None = None, **fields: Any) -> Answer:
        """One request, by default with the opening; `top` asks for that many logprobs.

        A server that has too many calls is waited for. Raises `BackendError`.
        """
        top = fields.pop("top", None)
        prompt = self.opening if prompt is None else prompt
        body: dict[str, Any] = {"model": self._config.model, "max_tokens": 16, **fields}
        if route == "chat":
            body.setdefault("messages", [{"role": "user", "content": prompt}])
            if top is not None:
                body |= {"logprobs": True, "top_logprobs": top}
            if self._newest:
                body["max_completion_tokens"] = body.pop("max_tokens")
        else:
            body["prompt"] = prompt
            if top is not None:
                body["logprobs"] = top
        path = "/chat/completions" if route == "chat" else "/completions"
        return Answer(
            await self._send(path, finish(body, self._config.omit, self._config.extra_body))
        )

    async def get(self, path: str) -> Any:
        """The JSON at a path. Raises `BackendError`."""
        return await self._send(path, None)

    @retry(
        retry=retry_if_exception(_throttled),
        stop=stop_after_attempt(_TRIES),
        wait=_pause,
        reraise=True,
    )
    async def _send(self, path: str, body: dict[str, Any] | None) -> Any:
        reply = await send(self._client, path, body, self._config, self._where)
        return self._scrub.reply(reply)

    async def close(self) -> None:
        await self._client.close()
