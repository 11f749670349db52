"""What a user may add to requests and leave out of them: never what ttc itself decides.

A budget reserves `n` samples of `max_tokens` for each call, and a sample is kept under the model,
the prompt and the settings that it was asked with. A field that changes those behind the engine's
back would spend more than was reserved, or put samples under the name of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ttc.redact import remember
from ttc.secret_names import is_secret_name

_LENGTH = "the length is the max_tokens of the sampler or verifier, which budgets reserve"
_SAMPLES = "how many samples a request has is n_per_call, which budgets reserve"
_SAMPLING = "set it in the sampler or verifier"
_MODEL = "the model is the backend's `model`"
_PROMPT = "prompts are the recipe's `prompt`"
_LOGPROBS = "the sampler and verifiers say whether they want logprobs, max_logprobs how many"
_STREAM = "replies are read whole"
_NOT_ADDED = {
    "model": _MODEL,
    "models": _MODEL,
    "messages": _PROMPT,
    "prompt": _PROMPT,
    "echo": _PROMPT,
    "max_tokens": _LENGTH,
    "max_completion_tokens": _LENGTH,
    "max_output_tokens": _LENGTH,
    "max_new_tokens": _LENGTH,
    "max_length": _LENGTH,
    "n_predict": _LENGTH,
    "num_predict": _LENGTH,
    "n": _SAMPLES,
    "best_of": _SAMPLES,
    "num_return_sequences": _SAMPLES,
    "use_beam_search": _SAMPLES,
    "stream": _STREAM,
    "stream_options": _STREAM,
    "seed": "every sample has a seed of its own, which follows from the recipe's `seed`",
    "temperature": _SAMPLING,
    "top_p": _SAMPLING,
    "stop": "stop texts are the prompt's",
    "logprobs": _LOGPROBS,
    "top_logprobs": _LOGPROBS,
}
_FEWER_LOGPROBS = "where the server gives none, set max_logprobs: 0"
_NOT_OMITTED = {
    "model": "a server must be told which model",
    "messages": "a server must be told the prompt",
    "prompt": "a server must be told the prompt",
    "max_tokens": "budgets rest on it; with `type: openai`, max_tokens_key chooses its name",
    "max_completion_tokens": "budgets rest on it; with `type: openai`, max_tokens_key: max_tokens",
    "n": "set n_per_call: 1",
    "logprobs": _FEWER_LOGPROBS,
    "top_logprobs": _FEWER_LOGPROBS,
}
_HEADERS = {"headers", "extra_headers", "default_headers"}
_BY_ENVIRONMENT = "put it into an environment variable and name that in api_key_env"


def _name(key: str) -> str:
    return key.strip().lower().replace("-", "_")


def _addable(key: str) -> str:
    name = _name(key)
    if name in _NOT_ADDED:
        raise ValueError(f"ttc decides this field: {_NOT_ADDED[name]}")
    if name in _HEADERS:
        raise ValueError(
            "headers are no fields of a request's body, and a key would be stored with the "
            f"results; {_BY_ENVIRONMENT}"
        )
    if is_secret_name(key):
        raise ValueError(f"a key here would be stored with the results; {_BY_ENVIRONMENT}")
    return key


def _keyless(value: Any) -> Any:
    """Refuse keys deep inside; `_addable` sees only the field itself."""
    for name, _ in _secrets_in(value):
        raise ValueError(f"{name!r} would be stored with the results; {_BY_ENVIRONMENT}")
    return value


def _secrets_in(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values of what looks like a key by its name, and all headers that are texts."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and is_secret_name(str(key)):
                yield str(key), inner
            elif isinstance(inner, Mapping) and _name(str(key)) in _HEADERS:
                yield from ((str(key), text) for text in inner.values() if isinstance(text, str))
            yield from _secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets_in(inner)


def _hidden(fields: Any) -> Any:
    """Keys among the fields will be refused; no message may quote them, nor the override."""
    remember(secret for _, secret in _secrets_in(fields))
    return fields


def _omittable(field: str) -> str:
    reason = _NOT_OMITTED.get(_name(field))
    if reason is not None:
        raise ValueError(f"{field!r} can't be left out: {reason}")
    return field


ExtraBody = Annotated[
    dict[Annotated[str, AfterValidator(_addable)], Annotated[Any, AfterValidator(_keyless)]],
    BeforeValidator(_hidden, json_schema_input_type=dict[str, Any]),
]
"""Fields that only this server knows, sent as they are."""
Omitted = tuple[Annotated[str, AfterValidator(_omittable)], ...]
"""Fields that a server refuses and that an experiment can do without."""
ServedAs = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] | None
"""The name of weights that move between addresses."""
