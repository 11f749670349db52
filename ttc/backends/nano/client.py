"""The backend behind `type: nano`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ttc.backends.nano import CAPABILITIES, NanoSpeculation
from ttc.core import (
    Call,
    Capabilities,
    Completion,
    ModelIdentity,
    Passage,
    Prompt,
    Speculated,
    TokenLogprob,
)

if TYPE_CHECKING:
    from ttc import nano


class NanoBackend:
    """See `ttc.core.Backend`. Worker threads compute; the event loop only waits."""

    def __init__(
        self,
        name: str,
        capabilities: Capabilities = CAPABILITIES,
        speculation: NanoSpeculation | None = None,
    ) -> None:
        self.capabilities = capabilities
        self._name = name
        self._speculation = speculation
        self._engine: nano.Engine | None = None

    def _started(self) -> nano.Engine:
        from ttc import nano

        if self._engine is None:
            model = nano.load(self._name)
            if (how := self._speculation) is not None:
                model = nano.Speculative(model, nano.load(how.draft), how.widths)
            self._engine = nano.Engine(model)
        return self._engine

    async def identify(self) -> ModelIdentity:
        from ttc import nano

        model = (await asyncio.to_thread(self._started)).model
        info, facts, variant = model.info, _facts(model.info), ""
        if isinstance(model, nano.Speculative):
            draft, tree = model.draft.info, model.tree
            facts["speculation"] = {
                "draft": draft.name,
                "tree": list(tree.widths),
                "tokens": tree.drafts,
                "reads": tree.inner,
                "facts": _facts(draft),
            }
            variant = f"drafts of {draft.name} {draft.sha256}, {list(tree.widths)}"
        return ModelIdentity("nano", info.name, revision=info.sha256, facts=facts, variant=variant)

    def count_tokens(self, prompt: Prompt) -> int | None:
        if isinstance(prompt, Passage):
            return self._started().model.text(flatten(prompt), prompt.steps).length
        return self._started().model.count_tokens(flatten(prompt))

    async def complete(self, call: Call) -> list[Completion]:
        from ttc import nano

        params = call.params
        began = time.monotonic()
        job = nano.SampleJob(
            prompt=flatten(call.prompt),
            seeds=call.seeds,
            max_tokens=params.max_tokens,
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            stop=params.stop,
            logprobs=params.logprobs,
            keep_logprobs=params.keep_logprobs,
        )
        samples = await asyncio.wrap_future(self._started().submit(job))
        share = (time.monotonic() - began) / max(1, len(samples))
        return [_completion(sample, share) for sample in samples]

    async def read(self, call: Call) -> list[Completion]:
        from ttc import nano

        passage = call.prompt
        assert isinstance(passage, Passage)
        began = time.monotonic()
        model = self._started().model
        text = model.text(flatten(passage), passage.steps)
        read = Completion(
            text="",
            finish_reason="read",
            prompt_tokens=text.length,
            completion_tokens=0,
        )
        if passage.kind == "step_scores":
            (scores,) = await asyncio.to_thread(nano.step_scores, model, [text])
            read = replace(read, scores=tuple(scores))
        else:
            (tokens,) = await asyncio.to_thread(nano.token_logprobs, model, [text])
            read = replace(read, logprobs=tuple(TokenLogprob(t, p) for t, p in tokens))
        return [replace(read, seconds=time.monotonic() - began)]

    async def close(self) -> None:
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)
            self._engine = None


def _facts(info: nano.ModelInfo) -> dict[str, Any]:
    shape = ("layers", "width", "heads", "kv_heads", "head_dim", "mlp_width", "vocab")
    names = ("parameters", "context_length", *shape)
    return {**{name: getattr(info, name) for name in names}, "gated": False}


def flatten(prompt: Prompt) -> str:
    """The raw text of a prompt. The networks know no chat turns, so messages are simply joined."""
    if prompt.text is not None:
        return prompt.text + prompt.prefill
    return "\n".join(message.content for message in prompt.messages) + prompt.prefill


def _completion(sample: nano.Sample, seconds: float) -> Completion:
    return Completion(
        text=sample.text,
        finish_reason=sample.finish_reason,
        prompt_tokens=sample.prompt_tokens,
        completion_tokens=sample.completion_tokens,
        mean_logprob=sample.mean_logprob,
        logprobs=tuple(TokenLogprob(token, lp, top) for token, lp, top in sample.logprobs),
        seconds=seconds,
        stopped_by=sample.stopped_by,
        speculated=None if sample.effort is None else Speculated(**asdict(sample.effort)),
    )
