"""Requests in OpenAI's form as questions to a recipe. What can't be honoured is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ttc.core import Message
from ttc.serve.errors import ApiError
from ttc.serve.requests import ChatMessage, parse

Earlier = Literal["refuse", "before"]
"""What is done with messages before the question: refused, or put before it as text."""
CHANGES = ("temperature", "top_p", "top_k", "max_tokens", "stop", "solutions", "verifications")
"""What a request may have otherwise than the recipe."""
_Limit = Annotated[float, Field(gt=0, le=1e30, allow_inf_nan=False)]
_MOST_STOPS, _LONGEST_STOP = 16, 1000
_SPEAKERS = {"user": "User: ", "assistant": "Assistant: ", "system": ""}


@dataclass(frozen=True)
class Question:
    """One question, and how it is to be answered.

    model: the recipe's name, perhaps with a policy behind a colon; seed: None for a fresh one;
    budget: limits by unit, seconds among them; changes: by the names of `CHANGES`; usage: whether a
    stream ends with the tokens.
    """

    text: str
    model: str
    seed: int | None = None
    policy: str | None = None
    budget: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = False
    usage: bool = False


class _Budget(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    tokens: _Limit | None = None
    flops: _Limit | None = None
    usd: _Limit | None = None
    calls: _Limit | None = None
    seconds: Annotated[float, Field(gt=0, le=1e9)] | None = None


class _Ttc(BaseModel):
    """The field `ttc` of a request: what OpenAI's protocol has no words for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    policy: str | None = Field(default=None, min_length=1)
    budget: _Budget = _Budget()
    solutions: int | None = Field(default=None, ge=1)
    verifications: int | None = Field(default=None, ge=1)
    choices: list[str] = Field(default=[], max_length=26)
    metadata: dict[str, Any] = {}


class _StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    include_usage: bool = False


class _Asked(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    n: int = 1
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    logprobs: bool | int = False
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    ttc: _Ttc = _Ttc()

    def longest(self) -> int | None:
        """Tokens of a solution, where the request says."""
        return getattr(self, "max_tokens", None)

    def question(self, text: str) -> Question:
        """Raises `ApiError` for what no recipe can do."""
        if self.n != 1:
            said = "n must be 1: a recipe draws its own solutions and replies with the chosen one"
            raise ApiError(400, f"{said}; ttc.votes of the reply tells of the others", "n")
        if self.logprobs is not False:
            said = "logprobs are not supported: the reply is chosen among many solutions"
            raise ApiError(400, said, "logprobs", "unsupported_parameter")
        for one in (text, *self.ttc.choices):
            _check_text(one)
        if not text.strip():
            raise ApiError(400, "the question is empty", "messages")
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        lengths = [len(one) for one in stop or ()]
        if len(lengths) > _MOST_STOPS or any(not 0 < n <= _LONGEST_STOP for n in lengths):
            said = f"stop takes up to {_MOST_STOPS} texts of 1 to {_LONGEST_STOP} characters"
            raise ApiError(400, said, "stop")
        told = {**self.__dict__, **self.ttc.__dict__, "max_tokens": self.longest(), "stop": stop}
        return Question(
            text=text,
            model=self.model,
            seed=self.seed,
            policy=self.ttc.policy,
            budget={u: n for u, n in self.ttc.budget.__dict__.items() if n is not None},
            changes={name: told[name] for name in CHANGES if told[name] is not None},
            choices=tuple(self.ttc.choices),
            metadata=self.ttc.metadata,
            stream=self.stream,
            usage=self.stream_options.include_usage,
        )


class _Chat(_Asked):
    messages: list[ChatMessage] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    def longest(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens


class _Completion(_Asked):
    prompt: str | list[str]
    max_tokens: int | None = Field(default=None, ge=1)


class _Input(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]


class _Response(_Asked):
    input: str | list[_Input]
    instructions: str | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)

    def longest(self) -> int | None:
        return self.max_output_tokens


def of_chat(body: object, earlier: Earlier = "refuse") -> Question:
    """The body of /v1/chat/completions. Raises `ApiError` 400 that names the field."""
    asked = parse(_Chat, body)
    return asked.question(_text([one.turn() for one in asked.messages], earlier, "messages"))


def of_completion(body: object) -> Question:
    """The body of /v1/completions: one prompt. Raises `ApiError` 400 that names the field."""
    asked = parse(_Completion, body)
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    if len(prompts) != 1:
        raise ApiError(400, "prompt must be one text: one question is answered at a time", "prompt")
    return asked.question(prompts[0])


def of_response(body: object, earlier: Earlier = "refuse") -> Question:
    """The body of /v1/responses. Raises `ApiError` 400 that names the field."""
    asked = parse(_Response, body)
    if asked.stream:
        raise ApiError(400, "stream is not supported here; /v1/chat/completions streams", "stream")
    turns = [Message("system", asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        return asked.question(_text([*turns, Message("user", asked.input)], earlier, "input"))
    turns += [_turn(one) for one in asked.input]
    return asked.question(_text(turns, earlier, "input"))


def _turn(one: _Input) -> Message:
    role = "system" if one.role == "developer" else one.role
    if isinstance(one.content, str):
        return Message(role, one.content)
    if any(part.get("type") not in ("input_text", "output_text") for part in one.content):
        raise ApiError(400, "only text content is supported", "input")
    return Message(role, "".join(str(part.get("text", "")) for part in one.content))


def _text(turns: Sequence[Message], earlier: Earlier, param: str) -> str:
    """The last message, which must be the user's, perhaps with those before it."""
    if not turns or turns[-1].role != "user":
        raise ApiError(400, "the last message must be the user's: it is the question", param)
    if len(turns) == 1:
        return turns[0].content
    if earlier == "refuse":
        said = f"a recipe answers one question, and a {turns[0].role} message stands before it"
        raise ApiError(
            400, f"{said}; send the question alone (ttc serve --earlier before joins them)", param
        )
    for one in turns:
        _check_text(one.content)
    talk = any(one.role != "system" for one in turns[:-1])
    labels = [_SPEAKERS[one.role] if talk else "" for one in turns]
    return "\n\n".join(f"{label}{one.content}" for label, one in zip(labels, turns, strict=True))


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ApiError(400, "a text holds half of a surrogate pair: it is no Unicode") from None
