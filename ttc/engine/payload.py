"""A completion as the journal keeps it: compressed JSON, whose checksum tells damage."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields

from ttc.core import Completion, TokenLogprob

_FIELDS = tuple(f.name for f in fields(Completion))


class Damaged(Exception):
    """These bytes are no completion."""


def pack(completion: Completion) -> bytes:
    """A completion as compressed JSON."""
    # By hand: `asdict` copies every value, which takes longer than all the rest.
    content = {name: getattr(completion, name) for name in _FIELDS}
    content["logprobs"] = [
        {"token": t.token, "logprob": t.logprob, "top": dict(t.top)} for t in completion.logprobs
    ]
    text = json.dumps(content, ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def unpack(payload: bytes) -> Completion:
    """The completion of a payload. Raises `Damaged`."""
    try:
        content = json.loads(zlib.decompress(payload).decode("utf-8", "surrogatepass"))
        content["logprobs"] = tuple(TokenLogprob(**token) for token in content["logprobs"])
        # A later version may know more of a completion; what was paid for is not damaged by that.
        return Completion(**{name: content[name] for name in _FIELDS if name in content})
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(str(error)) from None
