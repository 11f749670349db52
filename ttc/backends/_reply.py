"""The JSON of an OpenAI-compatible reply as `Completion`s, from any of the dialects.

Chat and raw completions differ in shape, and servers mix them (llama.cpp's server answers raw
completions with chat-shaped logprobs), so each part is read by its shape, not by its route.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ttc.backends._request import prompt_bytes
from ttc.core import Call, Completion, TokenLogprob, fitted
from ttc.errors import BackendError

Json = Mapping[str, Any]
_ABSURD = 10**9  # tokens; no model reads or writes as many in a request


class Malformed(ValueError):
    """A reply that is JSON but not in OpenAI's form."""


def read_reply(reply: object, call: Call, seconds: float) -> tuple[list[Completion], bool]:
    """The samples of a reply, in order of their index, and whether usage was reported.

    At most `len(call.seeds)` come back, and the first tells what else was billed; fewer where the
    server ignored `n`. Two choices of one index are one sample sent twice. (By index alone:
    dropping equal texts would bias samples towards variety.) Raises `Malformed`.
    """
    try:
        return _read(reply, call, seconds)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as problem:
        text = f"the reply is not in OpenAI's form ({type(problem).__name__}: {problem})"
    raise Malformed(text)


def _read(reply: Any, call: Call, seconds: float) -> tuple[list[Completion], bool]:
    choices = _distinct(reply["choices"])
    if not choices:
        raise ValueError("no choices")
    texts = [choice_text(c) for c in choices]
    tokens = [read_logprobs(c.get("logprobs")) for c in choices]
    usage = reply.get("usage")
    spent = token_count(usage, "completion_tokens")
    known = spent is not None and (spent > 0 or not any(texts))
    counts = (
        apportion(spent, [len(t) or len(s.encode()) for t, s in zip(tokens, texts, strict=True)])
        if spent is not None and known
        else [_upper_bound(t, s, call) for t, s in zip(tokens, texts, strict=True)]
    )
    prompt_tokens = token_count(usage, "prompt_tokens") or None  # no prompt has none
    completions = [
        Completion(
            text=text,
            finish_reason=str(choice.get("finish_reason") or "stop"),
            prompt_tokens=prompt_bytes(call.prompt) if prompt_tokens is None else prompt_tokens,
            completion_tokens=count,
            mean_logprob=mean_logprob(logprobs),
            logprobs=keep(logprobs, call.params.keep_logprobs),
            seconds=seconds,
        )
        for choice, text, logprobs, count in zip(choices, texts, tokens, counts, strict=True)
    ]
    return fitted(completions, len(call.seeds)), known and prompt_tokens is not None


def _distinct(choices: Sequence[Json]) -> list[Json]:
    by_index: dict[int, Json] = {}
    for position, choice in enumerate(choices):
        index = choice.get("index")
        by_index.setdefault(position if index is None else int(index), choice)
    return [by_index[i] for i in sorted(by_index)]


def choice_text(choice: Json) -> str:
    """The text of a chat or raw choice, thoughts included."""
    message = choice.get("message")
    if message is None:
        return str(choice["text"])
    content = str(message.get("content") or message.get("refusal") or "")
    thoughts = message.get("reasoning_content") or message.get("reasoning")
    if not thoughts:
        return content
    # Reasoning servers cut the thinking out; answers are read after its end, so it goes back in,
    # left open when the tokens ran out in the middle of it.
    cut = not content and choice.get("finish_reason") == "length"
    return f"<think>\n{thoughts}" if cut else f"<think>\n{thoughts}\n</think>\n\n{content}"


def read_logprobs(found: object) -> list[TokenLogprob]:
    """Token logprobs of either shape: `content: [...]` or parallel lists."""
    if not isinstance(found, Mapping):
        return []
    if isinstance(found.get("content"), Sequence):
        return [_chat_token(token) for token in found["content"]]
    tokens, values = found.get("tokens") or [], found.get("token_logprobs") or []
    tops = found.get("top_logprobs") or [None] * len(tokens)
    return [
        TokenLogprob(str(t), _nats(v), {str(k): _nats(x) for k, x in (top or {}).items()})
        for t, v, top in zip(tokens, values, tops, strict=True)
    ]


def _chat_token(token: Json) -> TokenLogprob:
    top: dict[str, float] = {}
    for other in token.get("top_logprobs") or []:
        # Bytes of one broken character may print alike; the likeliest comes first and stays.
        top.setdefault(str(other["token"]), _nats(other["logprob"]))
    return TokenLogprob(str(token["token"]), _nats(token["logprob"]), top)


def _nats(value: float | None) -> float:
    return math.nan if value is None else float(value)


def mean_logprob(tokens: Iterable[TokenLogprob]) -> float | None:
    """Mean over the tokens whose logprob is known, None where there are none."""
    values = [t.logprob for t in tokens if not math.isnan(t.logprob)]
    return sum(values) / len(values) if values else None


def keep(tokens: Sequence[TokenLogprob], last: int | None) -> tuple[TokenLogprob, ...]:
    """The last so many tokens, all of them for None."""
    return tuple(tokens if last is None else tokens[max(0, len(tokens) - last) :])


def token_count(usage: object, name: str) -> int | None:
    """A count that a server reports; None where there is none that can be one.

    A budget adds counts up: a negative one would give it tokens to spend that it does not have.
    """
    value = usage.get(name) if isinstance(usage, Mapping) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _ABSURD else None


def billed(error: BackendError, reply: object) -> BackendError:
    """The same error, of a reply that brought no sample but may be billed like any other."""
    usage = reply.get("usage") if isinstance(reply, Mapping) else None
    prompt, completion = (token_count(usage, f"{part}_tokens") for part in ("prompt", "completion"))
    error.billed = True
    if prompt and completion is not None:  # no prompt has none
        error.used = (prompt, completion)
    return error


def _upper_bound(tokens: Sequence[TokenLogprob], text: str, call: Call) -> int:
    """Tokens of a sample whose usage is missing: exact from logprobs, else at most one a byte.

    Too high rather than too low: the sample is kept (it was paid for), and the budget still holds.
    """
    return len(tokens) or min(call.params.max_tokens, max(1, len(text.encode())))


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split a request's token count over its samples by weight; the parts sum to the total.

    Weights are token counts where logprobs tell them (then the split is exact), else lengths.
    """
    whole = sum(weights)
    if whole == total:
        return list(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * w / whole for w in weights]
    parts = [math.floor(s) for s in shares]
    by_rest = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for i in by_rest[: total - sum(parts)]:
        parts[i] += 1
    return parts
