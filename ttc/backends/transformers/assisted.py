"""Samples whose tokens a smaller model drafts, by transformers' assisted generation.

It takes drafts by the rule of arXiv 2211.17192, which leaves the distribution as it is. It draws
from one random stream and one sample at a time, so each sample gets the stream for itself, seeded
anew. What was computed is counted where the models are called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ttc.backends.common.endings import first_stop
from ttc.backends.transformers.generate import TAIL, Generator, Row
from ttc.core import Completion, SamplingParams, Speculated


@dataclass
class _Calls:
    """Of a model: for each, the tokens that it read and those before them."""

    seen: list[tuple[int, int]] = field(default_factory=list)

    def places(self, prompt: int) -> tuple[int, int]:
        """Places from the prompt's last one on, and the tokens that these attended to, summed."""
        count = context = 0
        for new, before in self.seen:
            first = max(before, prompt - 1)
            count += before + new - first
            context += sum(range(first + 1, before + new + 1))
        return count, context


class Assisted(Generator):
    """A loaded model with another one that drafts `tokens` of its tokens at a time."""

    def __init__(
        self, model: Any, tokenizer: Any, ends: Collection[int], draft: Any, tokens: int
    ) -> None:
        from transformers import GenerationConfig

        super().__init__(model, tokenizer, ends)
        self.draft, self.tokens = draft, tokens
        # What a checkpoint wishes besides (penalties and the like) is none of the recipe's.
        model.generation_config = GenerationConfig()
        draft.generation_config = GenerationConfig(
            num_assistant_tokens=tokens,
            num_assistant_tokens_schedule="constant",
            assistant_confidence_threshold=0.0,
        )

    def sample(
        self, prompt: Sequence[int], seeds: Sequence[int], room: int, params: SamplingParams
    ) -> list[Completion]:
        """One completion per seed, of at most `room` tokens, one after the other."""
        return [self._sample(list(prompt), seed, room, params) for seed in seeds]

    def _sample(
        self, prompt: list[int], seed: int, room: int, params: SamplingParams
    ) -> Completion:
        import torch

        device = self.model.device
        ids = torch.tensor([prompt], device=device)
        forked = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=forked), torch.inference_mode():
            torch.manual_seed(seed % 2**63)
            name = self.cache_name
            with _counted(self.model, name) as target, _counted(self.draft, name) as draft:
                out = self.model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    generation_config=self._config(room, params),
                    assistant_model=self.draft,
                    stopping_criteria=[self._stops(len(prompt), params.stop)],
                )
        drawn = out.sequences[0, len(prompt) :]
        row = Row()
        for token in drawn.tolist():
            row.ids.append(token)
            row.reason = self._ending(row.ids, room, params.stop)
            if row.reason:
                break
        kept = len(row.ids)
        if params.logprobs is not None:
            logits = torch.cat(out.logits[:kept]).float()
            self._note([row] * kept, drawn[:kept], logits, params.logprobs)
        took = _effort(target, draft, len(prompt), kept, len(drawn))
        return replace(self._completion(row, len(prompt), params), speculated=took)

    def _config(self, room: int, params: SamplingParams) -> Any:
        from transformers import GenerationConfig

        how: dict[str, Any] = {"do_sample": False}
        if params.temperature > 0:
            how = {
                "do_sample": True,
                "temperature": params.temperature,
                "top_p": params.top_p,
                "top_k": params.top_k or 0,
            }
        return GenerationConfig(
            max_new_tokens=room,
            eos_token_id=sorted(self.ends) or None,
            pad_token_id=min(self.ends, default=0),
            return_dict_in_generate=True,
            output_logits=params.logprobs is not None,
            **how,
        )

    def _stops(self, prompt: int, stop: Sequence[str]) -> Any:
        """Ends generation once a stop text is there, in whatever token of a round."""
        import torch

        longest = TAIL + self.tokens + max(map(len, stop), default=0)

        def over(ids: Any, scores: Any, **_: Any) -> Any:
            drawn = ids[0, prompt:].tolist()[-longest:]
            found = bool(stop) and first_stop(self._text(drawn), stop)[1] != ""
            return torch.tensor([found], device=ids.device)

        return over


@contextmanager
def _counted(model: Any, cache_name: str) -> Iterator[_Calls]:
    """Note what a model is called with."""
    calls = _Calls()

    def note(_: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        ids = given["input_ids"] if "input_ids" in given else args[0]
        places, cache = given.get("position_ids"), given.get(cache_name)
        before = 0 if cache is None else int(cache.get_seq_length())
        before = before if places is None else int(places.flatten()[0])
        calls.seen.append((int(ids.shape[1]), before))

    handle = model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield calls
    finally:
        handle.remove()


def _effort(target: _Calls, draft: _Calls, prompt: int, kept: int, drawn: int) -> Speculated:
    """kept: tokens of the sample; drawn: those before it was cut at a stop text.

    Every round brings the drafts that are taken and one token of the target's, which a cut drops.
    """
    rounds = len(target.seen)
    verified, verified_context = target.places(prompt)
    drafted, drafted_context = draft.places(prompt)
    return Speculated(
        rounds=rounds,
        proposed=verified - rounds,
        accepted=max(0, kept - (rounds if kept == drawn else rounds - 1)),
        verified=verified,
        verified_context=verified_context,
        drafted=drafted,
        drafted_context=drafted_context,
    )
