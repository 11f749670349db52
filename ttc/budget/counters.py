"""What was spent in one role: counters for manifests, displays and forecasts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ttc.budget.allocation import Amounts
from ttc.core import Speculated

_PAID = ("paid_samples", "paid_tokens", "paid_usd")
_SPECULATED = ("target_passes", "drafted", "accepted", "draft_flops", "discarded_flops")


@dataclass
class Spent:
    """Counters of one role. `paid_...`: by this process, as the journal had the rest."""

    samples: int = 0
    prompt_tokens: float = 0
    completion_tokens: float = 0
    flops: float = 0
    usd: float = 0
    paid_samples: int = 0
    paid_tokens: float = 0
    paid_usd: float = 0
    target_passes: int = 0
    drafted: int = 0
    accepted: int = 0
    draft_flops: float = 0
    discarded_flops: float = 0

    def speculate(self, done: Speculated, draft_flops: float, discarded_flops: float) -> None:
        """Count what drafting took of samples that were counted."""
        self.target_passes += done.rounds
        self.drafted += done.proposed
        self.accepted += done.accepted
        self.draft_flops += draft_flops
        self.discarded_flops += discarded_flops

    def use(self, actual: Amounts, prompt: float, completion: float, samples: int) -> None:
        """Count samples, from wherever they are. prompt, completion: tokens."""
        self.samples += samples
        self.prompt_tokens += prompt
        self.completion_tokens += completion
        self.flops += actual["flops"]
        self.usd += actual["usd"]

    def pay(self, actual: Amounts, samples: int, share: float) -> None:
        """Count the share of samples that was sampled now."""
        self.paid_samples += round(samples * share)
        self.paid_tokens += actual["tokens"] * share
        self.paid_usd += actual["usd"] * share

    def as_dict(self, paid: Spent) -> dict[str, Any]:
        """Plain data; what was paid from another's counters. Of drafts, where there are any."""
        found = asdict(self) | {name: getattr(paid, name) for name in _PAID}
        return found if self.target_passes else {k: found[k] for k in found if k not in _SPECULATED}
