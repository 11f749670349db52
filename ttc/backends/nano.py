"""The embedded nano models as a backend: no key, no download, exact seeds."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from ttc.backends import BackendPart
from ttc.core import Backend, Call, Capabilities, Completion, ModelIdentity, Prompt, TokenLogprob
from ttc.refs import nearest
from ttc.registry import register

if TYPE_CHECKING:
    from ttc import nano

CAPABILITIES = Capabilities(
    chat=True,
    raw=True,
    max_n=256,
    seed=True,
    logprobs=20,
    prefill=True,
    stop=True,
    deterministic=True,
)


def _complete(schema: dict[str, Any]) -> None:
    """Let editors complete the names of networks."""
    from ttc import nano

    schema["enum"] = list(nano.models())


@register
class Nano(BackendPart):
    """The embedded model organism: tiny networks that solve, err and verify on a CPU."""

    type: Literal["nano"] = "nano"
    model: str = Field(default="nano-solver", json_schema_extra=_complete)
    """Which network: nano-solver, the smaller nano-draft, or nano-verifier."""

    @field_validator("model")
    @classmethod
    def _known(cls, name: str) -> str:
        from ttc import nano

        if name not in nano.models():
            raise ValueError(f"no nano model is called {name[:60]!r}{nearest(name, nano.models())}")
        return name

    @property
    def offers(self) -> Capabilities:
        return CAPABILITIES

    def open(self) -> Backend:
        return NanoBackend(self.model)


class NanoBackend:
    """See `ttc.core.Backend`. Worker threads compute; the event loop only waits."""

    capabilities = CAPABILITIES

    def __init__(self, name: str) -> None:
        self._name = name
        self._engine: nano.Engine | None = None

    def _started(self) -> nano.Engine:
        from ttc import nano

        if self._engine is None:
            self._engine = nano.Engine(nano.load(self._name))
        return self._engine

    async def identify(self) -> ModelIdentity:
        info = (await asyncio.to_thread(self._started)).model.info
        facts = {
            "parameters": info.parameters,
            "context_length": info.context_length,
            "layers": info.layers,
            "width": info.width,
            "heads": info.heads,
            "kv_heads": info.kv_heads,
            "head_dim": info.head_dim,
            "mlp_width": info.mlp_width,
            "vocab": info.vocab,
            "gated": False,
        }
        return ModelIdentity("nano", info.name, revision=info.sha256, facts=facts)

    def count_tokens(self, prompt: Prompt) -> int | None:
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

    async def close(self) -> None:
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)
            self._engine = None


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
    )
