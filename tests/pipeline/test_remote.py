"""One recipe through three backends: in process, and by openai and litellm from a real server."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

RECIPE = """
name: remote
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 64, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 4
    verifications: 8
    temperature: 1.0
    max_tokens: 96
policies: [majority, best_of_n]
"""


def run(folder, backend):
    path = folder / "remote.yaml"
    path.write_text(RECIPE)
    overrides = [f"results={folder / 'results'}"]
    for key, model in (("backend", "nano-solver"), ("verifiers.0.backend", "nano-verifier")):
        overrides.append(f"{key}={json.dumps(backend(model))}")
    run = run_recipe(load_recipe(path, overrides)).run
    return read_frame(run.solutions, "solutions"), read_frame(run.verifications, "verifications")


@pytest.mark.slow
def test_backends_agree_in_distribution(tmp_path, nano_server):
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    ways = {
        "nano": lambda m: {"type": "nano", "model": m},
        "openai": lambda m: {"type": "openai", "base_url": nano_server, "model": m},
        "litellm": lambda m: {
            "type": "litellm",
            "model": f"openai/{m}",
            "api_base": nano_server,
        },
        "another": lambda m: {"type": "nano", "model": m.replace("solver", "draft")},
    }
    answers, verdicts = {}, {}
    for name, backend in ways.items():
        folder = tmp_path / name
        folder.mkdir()
        solutions, verifications = run(folder, backend)
        assert len(solutions) == 8 * 64
        assert len(verifications) == 8 * 4 * 8
        assert verifications["p_yes"].notna().any()
        answers[name] = solutions.assign(answer=solutions["answer"].fillna("none"))
        verdicts[name] = verifications
    assert same_distribution(answers["nano"], answers["another"], "answer") < 0.01
    for name in ("openai", "litellm"):
        assert not answers[name]["text"].equals(answers["nano"]["text"]), "samples of their own"
        assert same_distribution(answers["nano"], answers[name], "answer") > 0.01
        lengths = [frame["completion_tokens"].mean() for frame in (answers[name], answers["nano"])]
        assert lengths[0] == pytest.approx(lengths[1], rel=0.05)
        # The judged solutions differ, and with them the verdicts.
        assert abs(verdicts[name]["score"].mean() - verdicts["nano"]["score"].mean()) < 0.3


def same_distribution(one, other, column):
    """P value of a permutation test: samples of each problem change places between both runs.

    The statistic sums |difference of counts| over the values of each problem. Seeds are fixed, so
    it is the same figure every time.
    """
    rng, values, groups = np.random.default_rng(0), [], []
    for problem, frame in one.groupby("problem_id", observed=True):
        both = [frame[column], other.loc[other["problem_id"] == problem, column]]
        codes, _ = pd.factorize(pd.concat(both))
        values.append(codes)
        groups.append(np.repeat([1, -1], [len(part) for part in both]))

    def statistic(signs):
        return sum(
            np.abs(np.bincount(v, weights=s)).sum() for v, s in zip(values, signs, strict=True)
        )

    seen = statistic(groups)
    drawn = [statistic([rng.permutation(s) for s in groups]) for _ in range(999)]
    return (1 + sum(x >= seen for x in drawn)) / 1000
