"""Particle Gibbs: a chain of filters whose kept solution comes from the posterior."""

import asyncio
from collections import Counter

import pytest
from letter_tree import blind, even, found, posterior, said, searched, settings
from on_nano import STEPS, check_budgets_and_replay

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.particle_gibbs import ParticleGibbs


def chances(path):
    """Of two lengths, and rewards that lead astray at first."""
    return {"A": 0.2, "b": 0.6, "c": 0.2} if not path else {"D": 0.5, "E": 0.5}


def rewards(path):
    return {"A": 0.7, "b": 0.9, "c": 0.2, "bD": 0.1, "bE": 0.2, "cD": 0.3, "cE": 0.9}[path]


def solve(of="p", tree=chances, says=rewards, **more):
    sampler = ParticleGibbs(**settings(**more))
    attempt, model = searched(sampler, tree, says, of=of)
    return found(asyncio.run(sampler.solve(attempt))), said(attempt), model


@pytest.mark.parametrize(("iterations", "near"), [(1, False), (8, True)])
def test_a_chain_of_few_particles_comes_to_the_posterior(iterations, near):
    """Which a single filter of as few is far from. (No more particles are needed: that is the point
    of conditional sequential Monte Carlo.)
    """
    exact, tries = posterior(chances, rewards, lambda r: r), 200
    answers = Counter(
        solve(f"{i}", particles=3, iterations=iterations, choose="sample", aggregate="last")[1][-1]
        for i in range(tries)
    )
    chi = sum((answers[leaf] - tries * p) ** 2 / (tries * p) for leaf, p in exact.items())
    assert (chi < 14.9) is near, (chi, answers, exact)  # 0.995 of chi-squared with 4 degrees


def test_an_iteration_draws_what_is_not_kept():
    _, _, model = solve(tree=even("ab", 2), says=lambda p: 0.5, particles=4, iterations=3)
    assert model.asked == 2 * (4 + 3 + 3)
    _, _, model = solve(
        tree=even("ab", 2), says=lambda p: 0.5, particles=4, iterations=3, references=2
    )
    assert model.asked <= 2 * (4 + 2 + 2), "what is drawn of a kept one has its last step, too"


def test_the_best_answer_is_that_of_all_iterations():
    tree = even("abcd", 3)
    reward = blind(5)
    for i in range(20):
        solutions, answers, _ = solve(
            f"{i}", tree=tree, says=reward, particles=4, iterations=4, aggregate="last"
        )
        values = [reward(one) for one in answers]
        assert values == sorted(values)
        assert values[-1] >= max(map(reward, solutions))


def test_on_the_embedded_models(tmp_path):
    sampler = {"type": "particle-gibbs", "particles": 3, "iterations": 2, **STEPS}
    check_budgets_and_replay(tmp_path, sampler, 80, 5000)


def test_more_references_than_particles_are_refused():
    with pytest.raises(RecipeError, match="fewer than particles"):
        parse_recipe(
            "{name: x, dataset: {type: nano}, policies: [first], sampler: {type: particle-gibbs, "
            "particles: 2, references: 2, prm: {type: nano, model: nano-prm}}}"
        )
