"""Rules that stop: the papers' criteria, and live the same as on a pool."""

import asyncio
from itertools import permutations

import numpy as np
import pytest
from attempts import attempt_of
from scipy.stats import beta

from ttc.analysis.drawn import Drawn
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.pipeline.scaling.fits import FitRequest
from ttc.pipeline.scaling.recommending import recommend
from ttc.policies.adaptive_consistency import AdaptiveConsistency, lead
from ttc.policies.adaptive_dirichlet import AdaptiveDirichlet
from ttc.policies.adaptive_entropy import AdaptiveEntropy
from ttc.policies.adaptive_share import AdaptiveShare
from ttc.policies.anytime import Anytime
from ttc.policies.esc import EarlyStopping
from ttc.policies.selective import Selective
from ttc.recipe import parse_recipe
from ttc.samplers.adaptive import Adaptive
from ttc.store.pool import load_pool
from ttc.store.tables import read_frame

CONSISTENT, EARLY = AdaptiveConsistency(), EarlyStopping()


def drawn(classes):
    return Drawn(np.array(classes), np.full(len(classes), np.nan), np.zeros(len(classes), int))


def test_the_leader_is_sure_as_the_paper_says():
    for a, b in [(0, 0), (3, 0), (4, 0), (7, 3), (21, 19)]:
        assert lead(a, b) == pytest.approx(beta.sf(0.5, a + 1, b + 1))
    assert not CONSISTENT.enough(drawn([0, 0, 0]))
    assert CONSISTENT.enough(drawn([0, 0, 0, 0]))
    assert not CONSISTENT.enough(drawn([0, 0, 0, 0, 1]))
    assert CONSISTENT.used(drawn([0, 1, 0, 0, 0, 0, 0, 0])) == 7
    assert CONSISTENT.used(drawn([0, 1, -1, 2])) == 4
    assert AdaptiveConsistency(window=3).used(drawn([0] * 9)) == 6


def test_a_window_of_one_answer_stops_and_is_chosen():
    assert EARLY.used(drawn([0, 1, 0, 0, 1, 2, 2, 2, 2, 2, 0])) == 10
    assert EARLY.picks(drawn([0, 1, 0, 0, 0, 2, 2, 2, 2, 2]), ()) == 2  # not the vote's 0
    assert EARLY.used(drawn([1, 0, 0, 0, 0, 0, 1])) == 7  # no window of its own
    assert EARLY.picks(drawn([1, 0, 0, 0, 0, 0, 1]), ()) == 0
    assert EARLY.used(drawn([-1] * 10)) == 10
    assert EARLY.picks(drawn([-1] * 10), ()) == -1


@pytest.mark.parametrize("rule", [CONSISTENT, AdaptiveDirichlet(sure=0.7), EarlyStopping(window=2)])
def test_small_pools_are_what_all_their_orders_give(rule):
    """Success and use by brute force: each order of six solutions, ties to who came first."""
    pool = [0, 0, 0, 1, 1, 2]
    wins, used = [], []
    for order in permutations(pool):
        known = list(dict.fromkeys(order))
        whole = drawn([known.index(c) for c in order])
        used.append(rule.used(whole))
        wins.append(known[rule.picks(whole, ())] == 0)
    view = ProblemView.of(
        PoolArrays.from_ragged([pool], [0]), 0, EstimatorSettings(draws=4000, choices=4000), 1
    )
    found = rule.estimate(view, [6], [0])
    assert found.used_s[0, 0] == pytest.approx(np.mean(used), abs=4 * np.std(used) / 60 + 1e-9)
    assert abs(found.value[0, 0] - np.mean(wins)) <= 4 * np.std(wins) / 60 + 1e-9


