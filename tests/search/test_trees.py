"""The library's trees: they replay, whoever else draws random numbers meanwhile."""

import random
import re
import sys
from contextlib import suppress

import numpy as np
import pytest

from ttc.errors import MissingExtra
from ttc.installing import with_extra
from ttc.samplers.search.trees import Tree, seeded, treequest


def drawn(seed, disturb=False, **settings):
    """The tree that grows where deeper nodes score more: the parents of its nodes, in order."""
    rng, tree = np.random.default_rng(seed), Tree(treequest("x").ABMCTSA(**settings))
    parents = []
    for number in range(20):
        if disturb:
            np.random.seed(number)
            random.seed(number)
        for trial in tree.ask(rng, 2):
            depth = 0 if trial.parent is None else trial.parent[1] + 1
            tree.tell(trial, (len(parents), depth), min(1.0, 0.2 * depth))
            parents.append(None if trial.parent is None else trial.parent[0])
    assert [state[0] for state, _ in tree.nodes()] == list(range(40))
    return parents


@pytest.mark.parametrize("dist_type", ["gaussian", "beta"])
def test_a_seed_fixes_the_tree_whoever_else_draws(dist_type):
    first = drawn(1, dist_type=dist_type)
    assert first == drawn(1, disturb=True, dist_type=dist_type)
    assert first != drawn(2, dist_type=dist_type)
    assert None in first
    assert max(one for one in first if one is not None) > 1


def test_global_generators_are_as_before():
    np.random.seed(3)
    random.seed(3)
    expected = np.random.random(), random.random()
    np.random.seed(3)
    random.seed(3)
    with suppress(KeyError), seeded(np.random.default_rng(0)):
        np.random.random()
        random.random()
        raise KeyError
    assert (np.random.random(), random.random()) == expected


def test_without_the_library_it_is_told_which_extra_has_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "treequest", None)
    with pytest.raises(
        MissingExtra, match=re.escape(f"'mcts' needs an extra: {with_extra('search')}")
    ):
        treequest("mcts")
