"""The backend behind `type: litellm`: the same requests, replies and error classes as `openai`."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openai

from ttc.backends.common.foreign import make_whole, shorten
from ttc.backends.http.client import make_client
from ttc.backends.http.errors import Where, from_status, from_words
from ttc.backends.http.identity import variant
from ttc.backends.http.reply import Malformed, billed, read_reply
from ttc.backends.http.request import chat_body, completion_body, finish
from ttc.backends.http.secrets import Scrubber, sendable_key
from ttc.backends.http.sizes import at_most, reply_bytes
from ttc.backends.litellm.connections import leave_connections, use_connections
from ttc.backends.openai import OPENAI_URL, OpenAI
from ttc.core import Call, Capabilities, Completion, ModelIdentity, Prompt
from ttc.errors import BackendError, CallFailed, RetryableError, Trouble, TtcError
from ttc.quiet_litellm import load_litellm

if TYPE_CHECKING:
    from ttc.backends.litellm import LiteLLM

# Providers that are the OpenAI protocol at an address of the user's choice; those of them that
# litellm reaches with the official client.
_OPENAI_LIKE = {"openai", "text-completion-openai", "hosted_vllm", "openai_like"}
_OFFICIAL = {"openai", "text-completion-openai"}
_PREFIX = re.compile(r"^(litellm\.)?(\w+Error: )*(\w+Exception - )?")
_TRACE = "Traceback (most recent call last)"
# Fields that litellm may drop silently where the provider has no such thing.
_DROPPABLE = {"n", "seed", "logprobs", "top_logprobs", "stop", "temperature", "top_p"}
# Fields outside of OpenAI's own travel in the body of servers that merely speak its protocol.
_UNKNOWN = (408, 500)  # litellm's words for a reply that never came, among other things
_BEYOND = ("top_k", "continue_final_message", "add_generation_prompt")
_NO_KEY = "none"  # litellm insists on one
_PRICES = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "max_input_tokens",
)


class LiteLLMBackend:
    """See `ttc.core.Backend`."""

    def __init__(self, config: LiteLLM) -> None:
        self._config = config
        self._litellm = load_litellm()
        self._name, self._provider = self._resolve()
        self._key = self._find_key()
        self._scrub = Scrubber([self._own_key()])
        self._where = Where(
            config.api_base or self._provider, config.model, self._key_env(), self._scrub
        )
        fields = self._litellm.get_supported_openai_params(
            model=self._name, custom_llm_provider=self._provider
        )
        self._fields = set(fields or ()) - set(config.omit)
        # The official client goes through litellm as it is, its pool of connections included.
        self._client = (
            make_client(config.api_base or OPENAI_URL, self._own_key(), self._as_openai(), None)
            if self._provider in _OFFICIAL
            else None
        )

    def __repr__(self) -> str:
        return f"LiteLLMBackend({self._config.model!r})"

    def _resolve(self) -> tuple[str, str]:
        try:
            name, provider, *_ = self._litellm.get_llm_provider(model=self._config.model)
            return str(name), str(provider)
        except openai.OpenAIError:
            pass
        raise BackendError(
            f"litellm knows no model {self._config.model!r}: write provider/model, such as "
            "anthropic/claude-..., or openai/<name> with api_base for a server of your own"
        )

    def _key_env(self) -> str | None:
        if self._config.api_key_env is not None:
            return self._config.api_key_env
        missing = self._litellm.validate_environment(self._config.model)["missing_keys"]
        return " or ".join(missing) or None

    def _find_key(self) -> str | None:
        name = self._config.api_key_env
        if name is not None:
            key = os.environ.get(name, "").strip()
            if not key:
                raise BackendError(
                    f"the environment variable {name} is not set; it must hold the API key "
                    f"for {self._config.api_base or self._provider}"
                )
            return sendable_key(key, name)
        if self._config.api_base is not None and self._provider in _OPENAI_LIKE:
            # OpenAI's key must not go to a server that merely speaks its protocol.
            return _NO_KEY
        missing = self._litellm.validate_environment(self._config.model)["missing_keys"]
        if missing:
            raise BackendError(
                f"{self._config.model} needs the environment variable {' and '.join(missing)}"
            )
        return os.environ.get("OPENAI_API_KEY") if self._provider in _OFFICIAL else None

    def _own_key(self) -> str | None:
        return None if self._key == _NO_KEY else self._key

    def _as_openai(self) -> OpenAI:
        config = self._config
        return OpenAI(
            model=self._name,
            base_url=config.api_base or OPENAI_URL,
            api_key_env=config.api_key_env,
            timeout=config.timeout,
            n_per_call=config.n_per_call,
            max_logprobs=config.max_logprobs,
            raw=config.raw,
            omit=config.omit,
            extra_body=config.extra_body,
            served_as=config.served_as,
            mode=config.mode,
        )

    def as_openai(self) -> OpenAI | None:
        """The same model for the backend `openai`; None where its server speaks otherwise."""
        official = self._provider in _OFFICIAL
        like = self._provider in _OPENAI_LIKE and self._config.api_base is not None
        return self._as_openai() if official or like else None

    @property
    def capabilities(self) -> Capabilities:
        has, most = self._fields.__contains__, self._config.offers
        return replace(
            most,
            max_n=most.max_n if has("n") else 1,
            seed=has("seed"),
            logprobs=most.logprobs if has("logprobs") else 0,
            stop=has("stop"),
        )

    async def identify(self) -> ModelIdentity:
        """The model with its prices; reaches the server where it is an OpenAI-compatible one."""
        facts = self._prices()
        base = self._config.api_base
        added = variant(self._config.omit, self._config.extra_body)
        if base is None or self._provider not in _OPENAI_LIKE or not self._config.check_model:
            here = ModelIdentity("litellm", self._config.model, base or "", "", facts, added)
            return replace(here, served_as=self._config.served_as or "")
        found = await self._look_up()
        return ModelIdentity(
            backend="litellm",
            model=self._config.model,
            endpoint=found.endpoint,
            revision=found.revision,
            facts={**found.facts, **facts},
            variant=added,
            served_as=self._config.served_as or "",
        )

    async def _look_up(self) -> ModelIdentity:
        env = {self._config.api_key_env: self._key or ""} if self._config.api_key_env else {}
        backend = self._as_openai().open_with(None, env)
        try:
            return await backend.identify()
        finally:
            await backend.close()

    def _prices(self) -> dict[str, Any]:
        """What litellm's table has of USD per prompt, completion and cached token."""
        try:
            info = self._litellm.get_model_info(self._config.model)
        except Exception:  # ModelNotMappedError derives from Exception itself
            return {}
        return {name: info[name] for name in _PRICES if info.get(name) is not None}

    @property
    def endpoints(self) -> tuple[str, ...]:
        return (self._where.endpoint,)

    async def check(self, endpoint: str) -> None:
        """Providers have no health check in common, so a real call must be the trial."""

    async def complete_at(self, call: Call, endpoint: str) -> list[Completion]:
        return await self.complete(call)

    async def complete(self, call: Call) -> list[Completion]:
        started = time.perf_counter()
        reply = await self._send(call)
        try:
            return read_reply(reply, call, time.perf_counter() - started)[0]
        except Malformed as problem:
            text = str(problem)
        raise billed(RetryableError(self._where.say(text), unreadable=True), reply)

    async def _send(self, call: Call) -> Any:
        send = self._litellm.acompletion if call.prompt.messages else self._litellm.atext_completion
        arguments = self._arguments(call)

        async def ask() -> Any:
            with at_most(reply_bytes(call)):
                return make_whole((await send(**arguments)).model_dump())

        return self._scrub.reply(await self._sent(ask, "overloaded"))

    async def _sent(self, ask: Callable[[], Awaitable[Any]], slow: Trouble = "broken") -> Any:
        """What a call of litellm's returns, in time. slow: what is wrong with the server if not."""
        await use_connections(self, self._config.timeout)
        try:
            async with asyncio.timeout(self._config.timeout):
                return await ask()
        except TtcError:
            raise
        except TimeoutError:
            said = f"no complete answer within {self._config.timeout:g} s"
            failure: BackendError = RetryableError(self._where.say(said), None, slow, billed=True)
        except Exception as error:  # litellm raises openai's errors and, at times, providers' own
            failure = self._classify(error)
        # Raised out here, so that the traceback chains no exception that holds the request.
        raise failure

    def _arguments(self, call: Call) -> dict[str, Any]:
        config = self._config
        if call.prompt.messages:
            if call.prompt.prefill and config.prefill == "none":
                raise BackendError("a begun answer (prefill) needs the backend's `prefill` key")
            body = chat_body(call, "max_tokens")
        else:
            body = completion_body(call)
        body = {k: v for k, v in body.items() if k not in _DROPPABLE or k in self._fields}
        body = finish(body, config.omit, {})
        beyond = config.extra_body | {k: body.pop(k) for k in list(body) if k in _BEYOND}
        return {
            "model": config.model,
            "api_base": config.api_base,
            "api_key": self._key,
            "timeout": config.timeout,
            "max_retries": 0,
            "num_retries": 0,
            **({"extra_body": beyond} if beyond else {}),
            **({"client": self._client} if self._client else {}),
            **body,
        }

    def _classify(self, error: Exception) -> BackendError:
        words = str(error).partition(_TRACE)[0]  # litellm's messages may hold its tracebacks
        kinds, said = self._litellm.exceptions, shorten(_PREFIX.sub("", words))
        if isinstance(error, kinds.ContextWindowExceededError):
            return CallFailed(self._where.say(said), "context_length")
        if isinstance(error, kinds.ContentPolicyViolationError):
            return CallFailed(self._where.say(said), "content_filter")
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            headers = getattr(getattr(error, "response", None), "headers", None) or {}
            more = getattr(error, "litellm_response_headers", None) or {}
            body = getattr(error, "body", None) or said
            failure = from_status(status, body, {**headers, **more}, self._where)
            if isinstance(failure, RetryableError) and status in _UNKNOWN:
                failure.billed = True
            return failure
        if isinstance(error, openai.APIConnectionError):
            return RetryableError(self._where.say(said), billed=True)
        said = f"{type(error).__name__}: {said}"
        if isinstance(error, ImportError):
            return BackendError(self._where.say(said))
        # litellm reads replies in as many ways as there are providers, and stumbles in as many.
        return from_words(said, self._where)

    def count_tokens(self, prompt: Prompt) -> int | None:
        return None

    async def close(self) -> None:
        """Close litellm's clients, which all its backends share, with the last of them."""
        if self._client is not None:
            await self._client.close()
        await leave_connections(self)
