"""A backend behind the engine: what samplers and verifiers hold."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from ttc.budget.cost import Rates, Unit
from ttc.core import (
    Backend,
    Call,
    Capabilities,
    Completion,
    ModelIdentity,
    Prompt,
    Purpose,
    SamplingParams,
)
from ttc.engine.calling import Caller
from ttc.engine.journal import Journal
from ttc.errors import BudgetExhausted

if TYPE_CHECKING:
    from ttc.engine.engine import Engine

_TEMPLATE_TOKENS = 16  # what a chat template may add around each message


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Samples `start .. start + n - 1` of one prompt, drawn in one call."""

    start: int
    n: int


class EngineModel:
    """See `ttc.core.Model`."""

    def __init__(
        self,
        engine: Engine,
        backend: Backend,
        identity: ModelIdentity,
        rates: Rates,
        journal: Journal,
        caller: Caller,
    ) -> None:
        self._engine = engine
        self._backend = backend
        self._identity = identity
        self._rates = rates
        self._journal = journal
        self._caller = caller
        self._group = max(1, min(backend.capabilities.max_n, engine.settings.n_per_call))

    @property
    def capabilities(self) -> Capabilities:
        return self._backend.capabilities

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    async def sample(
        self,
        prompt: Prompt,
        params: SamplingParams,
        n: int,
        *,
        problem_id: str,
        purpose: Purpose,
        start: int = 0,
    ) -> Sequence[Completion]:
        work = _Work(self, prompt, params, problem_id, purpose)
        parts: list[_Chunk] = []
        tasks: list[asyncio.Task[list[Completion]]] = []
        try:
            # Tickets are taken one after the other without waiting for anything else, which fixes
            # their order and so what the budget admits.
            for chunk in _chunks(start, n, self._group):
                admitted = await self._engine.ledger.admit(
                    problem_id, chunk.n, partial(work.worst, chunk)
                )
                if admitted:
                    parts.append(_Chunk(chunk.start, admitted))
                    tasks.append(asyncio.create_task(work.draw(parts[-1])))
                if admitted < chunk.n:
                    break
            done = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return _prefix(parts, done)


class _Work:
    """One `sample` request: its keys, its worst case, and how its chunks are drawn."""

    def __init__(
        self,
        model: EngineModel,
        prompt: Prompt,
        params: SamplingParams,
        problem_id: str,
        purpose: Purpose,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._params = params
        self._problem = problem_id
        self._purpose: Purpose = purpose
        self._base = _content(model, prompt, params)
        counted = model._backend.count_tokens(prompt)
        self._bound = _token_bound(prompt) if counted is None else counted
        self._once = model._engine.cost.shared_prompt == "once"

    def _prompt_share(self, chunk: _Chunk, samples: int) -> int:
        """How many times the prompt is charged for these samples."""
        if self._once:
            return 1 if chunk.start == 0 else 0
        return samples

    def worst(self, chunk: _Chunk, samples: int) -> dict[Unit, float]:
        """Amounts that no reply to this chunk can exceed."""
        return self._model._rates.of_samples(
            self._bound, [self._params.max_tokens] * samples, self._prompt_share(chunk, samples)
        )

    def _key(self, index: int) -> bytes:
        return hashlib.blake2b(
            self._base + index.to_bytes(8, "big"), digest_size=16, person=b"ttc-sample"
        ).digest()

    def _seed(self, index: int) -> int:
        digest = hashlib.blake2b(
            self._base + index.to_bytes(8, "big"), digest_size=4, person=b"ttc-seed"
        ).digest()
        return int.from_bytes(digest, "big") & 0x7FFFFFFF

    async def draw(self, chunk: _Chunk) -> list[Completion]:
        """The chunk's samples from the journal or the model, journalled and settled."""
        reserved = self.worst(chunk, chunk.n)
        keys = [self._key(chunk.start + i) for i in range(chunk.n)]
        found: dict[bytes, Completion] = {}
        cached = 0
        try:
            found = await self._model._journal.get(keys)
            cached = len(found)
            missing = [i for i, key in enumerate(keys) if key not in found]
            if cached:
                self._model._engine.events.drawn(self._purpose, cached, 0, cached=True)
            while missing:
                try:
                    fresh = await self._ask([chunk.start + i for i in missing])
                except BudgetExhausted:
                    self._model._engine.ledger.came_late(self._problem)
                    break
                entries = [(keys[i], c) for i, c in zip(missing, fresh, strict=False)]
                await self._model._journal.put(entries)
                found.update(entries)
                missing = missing[len(entries) :]
                tokens = sum(c.completion_tokens for _, c in entries)
                self._model._engine.events.drawn(self._purpose, len(entries), tokens, cached=False)
        finally:
            drawn = [found[key] for key in keys if key in found]
            self._settle(chunk, reserved, drawn, cached)
        return [found[key] for key in takewhile(found.__contains__, keys)]

    async def _ask(self, indices: Sequence[int]) -> list[Completion]:
        call = Call(self._prompt, self._params, tuple(map(self._seed, indices)), tuple(indices))
        most = self._bound + self._params.max_tokens * len(indices)
        return await self._model._caller.call(call, most)

    def _settle(
        self,
        chunk: _Chunk,
        reserved: dict[Unit, float],
        drawn: Sequence[Completion],
        cached: int,
    ) -> None:
        longest = max((c.prompt_tokens for c in drawn), default=0)
        prefills = self._prompt_share(chunk, len(drawn))
        lengths = [c.completion_tokens for c in drawn]
        self._model._engine.ledger.settle(
            self._problem,
            self._purpose,
            reserved,
            self._model._rates.of_samples(longest, lengths, prefills),
            prompt_tokens=longest * prefills,
            completion_tokens=sum(lengths),
            samples=len(drawn),
            paid=1 - cached / len(drawn) if drawn else 0.0,
        )


def _chunks(start: int, n: int, group: int) -> list[_Chunk]:
    """Cut at multiples of `group`, so that the same samples always share a call."""
    cuts = [start, *range((start // group + 1) * group, start + n, group), start + n]
    return [_Chunk(a, b - a) for a, b in pairwise(cuts) if b > a]


def _prefix(parts: Sequence[_Chunk], done: Sequence[list[Completion]]) -> list[Completion]:
    """All completions up to the first that is missing because the run's time was up."""
    found: list[Completion] = []
    for part, completions in zip(parts, done, strict=True):
        found += completions
        if len(completions) < part.n:
            break
    return found


def _content(model: EngineModel, prompt: Prompt, params: SamplingParams) -> bytes:
    """Digest of everything that determines the samples of a prompt, but for their index."""
    identity = model.identity
    # The same weights behind two addresses are one model; without a revision, who can tell?
    place = identity.revision or identity.endpoint
    per_sample_seeds = model.capabilities.deterministic
    content = {
        "model": [identity.backend, identity.model, place],
        "prompt": asdict(prompt),
        "params": asdict(params),
        "seed": model._engine.seed,
        "group": 1 if per_sample_seeds else model._group,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _token_bound(prompt: Prompt) -> int:
    """No byte-level tokenizer makes more tokens than bytes, template apart."""
    if prompt.text is not None:
        return len((prompt.text + prompt.prefill).encode("utf-8", "replace")) + _TEMPLATE_TOKENS
    size = sum(len(m.content.encode("utf-8", "replace")) for m in prompt.messages)
    return size + len(prompt.prefill.encode()) + _TEMPLATE_TOKENS * (len(prompt.messages) + 1)
