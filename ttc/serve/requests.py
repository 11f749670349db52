"""Requests in OpenAI's form, checked and turned into `Call`s."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttc.core import Call, Capabilities, Message, Prompt, SamplingParams
from ttc.serve.errors import ApiError

# What clients send by habit and no answer depends on.
_HARMLESS = {"user", "metadata", "store", "service_tier", "stream_options", "safety_identifier"}
# Fields that may be sent with a value that asks for nothing.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "echo": (False,),
    "stream": (False,),
    "suffix": ("",),
    "best_of": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "response_format": ({"type": "text"},),
}
MOST_STOPS = 64


class _Sampling(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    n: int = Field(default=1, ge=1)
    seed: int | None = None
    stop: str | list[str] | None = Field(default=None, max_length=100_000)
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    top_k: int | None = None
    max_tokens: int | None = Field(default=None, ge=1)

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def likeliest(self) -> int | None:
        """Clients of vLLM say 0 or -1 for "no limit"."""
        return self.top_k if self.top_k is not None and self.top_k > 0 else None


R = TypeVar("R", bound=BaseModel)


class CompletionRequest(_Sampling):
    """The body of /v1/completions."""

    prompt: str | list[str]
    logprobs: int | None = Field(default=None, ge=0)

    def calls(self, limits: Capabilities) -> list[Call]:
        """One call per prompt. A seed gives every prompt the same row of sample seeds."""
        prompts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        if not prompts:
            raise ApiError(400, "prompt may not be an empty list", "prompt")
        _check(self, limits, self.logprobs)
        if not limits.raw:
            raise ApiError(400, "this model takes chat prompts only", "prompt")
        params = _params(self, self.max_tokens or 16, self.logprobs)
        return [Call(Prompt(text=p), params, _seeds(self)) for p in prompts]


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]

    def turn(self) -> Message:
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, str):
            return Message(role, self.content)
        if any(part.get("type") != "text" for part in self.content):
            raise ApiError(400, "only text content is supported", "messages")
        return Message(role, "".join(str(part.get("text", "")) for part in self.content))


class ChatRequest(_Sampling):
    """The body of /v1/chat/completions."""

    messages: list[ChatMessage] = Field(min_length=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    continue_final_message: bool = False
    add_generation_prompt: bool | None = None

    def calls(self, limits: Capabilities) -> list[Call]:
        """The one call of a chat; with `continue_final_message` the last turn is its prefill."""
        top = (self.top_logprobs or 0) if self.logprobs else None
        _check(self, limits, top)
        longest = self.max_completion_tokens or self.max_tokens or 512
        params = _params(self, longest, top)
        return [Call(self._prompt(limits), params, _seeds(self))]

    def _prompt(self, limits: Capabilities) -> Prompt:
        turns = tuple(m.turn() for m in self.messages)
        if not self.continue_final_message:
            return Prompt(messages=turns)
        if turns[-1].role != "assistant" or len(turns) == 1:
            raise ApiError(
                400, "continue_final_message needs a final assistant message", "messages"
            )
        if not limits.prefill:
            raise ApiError(400, "this model can't continue a message", "continue_final_message")
        return Prompt(messages=turns[:-1], prefill=turns[-1].content)


def parse(kind: type[R], body: object) -> R:
    """A checked request. Raises `ApiError` 400 that names the field."""
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be a JSON object")
    try:
        request = kind.model_validate({k: v for k, v in body.items() if v is not None})
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        # Of a field that may be a text or a list, the place names which form was tried.
        place = [str(p) for p in first["loc"] if p != "str" and not str(p).startswith("list[")]
        field = ".".join(place)
        raise ApiError(400, f"{field}: {first['msg']}", field.split(".")[0] or None) from None
    for name, value in (request.model_extra or {}).items():
        if name not in _HARMLESS and value not in _NEUTRAL.get(name, ()):
            raise ApiError(400, f"{name} is not supported", name, "unsupported_parameter")
    return request


def _check(request: _Sampling, limits: Capabilities, top: int | None) -> None:
    if request.n > limits.max_n:
        raise ApiError(400, f"n is at most {limits.max_n}", "n")
    if top is not None and top > limits.logprobs:
        raise ApiError(400, f"at most {limits.logprobs} logprobs are given per token", "logprobs")
    if len(request.stops) > MOST_STOPS or "" in request.stops:
        raise ApiError(400, f"stop takes up to {MOST_STOPS} texts, none empty", "stop")


def _params(request: _Sampling, max_tokens: int, logprobs: int | None) -> SamplingParams:
    return SamplingParams(
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.likeliest,
        max_tokens=max_tokens,
        stop=request.stops,
        logprobs=logprobs,
    )


def _seeds(request: _Sampling) -> tuple[int, ...]:
    """The request's seed, then seeds derived from it: two requests whose seeds are neighbours
    must not share samples.
    """
    first = secrets.randbits(63) if request.seed is None else request.seed & (2**63 - 1)
    return (first, *(_derived(first, i) for i in range(1, request.n)))


def _derived(seed: int, index: int) -> int:
    digest = hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def total_samples(calls: Sequence[Call]) -> int:
    return sum(len(call.seeds) for call in calls)
