"""Completions as replies in OpenAI's form."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ttc.core import Completion, ModelIdentity, TokenLogprob

Json = dict[str, Any]
Samples = Sequence[Sequence[Completion]]  # prompts x samples


def completions(identity: ModelIdentity, samples: Samples, logprobs: bool) -> Json:
    """The reply of /v1/completions; choices run over prompts, then samples."""
    flat = [c for row in samples for c in row]
    choices = [
        {
            "index": i,
            "text": c.text,
            "finish_reason": c.finish_reason,
            **_stop_reason(c),
            "logprobs": _lists(c.logprobs) if logprobs else None,
        }
        for i, c in enumerate(flat)
    ]
    return _envelope(identity, "text_completion", "cmpl", choices, samples)


def chat(identity: ModelIdentity, samples: Samples, logprobs: bool) -> Json:
    """The reply of /v1/chat/completions."""
    choices = [
        {
            "index": i,
            "message": {"role": "assistant", "content": c.text, "refusal": None},
            "finish_reason": c.finish_reason,
            **_stop_reason(c),
            "logprobs": _content(c.logprobs) if logprobs else None,
        }
        for i, c in enumerate(samples[0])
    ]
    return _envelope(identity, "chat.completion", "chatcmpl", choices, samples)


def _stop_reason(c: Completion) -> Json:
    """As vLLM tells it: the stop text that ended a sample, null where none did."""
    return {} if c.stopped_by is None else {"stop_reason": c.stopped_by or None}


def _envelope(
    identity: ModelIdentity, kind: str, prefix: str, choices: list[Json], samples: Samples
) -> Json:
    # No `cached_tokens`: the embedded networks keep nothing of a prompt from one request to the
    # next, and read what a turn goes on from anew.
    prompt = sum(row[0].prompt_tokens for row in samples if row)
    completion = sum(c.completion_tokens for row in samples for c in row)
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": identity.model,
        "system_fingerprint": identity.revision[:16] or None,
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }


def _lists(tokens: Sequence[TokenLogprob]) -> Json:
    offsets, at = [], 0
    for t in tokens:
        offsets.append(at)
        at += len(t.token)
    return {
        "tokens": [t.token for t in tokens],
        "token_logprobs": [t.logprob for t in tokens],
        "top_logprobs": [dict(t.top) for t in tokens],
        "text_offset": offsets,
    }


def _content(tokens: Sequence[TokenLogprob]) -> Json:
    return {
        "content": [
            {
                **_token(t.token, t.logprob),
                "top_logprobs": [_token(text, value) for text, value in _ranked(t.top)],
            }
            for t in tokens
        ],
        "refusal": None,
    }


def _ranked(top: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(top.items(), key=lambda pair: -pair[1])


def _token(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def model_entry(identity: ModelIdentity, started: int) -> Json:
    """One entry of /v1/models: OpenAI's fields, and facts under the names that clients look for."""
    facts = dict(identity.facts)
    entry = {"id": identity.model, "object": "model", "created": started, "owned_by": "ttc"}
    if "context_length" in facts:
        entry["max_model_len"] = facts["context_length"]
    return {**entry, "revision": identity.revision, **facts}
