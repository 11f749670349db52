"""A completion as the journal keeps it: compressed JSON, whose checksum tells damage."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, fields

from ttc.core import Completion, Speculated, TokenLogprob

# What a sample was charged is a matter of who asks, and when.
_FIELDS = tuple(f.name for f in fields(Completion) if f.name != "charged")

_MOST_BYTES = 1 << 28  # of a completion's JSON; a journal from elsewhere may hold anything
_WORK = tuple(f.name for f in fields(Speculated))


class Damaged(Exception):
    """These bytes are no completion."""


def pack(completion: Completion) -> bytes:
    """A completion as compressed JSON."""
    # By hand: `asdict` copies every value, which takes longer than all the rest.
    content = {name: getattr(completion, name) for name in _FIELDS}
    content["logprobs"] = [
        {"token": t.token, "logprob": t.logprob, "top": dict(t.top)} for t in completion.logprobs
    ]
    if completion.speculated is not None:
        content["speculated"] = asdict(completion.speculated)
    text = json.dumps(content, ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def unpack(payload: bytes) -> Completion:
    """The completion of a payload. Raises `Damaged`."""
    try:
        content = json.loads(_text(payload))
        content["scores"] = tuple(content.get("scores", ()))
        if content.get("speculated") is not None:
            known = content["speculated"]
            content["speculated"] = Speculated(**{n: known[n] for n in _WORK if n in known})
        content["logprobs"] = tuple(TokenLogprob(**token) for token in content["logprobs"])
        # A later version may know more of a completion; what was paid for is not damaged by that.
        made = Completion(**{name: content[name] for name in _FIELDS if name in content})
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged(str(error)) from None
    if not (_sound(made) and all(map(_sound_token, made.logprobs))):
        raise Damaged("values of other kinds than a completion has")
    return made


def _text(payload: bytes) -> str:
    """Raises `Damaged` for what would fill the memory, and `zlib.error` or `ValueError`."""
    reader = zlib.decompressobj()
    found = reader.decompress(payload, _MOST_BYTES)
    if not reader.eof:
        raise Damaged("it is cut short, or no completion is as long")
    return found.decode("utf-8", "surrogatepass")


def _sound(made: Completion) -> bool:
    counts = [made.prompt_tokens, made.completion_tokens, made.requests, made.lost_samples]
    counts.append(made.cached_tokens)
    if made.speculated is not None:
        counts += asdict(made.speculated).values()
    texts = (made.text, made.finish_reason, made.error)
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(made.stopped_by, str | None)
        and all(_number(n) and 0 <= n < 2**53 and n == int(n) for n in counts)
        and _number(made.seconds)
        and (made.mean_logprob is None or _number(made.mean_logprob))
        and all(map(_number, made.scores))
        and all(n is None or (_number(n) and n >= 0) for n in (made.alternatives, made.kept))
    )


def _sound_token(token: TokenLogprob) -> bool:
    return (
        isinstance(token.token, str)
        and _logprob(token.logprob)
        and isinstance(token.top, dict)
        and all(map(_logprob, token.top.values()))
    )


def _logprob(value: object) -> bool:
    """A number; NaN is one that the server did not tell."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _number(value: object) -> bool:
    """A number; NaN is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
