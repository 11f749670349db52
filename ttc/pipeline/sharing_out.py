"""Which problems of a run deserve the samples that its budget has left, told by their votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ttc.analysis.next_samples import Votes, by_doubt, by_gain, votes_of
from ttc.budget.allocation import Deal
from ttc.pipeline.collect import Attempted

_RULES = {"posterior": by_doubt, "gain": by_gain}


class Tally:
    """The votes of all problems in the last round: all that a rule sees, so that a later try, which
    finds the same solutions in the journal, shares out as this one.
    """

    def __init__(self, rule: Literal["equal", "posterior", "gain"]) -> None:
        self._rule = _RULES.get(rule)
        self._votes: dict[str, Votes] = {}

    def see(self, done: Attempted) -> None:
        """Count a problem's votes anew; whether they are right does not matter."""
        if self._rule is not None:
            voters = [s.returned for s in done.solutions]
            self._votes[done.problem.id] = votes_of(done.classes.index[voters])

    @property
    def deal(self) -> Deal | None:
        """What tells the ledger who should get how many solutions; None for equal parts."""
        return None if self._rule is None else self._deal

    def _deal(self, prices: Mapping[str, float]) -> Mapping[str, float]:
        assert self._rule is not None
        return self._rule({name: self._votes.get(name, (0, 0, 0)) for name in prices}, prices)
