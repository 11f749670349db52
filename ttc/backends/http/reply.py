"""The JSON of an OpenAI-compatible reply as `Completion`s, from any of the dialects.

Chat and raw completions differ in shape, and servers mix them (llama.cpp's server answers raw
completions with chat-shaped logprobs), so each part is read by its shape, not by its route.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ttc.backends.common.endings import stopped_by
from ttc.backends.common.tokens import keep, mean_logprob
from ttc.backends.http.content import Malformed, message_text, plain_text
from ttc.backends.http.error_body import read_error
from ttc.backends.http.request import prompt_bytes
from ttc.core import Call, Completion, TokenLogprob, fitted
from ttc.errors import BackendError

Json = Mapping[str, Any]
_ABSURD = 10**9  # tokens; no model reads or writes as many in a request
_LONGEST_FINISH = 64
_CERTAIN = 0.01  # nats; no probability is above 1, but for rounding

__all__ = ["Json", "Malformed", "apportion", "choice_text"]
__all__ += ["read_logprobs", "read_reply", "token_count"]


def read_reply(reply: object, call: Call, seconds: float) -> tuple[list[Completion], bool]:
    """The samples of a reply, in order of their index, and whether usage was reported.

    seconds: that the reply took; each sample has its share. At most `len(call.seeds)` come back,
    and the first tells what else was billed; fewer where the server ignored `n`. Two choices of one
    index are one sample sent twice. (By index alone: dropping equal texts would bias samples
    towards variety.) Raises `Malformed`.
    """
    try:
        return _read(reply, call, seconds)
    except Malformed as problem:
        text = str(problem)
    except Exception as problem:  # whatever a server sends, it is no matter of other calls
        text = f"{type(problem).__name__}: {str(problem)[:200]}"
    raise Malformed(f"the reply is not in OpenAI's form ({text})")


def _read(reply: Any, call: Call, seconds: float) -> tuple[list[Completion], bool]:
    there = _distinct(reply["choices"])
    choices = [c for c in there if not _failed(c)]
    if not choices:
        said = read_error(there[0]).message if there else ""
        raise Malformed(said or "no choices")
    texts = [choice_text(c) for c in choices]
    tokens = [_logprobs_of(c, call) for c in choices]
    usage = reply.get("usage")
    spent = token_count(usage, "completion_tokens")
    known = spent is not None and (spent > 0 or not any(texts))
    counts = (
        apportion(spent, [len(t) or len(s.encode()) for t, s in zip(tokens, texts, strict=True)])
        if spent is not None and known
        else [_upper_bound(t, s, call) for t, s in zip(tokens, texts, strict=True)]
    )
    prompt_tokens = token_count(usage, "prompt_tokens") or None  # no prompt has none
    cached = min(cached_tokens(usage), prompt_tokens or 0)
    share = seconds / max(1, min(len(choices), len(call.seeds)))
    completions = [
        Completion(
            text=text,
            finish_reason=finish_reason(choice),
            prompt_tokens=prompt_bytes(call.prompt) if prompt_tokens is None else prompt_tokens,
            completion_tokens=count,
            mean_logprob=mean_logprob(logprobs),
            logprobs=keep(logprobs, call.params.keep_logprobs),
            seconds=share,
            stopped_by=stopped_by(choice, call.params.stop),
            cached_tokens=cached,
        )
        for choice, text, logprobs, count in zip(choices, texts, tokens, counts, strict=True)
    ]
    return fitted(completions, len(call.seeds)), known and prompt_tokens is not None


def _distinct(choices: object) -> list[Json]:
    if not isinstance(choices, list):
        raise Malformed("choices are no list")
    by_index: dict[int, Json] = {}
    for position, choice in enumerate(choices):
        if not isinstance(choice, Mapping):
            raise Malformed("a choice is no JSON object")
        index = choice.get("index")
        by_index.setdefault(position if index is None else int(index), choice)
    return [by_index[i] for i in sorted(by_index)]


def _failed(choice: Json) -> bool:
    """Whether a router says so of a choice whose upstream broke down."""
    ended = choice.get("finish_reason")
    return ended == "error" or (ended is None and bool(choice.get("error")))


def finish_reason(choice: Json) -> str:
    """The server's word for why a choice ends; "stop" where it has none."""
    found = choice.get("finish_reason") or "stop"
    if not isinstance(found, str):
        return "unknown"
    return " ".join(found[:_LONGEST_FINISH].split()) or "unknown"


def choice_text(choice: Json) -> str:
    """The text of a chat or raw choice, thoughts included. Raises `Malformed`."""
    message = choice.get("message")
    if message is None and "text" in choice:
        return plain_text(choice["text"])
    if not isinstance(message, Mapping):
        raise Malformed("a choice has neither message nor text")
    return message_text(message, cut=choice.get("finish_reason") == "length")


def _logprobs_of(choice: Json, call: Call) -> list[TokenLogprob]:
    """What nobody asked for need not be in any form."""
    try:
        return read_logprobs(choice.get("logprobs"))
    except Exception:
        if call.params.logprobs is not None:
            raise
        return []


def read_logprobs(found: object) -> list[TokenLogprob]:
    """Token logprobs of either shape: `content: [...]` or parallel lists."""
    if not isinstance(found, Mapping):
        return []
    if isinstance(found.get("content"), list):
        return [_chat_token(token) for token in found["content"]]
    tokens, values = found.get("tokens") or [], found.get("token_logprobs") or []
    tops = found.get("top_logprobs") or [None] * len(tokens)
    return [
        TokenLogprob(_token(t), _nats(v), {str(k): _nats(x) for k, x in (top or {}).items()})
        for t, v, top in zip(tokens, values, tops, strict=True)
    ]


def _chat_token(token: Json) -> TokenLogprob:
    top: dict[str, float] = {}
    for other in token.get("top_logprobs") or []:
        # Bytes of one broken character may print alike; the likeliest comes first and stays.
        top.setdefault(_token(other["token"]), _nats(other["logprob"]))
    return TokenLogprob(_token(token["token"]), _nats(token["logprob"]), top)


def _token(found: object) -> str:
    if not isinstance(found, str | int):
        raise Malformed("a token of the logprobs is no text")
    return str(found)


def _nats(value: float | None) -> float:
    """A log probability; unknown (nan) where there is none, or none that can be one."""
    found = math.nan if value is None else float(value)
    return found if found <= _CERTAIN else math.nan


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


def cached_tokens(usage: object) -> int:
    """Prompt tokens that a server had cached; 0 where it does not say."""
    details = usage.get("prompt_tokens_details") if isinstance(usage, Mapping) else None
    found = token_count(details, "cached_tokens")
    return found or token_count(usage, "prompt_cache_hit_tokens") or 0  # DeepSeek's word


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
