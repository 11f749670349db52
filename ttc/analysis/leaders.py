"""Who leads a vote while it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ttc.analysis.estimate import IntArray


@dataclass(frozen=True)
class Flip:
    """A vote that changed its mind. after: of how many solutions; before, now: answer classes."""

    after: int
    before: int
    now: int


def leaders(classes: IntArray) -> IntArray:
    """(N,) what a majority vote of the first k solutions answers, k = 1 to N.

    classes: (N,) answer class of each in the order drawn, -1 invalid, which has no vote. Of equals
    the lowest class leads, as in `ttc.policies.majority`; -1 before the first valid answer.
    """
    found = np.full(len(classes), -1, dtype=np.int64)
    count: dict[int, int] = {}
    leader = -1
    for k, one in enumerate(classes.tolist()):
        if one >= 0:
            count[one] = count.get(one, 0) + 1
            ahead = count[one] - count.get(leader, 0)
            if ahead > 0 or (ahead == 0 and one < leader):
                leader = one
        found[k] = leader
    return found


def flips(classes: IntArray) -> list[Flip]:
    """Each solution after which the vote of all so far answers otherwise than before it."""
    led = leaders(classes).tolist()
    return [
        Flip(k, before, now)
        for k, (before, now) in enumerate(pairwise(led), start=2)
        if before not in (-1, now)
    ]
