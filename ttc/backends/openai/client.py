"""The backend behind `type: openai`: translates calls, classifies errors, chooses an endpoint.

Requests go through the official client's documented `post` for arbitrary routes, which leaves out
its pydantic models: replies with logprobs are large, servers' dialects don't fit the models, and
bare JSON costs a fraction of the time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx
import openai

from ttc.backends.http import identity as identities
from ttc.backends.http.addresses import address_fault
from ttc.backends.http.client import make_client, send
from ttc.backends.http.errors import Where
from ttc.backends.http.pool import Endpoint, Pool
from ttc.backends.http.reply import Malformed, billed, read_reply
from ttc.backends.http.request import chat_body, completion_body, finish
from ttc.backends.http.secrets import Scrubber, sendable_key, split_credentials, url_secrets
from ttc.backends.http.sizes import LISTING, at_most, reply_bytes
from ttc.core import Call, Capabilities, Completion, ModelIdentity, Prompt
from ttc.errors import BackendError, RetryableError

if TYPE_CHECKING:
    from ttc.backends.openai import OpenAI

log = logging.getLogger(__name__)
OPENAI_HOST = "api.openai.com"
_CHECK_SECONDS = 10.0

Server = Endpoint[openai.AsyncOpenAI]


class OpenAIBackend:
    """See `ttc.core.Backend`."""

    def __init__(
        self,
        config: OpenAI,
        transport: httpx.AsyncBaseTransport | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        env = os.environ if env is None else env
        self._config = config
        urls = addresses(config, env)
        self._key_env, key = find_key(config, urls, env)
        self._scrub = Scrubber([key, *(secret for url in urls for secret in url_secrets(url))])
        self._pool: Pool[openai.AsyncOpenAI] = Pool(
            [split_credentials(url)[0] for url in urls],
            lambda index: make_client(urls[index], key, config, transport),
        )
        self._warned = False

    def __repr__(self) -> str:
        urls = ", ".join(e.url for e in self._pool.endpoints)
        return f"OpenAIBackend({self._config.model!r} at {urls})"

    @property
    def capabilities(self) -> Capabilities:
        return self._config.offers

    @property
    def endpoints(self) -> tuple[str, ...]:
        return self._pool.names

    async def identify(self) -> ModelIdentity:
        """Ask every server of the pool, all at once, whether the model is there.

        Raises `BackendError` when a server lacks the model or when none can be reached.
        """
        servers = self._pool.endpoints
        answers = await asyncio.gather(*map(self._entry, servers), return_exceptions=True)
        failures = [a for a in answers if isinstance(a, RetryableError)]
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, RetryableError):
                raise answer
        entries = [a for a in answers if not isinstance(a, BaseException)]
        if not entries:
            raise BackendError(_nobody(failures))
        for failure in failures:
            log.warning("going on without one server of the pool: %s", failure)
        config = self._config
        return identities.of_entries(
            "openai",
            config.model,
            [server.url for server in servers],
            entries,
            identities.variant(config.omit, config.extra_body),
            config.served_as,
        )

    async def _entry(self, endpoint: Server) -> Mapping[str, Any]:
        if not self._config.check_model:
            await self._health(endpoint)
            return {}
        listing = await self._send(endpoint, "/models", None, self._patience)
        return identities.find_model(listing, self._config.model, endpoint.url)

    async def _health(self, endpoint: Server) -> None:
        """Any answer shows that the server is there; what it says matters for calls only."""
        try:
            with at_most(LISTING):
                async with asyncio.timeout(self._patience):
                    await endpoint.client.get("/models", cast_to=httpx.Response)
            return
        except openai.APIStatusError as error:
            if error.status_code < 500:
                return
            said = f"HTTP {error.status_code}"
        except (TimeoutError, openai.APITimeoutError):
            said = f"no answer within {self._patience:g} s"
        except openai.OpenAIError:
            said = "no connection"
        except Exception as error:  # an answer, if one that makes the client stumble
            said = f"no readable answer ({type(error).__name__})"
        raise RetryableError(self._where(endpoint).say(said))

    @property
    def _patience(self) -> float:
        """Seconds to wait for a word of a server's; a sample may take much longer."""
        config = self._config
        return min(config.timeout, max(_CHECK_SECONDS, config.connect_timeout))

    async def check(self, endpoint: str) -> None:
        await self._health(self._pool[endpoint])

    async def complete(self, call: Call) -> list[Completion]:
        return await self.complete_at(call, self._pool.least_busy())

    async def complete_at(self, call: Call, endpoint: str) -> list[Completion]:
        started = time.perf_counter()
        path, body = self._request(call)
        with self._pool.lend(endpoint) as server:
            reply = await self._send(server, path, body, most=reply_bytes(call))
            try:
                found, known = read_reply(reply, call, time.perf_counter() - started)
            except Malformed as problem:
                text = str(problem)
            else:
                self._note_usage(known, server)
                return found
            error = RetryableError(self._where(server).say(text), unreadable=True)
            raise billed(error, reply)

    def _request(self, call: Call) -> tuple[str, dict[str, Any]]:
        config = self._config
        if call.prompt.messages:
            if call.prompt.prefill and config.prefill == "none":
                raise BackendError(
                    "a begun answer (prefill) needs `prefill: continue_final_message` in the "
                    "backend, and a server that knows it"
                )
            path, body = "/chat/completions", chat_body(call, self._max_tokens_key)
        else:
            path, body = "/completions", completion_body(call)
        return path, finish({"model": config.model, **body}, config.omit, config.extra_body)

    @cached_property
    def _max_tokens_key(self) -> str:
        if self._config.max_tokens_key != "auto":
            return self._config.max_tokens_key
        own = all(is_openai(e.url) for e in self._pool.endpoints)
        return "max_completion_tokens" if own else "max_tokens"

    def _note_usage(self, known: bool, endpoint: Server) -> None:
        if known:
            return
        if self._config.missing_usage == "fail":
            raise BackendError(
                self._where(endpoint).say(
                    "the reply has no token counts, so costs are unknown; "
                    "`missing_usage: upper_bound` goes on with an upper bound"
                )
            )
        if not self._warned:
            self._warned = True
            log.warning("%s: replies without token counts; counting one a byte", endpoint.url)

    async def _send(
        self,
        endpoint: Server,
        path: str,
        body: dict[str, Any] | None,
        seconds: float | None = None,
        most: int = LISTING,
    ) -> Any:
        where = self._where(endpoint)
        reply = await send(endpoint.client, path, body, self._config, where, seconds, most)
        return self._scrub.reply(reply)

    def _where(self, endpoint: Server) -> Where:
        return Where(endpoint.url, self._config.model, self._key_env, self._scrub)

    def count_tokens(self, prompt: Prompt) -> int | None:
        return None

    async def close(self) -> None:
        for endpoint in self._pool.endpoints:
            await endpoint.client.close()


