"""Answers as replies in OpenAI's form, with what is ttc's own under `ttc`."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from ttc.answering.budgets import left_of
from ttc.answering.desk import Answer
from ttc.budget.ledger import Ledger

Json = dict[str, Any]
_PIECE = 80  # characters of a chunk, about


def chat(answer: Answer) -> Json:
    """The reply of /v1/chat/completions."""
    message = {"role": "assistant", "content": text(answer), "refusal": refusal(answer)}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": finish(answer),
        "logprobs": None,
    }
    return {**_head(answer, "chat.completion", "chatcmpl"), "choices": [choice], **_tail(answer)}


def completion(answer: Answer) -> Json:
    """The reply of /v1/completions."""
    choice = {
        "index": 0,
        "text": text(answer),
        "finish_reason": finish(answer),
        "logprobs": None,
    }
    return {**_head(answer, "text_completion", "cmpl"), "choices": [choice], **_tail(answer)}


def response(answer: Answer) -> Json:
    """The reply of /v1/responses."""
    used = usage(answer)
    said: Json = {"type": "output_text", "text": text(answer), "annotations": []}
    if refusal(answer):
        said = {"type": "refusal", "refusal": refusal(answer)}
    message = {
        "type": "message",
        "id": f"msg_{uuid.uuid4().hex}",
        "status": "completed",
        "role": "assistant",
        "content": [said],
    }
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": answer.question.model,
        "output": [message],
        "parallel_tool_calls": False,
        "tool_choice": "none",
        "tools": [],
        "error": None,
        "usage": {
            "input_tokens": used["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": used["completion_tokens"],
            "output_tokens_details": used["completion_tokens_details"],
            "total_tokens": used["total_tokens"],
        },
        "ttc": told(answer),
    }


def chat_chunks(answer: Answer) -> Iterator[Json]:
    """The reply as a stream: the text in pieces, then how it ended and what `ttc` has to tell."""
    head = _head(answer, "chat.completion.chunk", "chatcmpl")
    more: Json = {"usage": None} if answer.question.usage else {}

    def chunk(delta: Json, **ends: Any) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None, **ends}
        return {**head, "choices": [choice], **more}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in _pieces(text(answer)):
        yield chunk({"content": piece})
    if refusal(answer):
        yield chunk({"refusal": refusal(answer)})
    yield {**chunk({}, finish_reason=finish(answer)), "ttc": told(answer)}
    if answer.question.usage:
        yield {**head, "choices": [], "usage": usage(answer)}


def completion_chunks(answer: Answer) -> Iterator[Json]:
    """The same for /v1/completions."""
    head = _head(answer, "text_completion", "cmpl")
    more: Json = {"usage": None} if answer.question.usage else {}

    def chunk(piece: str, ends: str | None = None) -> Json:
        choice = {"index": 0, "text": piece, "logprobs": None, "finish_reason": ends}
        return {**head, "choices": [choice], **more}

    for piece in _pieces(text(answer)):
        yield chunk(piece)
    yield {**chunk("", finish(answer)), "ttc": told(answer)}
    if answer.question.usage:
        yield {**head, "choices": [], "usage": usage(answer)}


def event(content: Json) -> bytes:
    """A server-sent event."""
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def text(answer: Answer) -> str:
    """The chosen solution's, as it was sampled; nothing where nothing was chosen."""
    return "" if answer.chosen.solution is None else answer.chosen.solution.text


def refusal(answer: Answer) -> str | None:
    """Why nothing was chosen."""
    if answer.chosen.solution is not None:
        return None
    n = sum(one.returned for one in answer.attempted.solutions)
    of = f"{answer.chosen.answers} different answers" if answer.chosen.answers else "no answer"
    return f"{answer.variant.chooser.name} chose none: {n} solutions have {of}"


def finish(answer: Answer) -> str:
    """In OpenAI's words."""
    solution = answer.chosen.solution
    return "length" if solution is not None and solution.finish_reason == "length" else "stop"


def usage(answer: Answer) -> Json:
    """Tokens of all samples, as budgets count them: hidden ones are reasoning.

    A prompt that several samples share counts once, as servers bill it; discarded samples,
    verifications and discarded drafts count.
    """
    trace = answer.attempted.trace
    prompt = sum(one.prompt_tokens - one.cached_tokens for one in trace)
    completion = sum(one.sampled for one in trace)
    solution = answer.chosen.solution
    shown = 0 if solution is None else min(completion, solution.completion_tokens)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": completion - shown},
    }


def told(answer: Answer) -> Json:
    """What the protocol has no words for."""
    chosen, session, attempted = answer.chosen, answer.session, answer.attempted
    ledger, cost = session.ledger, _cost(answer)
    lost = {unit: n for unit, n in ledger.as_dict()["lost"].items() if n}
    return {
        "answer": None if chosen.solution is None else chosen.solution.answer,
        "policy": answer.variant.chooser.name,
        "verifier": answer.variant.chooser.verifier or None,
        "seed": answer.seed,
        "problem": answer.problem.id,
        "solution": None if chosen.solution is None else chosen.solution.index,
        "votes": chosen.votes,
        "answers": chosen.answers,
        "solutions": sum(one.returned for one in attempted.solutions),
        "verifications": len(attempted.verifications),
        **({} if chosen.used is None else {"used": chosen.used}),
        "tokens": _by_role(answer),
        "cost": cost,
        "billed": {unit: n for unit, n in ledger.bills.billed.items() if unit in cost},
        **({"lost": lost} if lost else {}),
        "budget": {
            "left": left_of(session, session.budget),
            "ended": bool(ledger.exhausted),
            "server": whole(answer.session.whole),
        },
        "seconds": round(time.monotonic() - answer.began, 3),
    }


def whole(ledger: Ledger) -> Json:
    """Of the server's whole budget what is left, by unit."""
    run = ledger.budget.per_run
    left: Json = {u: n for u, n in ledger.bills.left().items() if getattr(run, u) is not None}
    seconds = ledger.seconds_left()
    return left if seconds is None else {**left, "seconds": max(0.0, seconds)}


def _by_role(answer: Answer) -> Json:
    found: dict[str, dict[str, int]] = {}
    for one in answer.attempted.trace:
        own = found.setdefault(one.role, {"samples": 0, "prompt": 0, "completion": 0})
        own["samples"] += 1
        own["prompt"] += one.prompt_tokens - one.cached_tokens
        own["completion"] += one.sampled
    return found


def _cost(answer: Answer) -> Json:
    """By unit what all samples count, wherever they come from; of known units only."""
    trace = answer.attempted.trace
    found: Json = {"tokens": usage(answer)["total_tokens"], "calls": len(trace)}
    for unit in ("flops", "usd"):
        amounts = [getattr(one, unit) for one in trace]
        if None not in amounts:
            found[unit] = sum(amounts)
    return found


def _head(answer: Answer, kind: str, prefix: str) -> Json:
    return {
        "id": f"{prefix}-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": answer.question.model,
        "system_fingerprint": None,
    }


def _tail(answer: Answer) -> Json:
    return {"usage": usage(answer), "ttc": told(answer)}


def _pieces(whole_text: str) -> Iterator[str]:
    """The text in pieces that end at white space where they can."""
    start = 0
    while start < len(whole_text):
        end = start + _PIECE
        if end < len(whole_text):
            space = max(whole_text.rfind(" ", start, end), whole_text.rfind("\n", start, end))
            end = space + 1 if space >= start else end
        yield whole_text[start:end]
        start = end
