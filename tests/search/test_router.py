"""A router: trained on steps whose truth is planted, and from a run of the oracle rule."""

import math

import numpy as np
import pytest
from on_nano import run_on_nano

from ttc.errors import UsageError
from ttc.pipeline.routing import recorded, train_router
from ttc.samplers.search.router import FEATURES, Recorded, Router, features_of, spearman, train
from ttc.store.tables import read_frame

NANO = {
    "type": "speculate",
    "rule": "oracle",
    "draft": {"type": "nano", "model": "nano-draft"},
    "prm": {"type": "nano", "model": "nano-prm"},
    "prm_prompt": "nano-solver",
    "steps": "line",
    "step_tokens": 32,
    "temperature": 1.0,
    "solutions": 2,
}


def planted(n, seed=0):
    """Steps whose advantage falls with the draft's reward, and rises with its place a little."""
    rng = np.random.default_rng(seed)
    features = rng.random((n, len(FEATURES)))
    gap = 0.3 - features[:, 0] + 0.2 * features[:, 3] + 0.05 * rng.standard_normal(n)
    return Recorded(features, gap, np.arange(n) // 4)


def test_it_finds_what_is_planted_and_is_judged_on_other_problems():
    found = train(planted(2000), np.random.default_rng(0), share=0.5, threshold=0.0)
    weights = found.router.weights
    assert weights["reward"] < -5
    assert weights["step"] > 1
    assert all(abs(weights[name]) < abs(weights["step"]) for name in ("change", "tokens", "ends"))
    assert found.spearman > 0.9
    assert found.held == 1000
    assert found.steps < 1000, "the more frequent kind is thinned out"
    half = {"reward": 0.4, "change": 0.5, "tokens": 0.5, "step": 0.5, "ends": 0.5}
    assert found.router.probability(half) == pytest.approx(0.5, abs=0.1)


def test_probabilities_by_hand():
    router = Router(intercept=1.0, weights={"reward": -2.0, "tokens": 0.5})
    seen = features_of(0.75, None, 0, 3, False)
    assert seen == {"reward": 0.75, "change": 0.0, "tokens": 0.0, "step": 3.0, "ends": 0.0}
    assert router.probability(seen) == pytest.approx(1 / (1 + math.exp(0.5)))
    assert features_of(0.5, 0.75, 0, 0, True)["change"] == -0.25


def test_rank_correlation_by_hand():
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4])) == pytest.approx(0.8)
    assert math.isnan(spearman(np.array([1.0, 1, 1]), np.array([1.0, 2, 3])))


def test_too_little_to_learn_from_is_told():
    steps = planted(40)
    for few in (steps.of(steps.advantage > 0.05), steps.of(steps.problem == 0)):
        with pytest.raises(UsageError, match="too few steps to learn from"):
            train(few, np.random.default_rng(0), share=0.5, threshold=0.0)


def test_an_oracle_run_records_its_steps(tmp_path):
    run = run_on_nano(tmp_path, NANO, problems=12).run
    samples = read_frame(run.table("samples"), "samples")
    steps = recorded(run)
    assert len(steps) == (samples["role"] == "draft").sum() == (samples["role"] == "solver").sum()
    rewards = samples[samples["role"] == "reward"].set_index(["problem_id", "after"])["score"]
    kept = samples[(samples["fate"] == "kept") & (samples["role"] == "solver")]
    assert (steps.advantage > 0).sum() == len(kept), "the target's step is taken where it is better"
    first = samples[(samples["role"] == "draft") & samples["after"].isna()].iloc[0]
    assert steps.features[0, 0] == rewards[first["problem_id"], first["number"]]
    assert steps.features[:, 3].max() >= 2
    found = train_router(run)
    assert found.steps >= 2
    routed = {**NANO, "rule": "router", "router": found.router.model_dump()}
    roles = read_frame(run_on_nano(tmp_path, routed, 3).run.table("samples"), "samples")["role"]
    assert (roles == "draft").sum() >= (roles == "solver").sum()


def test_other_runs_have_none(tmp_path):
    sampler = {"type": "independent", "solutions": 1, "max_tokens": 32}
    with pytest.raises(UsageError, match="samplers/speculate_oracle"):
        train_router(run_on_nano(tmp_path, sampler, 3).run)