def test_early_stopping_is_right_as_often_as_its_closed_form_says():
    """A window agrees on class a with p_a^w; else the last draws decide by vote."""
    rates, window, most = np.array([0.55, 0.45]), 2, 6
    q = (rates**window).sum()
    # Windows that disagree hold one of each, so that the vote of the last two alone decides, and
    # a tie goes to the first of all, which is class a with its share.
    early = sum((1 - q) ** i for i in range(most // window)) * rates[0] ** window
    truth = early + (1 - q) ** (most // window) * 0.5
    rng = np.random.default_rng(0)
    wins = []
    for _ in range(20_000):
        order = rng.choice(2, size=most, p=rates)
        known = list(dict.fromkeys(order.tolist()))
        chosen = EarlyStopping(window=window).picks(drawn([known.index(c) for c in order]), ())
        wins.append(known[chosen] == 0)
    assert np.mean(wins) == pytest.approx(truth, abs=4 * np.std(wins) / np.sqrt(20_000))


@pytest.mark.slow
def test_early_stopping_uses_what_the_papers_formula_says():
    rates, window, most = np.array([0.6, 0.3, 0.1]), 3, 12
    classes = np.repeat(np.arange(3), (rates * 20_000).astype(int))
    pool = PoolArrays.from_ragged([classes], [0])
    view = ProblemView.of(pool, 0, EstimatorSettings(draws=2000, choices=2000), 1)
    rule = EarlyStopping(window=window)
    found = rule.estimate(view, [most], [0])
    q = float((rates**window).sum())
    stops = range(most // window - 1)
    expected = window * sum((i + 1) * q * (1 - q) ** i for i in stops)
    expected += most * (1 - q) ** (most // window - 1)
    spread = found.paths[0, 0].std() / np.sqrt(125)  # orders of so large a pool
    assert abs(found.used_s[0, 0] - expected) < 4 * spread


class Recorded:
    """A model that says what a pool holds, in a given order."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "m")

    def __init__(self, texts):
        self.texts = texts

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        return [Completion(text, "stop", 5, 2) for text in self.texts[start : start + n]]


RULES = [
    CONSISTENT,
    EARLY,
    AdaptiveConsistency(window=4, sure=0.8),
    AdaptiveDirichlet(sure=0.8),
    AdaptiveEntropy(most=0.6),
    AdaptiveShare(),
    Anytime(delta=0.4),
    Selective(window=4, margin=0.5),
    Selective(window=6, margin=0.5, otherwise="withhold"),
]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.label)
def test_live_equals_offline(rule):
    """The same order gives the same stop and answer; over orders, the mean is the estimate."""
    rng = np.random.default_rng(3)
    pool = rng.choice([0, 1, 2, -1], size=30, p=[0.5, 0.3, 0.1, 0.1])
    answers = {0: "7", 1: "8", 2: "9", -1: None}
    outcomes = []
    for _ in range(150):
        order = rng.permutation(pool)[:20].tolist()
        sampler = Adaptive(rule=rule, most=20)
        model = Recorded(["Hm." if c < 0 else f"The answer is {answers[c]}." for c in order])
        attempt = attempt_of(sampler, Problem("p", "?", "7"), model)
        live = asyncio.run(sampler.solve(attempt))
        assert [s.answer for s in live] == [answers[c] for c in order[: len(live)]]
        known = list(dict.fromkeys(c for c in order if c >= 0))  # numbered as they come
        whole = drawn([known.index(c) if c >= 0 else -1 for c in order])
        assert attempt.classes(live).tolist() == whole.classes[: len(live)].tolist()
        assert rule.used(whole) == len(live)
        choice = rule.picks(whole, ())
        assert choice == rule.choose(whole.head(len(live)))
        said = attempt._record.answers()
        assert not said or live_class(attempt, live, said[-1].solution_index) == choice
        assert said or choice < 0
        outcomes.append((choice >= 0 and known[choice] == 0, len(live)))
    pool_arrays = PoolArrays.from_ragged([pool], [0])
    setting = EstimatorSettings(draws=2000, choices=2000)
    found = rule.estimate(ProblemView.of(pool_arrays, 0, setting, 5), [20], [0])
    (success, used), error = np.mean(outcomes, axis=0), np.std(outcomes, axis=0) / np.sqrt(150)
    assert abs(found.value[0, 0] - success) <= 4 * error[0]
    assert abs(found.used_s[0, 0] - used) <= 4 * error[1]


def live_class(attempt, live, index):
    """Class of what an attempt said last, -1 where it withheld its answer."""
    place = [solution.index for solution in live]
    return int(attempt.classes(live)[place.index(index)]) if index in place else -1


RECIPE = """
name: live
dataset: {{type: nano, family: arithmetic, levels: [1, 2, 3], problems: 24}}
sampler: {sampler}
policies: [first, majority, esc]
grid: {{solutions: [20]}}
results: {results}
"""
DRAW = "{type: independent, temperature: 1.0, max_tokens: 96, solutions: 20}"


def test_live_runs_draw_what_the_pool_has_and_stop_where_it_says(tmp_path):
    """On the embedded model: the journal serves the live run, which uses a prefix of the pool."""

    def run(sampler):
        recipe = parse_recipe(RECIPE.format(sampler=sampler, results=tmp_path / "results"))
        return run_recipe(recipe)

    whole = run(DRAW)
    live = run(f"{{type: adaptive, rule: esc, most: 20, draw: {DRAW}}}")
    assert live.manifest.ledger["roles"]["solver"]["paid_samples"] == 0
    counts = load_pool(live.run).arrays.n_solutions
    pool = load_pool(whole.run).arrays
    assert counts.tolist() == [EARLY.used(drawn(row)) for row in pool.answer_class]
    curves = read_frame(whole.run.curves, "curves")
    row = curves[curves["policy"] == "esc"].iloc[0]
    assert row["S"] == 20
    assert row["calls"] == row["cost_c"] < 20
    assert abs(row["calls"] - counts.mean()) < 3  # one order of each problem, against all
    assert row["cost_p10"] < row["tokens"] < row["cost_p90"]
    best = recommend(whole.run, [15.0], FitRequest(unit="c", draws=20))[0]
    found = {one.policy: one for one in (best.best, *(rival.allocation for rival in best.rivals))}
    assert set(found) == {"first", "majority", "esc"}
    assert found["esc"].cost < found["esc"].S  # what it draws, not the most
    others = curves[curves["policy"] != "esc"]
    assert others["cost_p10"].isna().all()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("majority", "must be a policy that stops, such as adaptive_consistency or esc"),
        ("{type: esc, window: 0}", "rule.window"),
    ],
)
def test_what_can_not_stop_is_refused(rule, says):
    with pytest.raises(RecipeError, match=says):
        parse_recipe(f"dataset: nano\nname: x\nsampler: {{type: adaptive, rule: {rule}}}")


AGREE = """
name: NAME
seed: SEED
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 16}
sampler: SAMPLER
policies: [adaptive_consistency]
grid: {solutions: [12]}
results: RESULTS
"""


@pytest.mark.slow
def test_what_is_measured_live_is_what_is_estimated_offline(tmp_path):
    """Exactly on the same order; over orders, which seeds draw anew, within the error."""
    draw = "{type: independent, temperature: 1.0, max_tokens: 64, solutions: 12}"
    adaptive = f"{{type: adaptive, rule: adaptive_consistency, most: 12, draw: {draw}}}"
    differences = []
    for seed in range(5):
        whole, live = (
            run_recipe(
                parse_recipe(
                    AGREE.replace("NAME", name)
                    .replace("SEED", str(seed))
                    .replace("SAMPLER", sampler)
                    .replace("RESULTS", f"{tmp_path}/results")
                )
            ).run
            for name, sampler in (("whole", draw), ("live", adaptive))
        )
        (offline,) = read_frame(whole.curves, "curves").to_dict("records")
        measured = read_frame(live.curves, "curves").iloc[-1]
        expected = []
        solutions = read_frame(whole.solutions, "solutions")
        for _, own in solutions.groupby("problem_id", observed=True):
            classes = drawn(own["answer_class"].to_numpy())
            used = CONSISTENT.used(classes)
            chosen = CONSISTENT.picks(classes, ())
            right = bool(own["correct"][own["answer_class"] == chosen].any())
            tokens = own["prompt_tokens"].iloc[0] + own["completion_tokens"].iloc[:used].sum()
            expected.append((right, used, tokens))
        success, calls, tokens = np.mean(expected, axis=0)
        assert (measured["success"], measured["calls"]) == (success, calls)
        assert measured["tokens"] == tokens
        names = ("success", "calls", "tokens")
        differences.append([measured[name] - offline[name] for name in names])
    error = np.std(differences, axis=0, ddof=1) / np.sqrt(len(differences))
    assert (np.abs(np.mean(differences, axis=0)) < 4 * error + [0.005, 0.02, 2.0]).all()
    assert (np.abs(np.mean(differences, axis=0)) < [0.1, 1.0, 30.0]).all()
