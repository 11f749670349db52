"""The problems of one side of a split, on which rules are replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.analysis.stopping import Replayed, Rule, Use, replay
from ttc.budget.cost import CostConfig
from ttc.policies import StoppingRule
from ttc.store.pool import LoadedPool


@dataclass(frozen=True)
class Side:
    """A pool's problems, with what is needed to replay rules on them."""

    loaded: LoadedPool
    cost: CostConfig
    settings: EstimatorSettings
    seed: int
    most: int
    orders: int
    clusters: IntArray | None = None
    votes: int = 0

    @cached_property
    def views(self) -> list[ProblemView]:
        """One for each problem, with randomness of its own, whichever problems are beside it."""
        pool = self.loaded.arrays
        settings = replace(self.settings, draws=self.orders, choices=self.orders)
        return [
            ProblemView.of(pool, i, settings, seed_of(self.seed, pool.problem_ids[i]))
            for i in range(pool.n_problems)
        ]

    @property
    def count(self) -> int:
        return self.loaded.arrays.n_problems

    def replayed(self, rules: Sequence[StoppingRule]) -> Replayed:
        """All of them on the same orders; tokens with the prompts, as the run counts these."""
        reads = frozenset().union(*(rule.reads for rule in rules)) if rules else frozenset()
        asked = [Rule(rule.checked, rule.enough, rule.window) for rule in rules]
        found = replay(self.views, asked, self.most, self.orders, reads)
        return Replayed(
            rules=self._whole(found.rules),
            vote=self._whole(found.vote),
            settled=self._whole(found.settled),
            curve=found.curve,
            start=found.start,
        )

    def _whole(self, use: Use) -> Use:
        """With the tokens of prompts, and of what was discarded for each solution."""
        prompt = self.loaded.solutions.prompt_tokens
        each = self.loaded.discarded.get("tokens", np.zeros(self.count))
        once = prompt if self.cost.shared_prompt == "once" else np.zeros(self.count)
        each = each if self.cost.shared_prompt == "once" else each + prompt
        shape = (-1, *(1 for _ in use.tokens.shape[1:]))
        more = once.reshape(shape) + each.reshape(shape) * use.solutions
        return replace(use, tokens=use.tokens + more)


def seed_of(seed: int, problem: str) -> int:
    """A problem's own, whichever problems are beside it."""
    digest = np.frombuffer(problem.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    words = [seed, len(digest), *digest.tolist()]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def used(use: Use) -> FloatArray:
    """Tokens where they are known of all, else solutions."""
    return use.tokens if np.isfinite(use.tokens).all() else use.solutions
