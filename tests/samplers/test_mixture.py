"""Solutions of several ways, models and temperatures: how often each is drawn, what it costs."""

import asyncio
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from attempts import attempt_of
from on_nano import tables, used
from sampled import check_budget, ran

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.mixture import Mixture
from ttc.store.tables import read_frame

NANO = {"type": "nano"}
WAY = {"type": "independent"}


class Model:
    """Says its name; remembers how it was asked. affords: samples until the budget ends."""

    capabilities = Capabilities(chat=True, logprobs=5)

    def __init__(self, name, affords=10**9):
        self.identity = ModelIdentity("test", name)
        self.name, self.affords, self.asked = name, affords, []

    async def sample(self, prompt, params, n, **_):
        assert n == 1
        self.asked.append((prompt, params))
        return [Completion(self.name, "stop", 5, 2)] * min(
            n, max(0, self.affords - len(self.asked) + 1)
        )


def drawn(seed=0, models=("a", "b"), **settings):
    sampler = Mixture(**settings)
    by = {f"backends.{i}": Model(name) for i, name in enumerate(models)}
    main = Model("main")
    problem = Problem(f"p{seed}", "1+1?", "2")
    attempt = attempt_of(sampler, problem, main, prompt="cot", **by)
    found = asyncio.run(sampler.solve(attempt))
    return found, [main, *by.values()]


def test_models_have_their_shares_and_no_fixed_turn():
    found, _ = drawn(solutions=4000, backends=[NANO, NANO], weights=[3, 1])
    names = [s.text for s in found]
    assert 0.72 < names.count("a") / 4000 < 0.78
    # Independent: who comes next has nothing to do with who came before.
    pairs = Counter(pairwise(names))
    after_b = pairs["b", "a"] / (pairs["b", "a"] + pairs["b", "b"])
    assert 0.69 < after_b < 0.81
    firsts = Counter(
        drawn(seed, solutions=1, backends=[NANO, NANO])[0][0].text for seed in range(60)
    )
    assert min(firsts.values()) > 15


def test_ways_have_prompts_and_settings_of_their_own():
    ways = [{**WAY, "prompt": "cot", "temperature": 0.3}, {**WAY, "prompt": "brief", "top_p": 0.5}]
    _, (main, *_) = drawn(solutions=50, draws=ways)
    seen = {
        (len(prompt.messages), params.temperature, params.top_p) for prompt, params in main.asked
    }
    assert seen == {(1, 0.3, 1.0), (5, 0.7, 0.5)}


def test_a_way_belongs_to_its_model():
    ways = [{**WAY, "temperature": 0.1}, {**WAY, "temperature": 0.2}]
    _, (main, a, b) = drawn(solutions=40, draws=ways, backends=[NANO, NANO])
    assert not main.asked
    assert {params.temperature for _, params in a.asked} == {0.1}
    assert {params.temperature for _, params in b.asked} == {0.2}


def test_temperatures_are_drawn_of_a_list_or_a_range():
    _, (main, *_) = drawn(solutions=3000, temperatures=[0.5, 1.5])
    counts = Counter(params.temperature for _, params in main.asked)
    assert set(counts) == {0.5, 1.5}
    assert 1400 < counts[0.5] < 1600
    _, (main, *_) = drawn(solutions=1000, temperatures={"low": 0.4, "high": 1.2})
    heats = np.array([params.temperature for _, params in main.asked])
    assert 0.4 <= heats.min() < 0.42
    assert 1.18 < heats.max() <= 1.2
    assert abs(heats.mean() - 0.8) < 0.03


def test_only_temperatures_leave_curves_over_solutions():
    assert Mixture(temperatures=[0.5, 1.0]).exchangeable
    assert not Mixture(draws=[WAY, WAY]).exchangeable
    assert not Mixture(backends=[NANO, NANO]).exchangeable


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("weights: [1, 2, 3], backends: [nano, nano]", "weights"),
        ("backends: [nano, nano], draws: [{}, {}, {}]", "backends"),
        ("temperatures: {low: 1, high: 0.5}", "low must not be above high"),
        ("weights: [1, 0], backends: [nano, nano]", "weights"),
        ("draws: []", "draws"),
        ("draws: [{logprobs: true}], backends: [PRM]", "logprobs"),
    ],
)
def test_mistakes_are_told_by_key(wrong, said):
    recipe = f"""
    name: mixed
    dataset: {{type: nano, levels: [1], problems: 1}}
    sampler: {{type: mixture, {wrong}}}
    """.replace("PRM", "{type: vllm_pooling, model: m, base_url: 'http://h', reward: qwen}")
    with pytest.raises(RecipeError, match=said):
        parse_recipe(recipe)


TWO = """{type: mixture, solutions: 12, draws: [{max_tokens: 64}],
    backends: [{type: nano, model: nano-solver}, {type: nano, model: nano-draft}],
    temperatures: [0.6, 1.0]}"""


def test_a_mixture_of_networks_costs_what_each_does(tmp_path):
    outcome = ran(tmp_path, TWO)
    samples = tables(outcome)["samples"]
    last = read_frame(outcome.run.curves, "curves").iloc[-1]
    assert last["tokens"] == used(samples).mean()
    assert last["flops"] == pytest.approx(
        samples.groupby("problem_id", observed=True)["flops"].sum().mean()
    )
    each = samples["flops"] / (samples["prompt_tokens"] + samples["completion_tokens"])
    assert each.max() > 1.5 * each[each > 0].min()


def test_only_temperatures_have_the_usual_curves(tmp_path):
    how = "solutions: 8, draws: [{max_tokens: 64}], temperatures: [0.6, 1.2]"
    outcome = ran(tmp_path, f"{{type: mixture, {how}}}")
    curves = read_frame(outcome.run.curves, "curves")
    assert set(curves["S"]) == {1}
    assert outcome.manifest.status == "complete"


def test_within_a_budget(tmp_path):
    check_budget(tmp_path, TWO, 300)