def _nobody(failures: list[RetryableError]) -> str:
    if len(failures) == 1:
        return f"no answer from {failures[0]}; is the server running, and is the URL right?"
    each = "; ".join(map(str, failures))
    return f"no answer from any server of the pool ({each}); are they running, at these URLs?"


def addresses(config: OpenAI, env: Mapping[str, str]) -> tuple[str, ...]:
    """The servers of a config as they are reached, with what credentials the environment adds.

    Raises `BackendError` where the environment's is no address.
    """
    from ttc.backends.openai import OPENAI_URL

    if config.base_urls or config.base_url:
        return config.base_urls or (config.base_url or "",)
    url = env.get("OPENAI_BASE_URL", "").strip()
    fault = address_fault(url) if url else None
    if fault is not None:
        raise BackendError(f"the environment variable OPENAI_BASE_URL holds no address: {fault}")
    return (url or OPENAI_URL,)


def is_openai(url: str) -> bool:
    """Whether an address is OpenAI's own."""
    return httpx.URL(url).host == OPENAI_HOST


def find_key(
    config: OpenAI, urls: tuple[str, ...], env: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """The name of the key's variable and the key. Raises `BackendError` when one is missing."""
    name = config.api_key_env
    if name is None and all(is_openai(url) for url in urls):
        name = config.default_key_env
    if name is None:
        return None, None
    key = env.get(name, "").strip()
    if not key:
        raise BackendError(
            f"the environment variable {name} is not set; it must hold the API key "
            f"for {split_credentials(urls[0])[0]}"
        )
    return name, sendable_key(key, name)
