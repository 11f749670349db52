"""Samples of one prompt by transformers: the prompt is read once, then all samples go together.

An own loop instead of `generate`, because that draws a whole batch from one random stream (a
sample would depend on its neighbours), and to keep logprobs of chosen tokens without keeping the
whole vocabulary's for every step.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ttc.backends.common.endings import first_stop
from ttc.backends.common.tokens import keep, mean_logprob
from ttc.backends.transformers.sampling import Dice, choose
from ttc.core import Completion, SamplingParams, TokenLogprob

TAIL = 16  # tokens that hold the longest stop text, together with its own length


@dataclass(slots=True)
class Row:
    """One sample under way."""

    ids: list[int] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    reason: str = ""


class Generator:
    """A loaded model and tokenizer. `ends` are the tokens that end a text."""

    def __init__(self, model: Any, tokenizer: Any, ends: Collection[int]) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.ends = frozenset(ends)
        # transformers has renamed the argument, and models with code of their own keep the old one.
        names = inspect.signature(model.forward).parameters
        self.cache_name = "cache" if "cache" in names else "past_key_values"

    def sample(
        self, prompt: Sequence[int], seeds: Sequence[int], room: int, params: SamplingParams
    ) -> list[Completion]:
        """One completion per seed, of at most `room` tokens."""
        import torch

        rows = [Row() for _ in seeds]
        dice = Dice(seeds)
        with torch.inference_mode():
            logits, cache = self._read(prompt, len(rows))
            alive = list(range(len(rows)))
            while True:
                tokens = choose(logits, params, dice.roll(alive))
                if params.logprobs is not None:
                    self._note([rows[i] for i in alive], tokens, logits, params.logprobs)
                kept = []
                for place, (i, token) in enumerate(zip(alive, tokens.tolist(), strict=True)):
                    rows[i].ids.append(token)
                    rows[i].reason = self._ending(rows[i].ids, room, params.stop)
                    if not rows[i].reason:
                        kept.append(place)
                if not kept:
                    break
                if len(kept) < len(alive):
                    chosen = torch.tensor(kept, device=tokens.device)
                    cache.batch_select_indices(chosen)
                    tokens, alive = tokens[chosen], [alive[k] for k in kept]
                logits, cache = self._step(tokens, cache)
        return [self._completion(row, len(prompt), params) for row in rows]

    def _read(self, prompt: Sequence[int], copies: int) -> tuple[Any, Any]:
        import torch

        ids = torch.tensor([list(prompt)], device=self.model.device)
        out = self.model(input_ids=ids, use_cache=True)
        cache = out[self.cache_name]
        cache.batch_repeat_interleave(copies)
        return out.logits[:, -1].float().repeat(copies, 1), cache

    def _step(self, tokens: Any, cache: Any) -> tuple[Any, Any]:
        given = {self.cache_name: cache}
        out = self.model(input_ids=tokens[:, None], use_cache=True, **given)
        return out.logits[:, -1].float(), out[self.cache_name]

    def _note(self, rows: Sequence[Row], tokens: Any, logits: Any, top: int) -> None:
        log_p = logits.log_softmax(dim=-1)
        chosen = log_p.gather(-1, tokens[:, None])[:, 0].tolist()
        values, ids = log_p.topk(min(top, log_p.shape[-1]), dim=-1)
        every = zip(rows, tokens.tolist(), chosen, values.tolist(), ids.tolist(), strict=True)
        for row, token, value, best, names in every:
            alternatives: dict[str, float] = {}
            for name, logprob in zip(names, best, strict=True):
                alternatives.setdefault(self.tokenizer.decode([name]), logprob)
            text = self.tokenizer.decode([token])
            row.logprobs.append(TokenLogprob(text, value, alternatives))

    def _ending(self, ids: list[int], room: int, stop: Sequence[str]) -> str:
        if ids[-1] in self.ends:
            return "stop"
        if stop:
            tail = self._text(ids[-(TAIL + max(map(len, stop))) :])
            if any(text in tail for text in stop):
                return "stop"
        return "length" if len(ids) >= room else ""

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    def _completion(self, row: Row, prompt_tokens: int, params: SamplingParams) -> Completion:
        text = self._text(row.ids)
        cut, stop = first_stop(text, params.stop)
        return Completion(
            text=text[:cut],
            finish_reason=row.reason,
            prompt_tokens=prompt_tokens,
            completion_tokens=len(row.ids),
            mean_logprob=mean_logprob(row.logprobs),
            logprobs=keep(row.logprobs, params.keep_logprobs),
            stopped_by=stop,
        )
