"""One `Call` as the JSON body of an OpenAI-compatible request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttc.core import Call, Prompt

# Servers keep seeds as 32- or 64-bit integers, some signed; 31 bits fit them all.
_SEED_BITS = 0x7FFFFFFF


def chat_body(call: Call, max_tokens_key: str) -> dict[str, Any]:
    """The body of a /chat/completions request, without the model's name."""
    messages = [{"role": m.role, "content": m.content} for m in call.prompt.messages]
    body: dict[str, Any] = {"messages": messages}
    if call.prompt.prefill:
        messages.append({"role": "assistant", "content": call.prompt.prefill})
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    body |= _sampling(call, max_tokens_key)
    if call.params.logprobs is not None:
        # Some servers take 0 alternatives for "no logprobs"; one more costs nothing.
        body |= {"logprobs": True, "top_logprobs": max(1, call.params.logprobs)}
    return body


def completion_body(call: Call) -> dict[str, Any]:
    """The body of a /completions request; the prefill simply ends the prompt."""
    body: dict[str, Any] = {"prompt": (call.prompt.text or "") + call.prompt.prefill}
    body |= _sampling(call, "max_tokens")
    if call.params.logprobs is not None:
        body["logprobs"] = max(1, call.params.logprobs)
    return body


def _sampling(call: Call, max_tokens_key: str) -> dict[str, Any]:
    params = call.params
    body: dict[str, Any] = {
        max_tokens_key: params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
    }
    # Greedy samples are all alike, and several servers refuse n > 1 with temperature 0.
    if len(call.seeds) > 1 and params.temperature > 0:
        body["n"] = len(call.seeds)
    if params.stop:
        body["stop"] = list(params.stop)
    if params.top_k is not None:
        body["top_k"] = params.top_k
    if call.seeds:
        body["seed"] = call.seeds[0] & _SEED_BITS
    return body


def finish(body: dict[str, Any], omit: tuple[str, ...], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the fields that a server refuses, and add the user's own where a call has none."""
    return {**extra, **{k: v for k, v in body.items() if k not in omit}}


def prompt_bytes(prompt: Prompt) -> int:
    """UTF-8 length of everything in a prompt: an upper bound of its tokens, bar the template."""
    pieces = [prompt.text or "", prompt.prefill, *(m.content for m in prompt.messages)]
    return sum(len(piece.encode()) for piece in pieces)
