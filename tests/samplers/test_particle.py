"""Particle filtering: draws from the posterior that rewards make, and answers by the best."""

import asyncio
import math
from collections import Counter

import numpy as np
import pytest
from letter_tree import blind, even, found, leaves, posterior, said, searched, settings
from on_nano import STEPS, check_budgets_and_replay

from ttc.samplers.particle import ParticleFilter
from ttc.samplers.search.best import Best


def uneven(path):
    """Texts of one letter, of two and of three, of different chances."""
    if not path:
        return {"A": 0.3, "b": 0.5, "c": 0.2}
    return {"D": 0.6, "e": 0.4} if len(path) == 1 else {"F": 0.5, "G": 0.25, "H": 0.25}


def swept(chances, rewards, of="p", **more):
    """The share of the final weights that each text has."""
    sampler = ParticleFilter(**settings(**more))
    attempt, _ = searched(sampler, chances, rewards, of=of)
    cloud = asyncio.run(sampler.sweep(attempt, Best(sampler)))
    shares = Counter()
    for one, weight in zip(cloud.particles, cloud.weights, strict=True):
        shares[found([one.path])[0]] += weight
    return shares


def distance(shares, exact):
    """Total variation."""
    return sum(abs(shares[leaf] - p) for leaf, p in exact.items()) / 2


VARIANTS = {
    "the paper's": {},
    "odds, the last score": {"weighting": "odds", "aggregate": "last"},
    "systematic": {"resampling": "systematic", "aggregate": "last"},
    "stratified": {"resampling": "stratified", "aggregate": "last"},
    "residual": {"resampling": "residual", "aggregate": "last"},
    "only where the effective size is small": {"threshold": 0.6, "aggregate": "last"},
    "annealed": {"entropy": 0.95, "aggregate": "last"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_particles_converge_to_the_exact_posterior(name):
    """Their distance falls about as one over the root of their number."""
    more, rewards = VARIANTS[name], blind(7)
    weigh = (lambda r: r / (1 - r)) if more.get("weighting") == "odds" else (lambda r: r)
    exact = posterior(uneven, rewards, weigh, product="aggregate" not in more)
    prior = Counter(dict(leaves(uneven)))
    assert distance(prior, exact) > 0.3, "the rewards matter"
    few = np.mean(
        [distance(swept(uneven, rewards, f"{i}", particles=12, **more), exact) for i in range(20)]
    )
    many = distance(swept(uneven, rewards, particles=3000, **more), exact)
    assert many < 0.035
    assert many < few / 5


def solve(chances, rewards, of="p", **more):
    sampler = ParticleFilter(**settings(**more))
    attempt, model = searched(sampler, chances, rewards, of=of)
    return found(asyncio.run(sampler.solve(attempt))), said(attempt), model


@pytest.mark.slow
def test_a_sampled_answer_is_a_draw_from_the_posterior():
    rewards = blind(7)
    exact = posterior(uneven, rewards, lambda r: r, product=True)
    answers = Counter(
        solve(uneven, rewards, f"{i}", particles=40, choose="sample")[1][-1] for i in range(200)
    )
    chi = sum((answers[leaf] - 200 * p) ** 2 / (200 * p) for leaf, p in exact.items())
    assert chi < 2.5 * len(exact), answers


def test_the_best_answer_is_the_best_of_all_that_have_ended():
    solutions, answers, model = solve(
        even("ab", 2),
        {"a": 1.0, "b": 0.2, "aA": 0.3, "aB": 0.9, "bA": 0.5, "bB": 0.5}.__getitem__,
        particles=16,
    )
    assert len(solutions) == 16, "copies too"
    assert answers[-1] == "aB"
    assert model.asked == 32, "what has ended is asked no more"


def test_of_one_particle_it_samples():
    first = Counter(solve(even("ab", 2), blind(1), f"{i}", particles=1)[1][-1] for i in range(200))
    assert all(25 <= first[leaf] <= 75 for leaf, _ in leaves(even("ab", 2)))


def test_a_score_of_zero_or_one_has_a_finite_weight():
    for weighting in ("r", "odds"):
        rewards = {"a": 0.0, "b": 1.0, "aA": 0.0, "aB": 0.0, "bA": 1.0, "bB": 0.0}.__getitem__
        solutions, answers, _ = solve(even("ab", 2), rewards, particles=30, weighting=weighting)
        assert answers[-1] == "bA"
        assert all(one[0] == "b" for one in solutions)


def test_particles_without_a_score_are_left_out_and_replaced():
    rewards = {"a": math.nan, "b": 0.01}
    solutions, _, _ = solve(even("ab", 2), lambda p: rewards.get(p, 0.5), particles=20)
    assert len(solutions) == 20
    assert {one[0] for one in solutions} == {"b"}


def test_where_no_score_comes_at_all_it_samples():
    solutions, answers, _ = solve(even("ab", 2), lambda p: math.nan, particles=40)
    assert len(solutions) == 40
    assert len(set(solutions)) == 4
    assert len(answers) == 1


@pytest.mark.parametrize(
    "more", [{}, {"resampling": "systematic", "threshold": 0.5, "choose": "sample"}]
)
def test_on_the_embedded_models(tmp_path, more):
    sampler = {"type": "particle", "particles": 4, **STEPS, **more}
    check_budgets_and_replay(tmp_path, sampler, 80, 5000)
