"""What was spent in one role: counters for manifests, displays and forecasts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ttc.budget.allocation import Amounts

_PAID = ("paid_samples", "paid_tokens", "paid_usd")


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
        """Plain data; what was paid from another's counters."""
        return asdict(self) | {name: getattr(paid, name) for name in _PAID}
