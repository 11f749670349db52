"""Trees of the library treequest (the extra `search`), asked and told so that a run replays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from ttc.errors import MissingExtra

T = TypeVar("T")
_ACTION = "grow"
_SEEDS = 2**32


def treequest(method: str) -> Any:
    """The library. Raises `MissingExtra` that names the method which needs it."""
    try:
        import treequest
    except ImportError:
        raise MissingExtra(f"the sampler {method!r}", "search") from None
    return treequest


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Python's and numpy's global generators follow from `rng` here, and are as before behind it.

    The library draws from these. Nothing may be awaited inside: they are everybody's.
    """
    of_numpy, of_python = np.random.get_state(), random.getstate()
    seed = int(rng.integers(_SEEDS))
    np.random.seed(seed)
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(of_numpy)
        random.setstate(of_python)


@dataclass(frozen=True, slots=True)
class Trial(Generic[T]):
    """A node to be made. parent: what stands at the node above it, None for the root.

    key: the library's own name for it, which is made of the clock: it goes nowhere but back.
    """

    parent: T | None
    key: str


class Tree(Generic[T]):
    """A tree with a state and a score from 0 to 1 at each node, grown by an algorithm."""

    def __init__(self, algorithm: Any) -> None:
        self._algorithm, self._state = algorithm, algorithm.init_tree()

    def ask(self, rng: np.random.Generator, n: int) -> list[Trial[T]]:
        """So many nodes to be made next. rng: what all that is drawn for it follows from."""
        with seeded(rng):
            self._state, trials = self._algorithm.ask_batch(self._state, n, [_ACTION])
        return [Trial(one.parent_state, one.trial_id) for one in trials]

    def tell(self, trial: Trial[T], state: T, score: float) -> None:
        """What stands at a new node. Nodes are told in the order in which they were asked for;
        those that came to nothing are not told.
        """
        self._state = self._algorithm.tell(self._state, trial.key, (state, score))

    def nodes(self) -> list[tuple[T, float]]:
        """State and score of each node, in the order in which they were told."""
        return list(self._algorithm.get_state_score_pairs(self._state))
