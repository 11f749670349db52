"""A toy model for tests: digits drawn from seed and prompt, and a process that serves it."""

from __future__ import annotations

import asyncio
import math
import random
import sys

from ttc.core import Call, Capabilities, Completion, ModelIdentity, Prompt, TokenLogprob
from ttc.errors import CallFailed

CONTEXT = 200
TOKENS = "0123456789."


class Stub:
    """One token a character. Prompts may ask for trouble: "wait" takes long, "crash" crashes."""

    capabilities = Capabilities(
        chat=True, raw=True, max_n=16, seed=True, logprobs=5, prefill=True, deterministic=True
    )
    begun = cancelled = 0

    async def identify(self) -> ModelIdentity:
        facts = {"context_length": CONTEXT, "parameters": 11}
        return ModelIdentity("stub", "stub", "", "0123456789abcdef-and-more", facts)

    async def complete(self, call: Call) -> list[Completion]:
        text = flat(call.prompt)
        if "crash" in text:
            raise KeyError("a bug")
        if len(text) > CONTEXT:
            raise CallFailed(f"the prompt has {len(text)} tokens", "context_length")
        if "wait" in text:
            Stub.begun += 1
            try:
                await asyncio.sleep(300)
            except asyncio.CancelledError:
                Stub.cancelled += 1
                raise
        if "begun?" in text:
            return [Completion(str(Stub.begun), "stop", len(text), 1)]
        if "cancelled?" in text:
            return [Completion(str(Stub.cancelled), "stop", len(text), 1)]
        return [self._draw(text, call, seed) for seed in call.seeds]

    def _draw(self, text: str, call: Call, seed: int) -> Completion:
        dice = random.Random(f"{seed}/{text}")
        out, reason = "", "length"
        top = call.params.logprobs
        even = math.log(1 / len(TOKENS))
        best = dict.fromkeys(TOKENS[: top or 0], even)
        while len(out) < call.params.max_tokens:
            out += dice.choice(TOKENS)
            if out.endswith(call.params.stop or (".",)):
                reason = "stop"
                break
        count = len(out)
        kept = tuple(TokenLogprob(t, even, best) for t in out) if top is not None else ()
        ended = next((s for s in call.params.stop if out.endswith(s)), "")
        for stop in call.params.stop or (".",):
            out = out.removesuffix(stop)
        mean = even if top is not None else None
        return Completion(out, reason, len(text), count, mean, kept, stopped_by=ended)

    def count_tokens(self, prompt: Prompt) -> int | None:
        return len(flat(prompt))

    async def close(self) -> None:
        return None


def flat(prompt: Prompt) -> str:
    return (prompt.text or "".join(m.content for m in prompt.messages)) + prompt.prefill


if __name__ == "__main__":
    from ttc.serve import serve_backends

    serve_backends(
        lambda: {"stub": Stub()}, port=0, api_key_env=sys.argv[1] if sys.argv[1:] else None
    )
