"""The later networks on a few held-out problems: each format is better than chance."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from ttc import nano
from ttc.nano.catalogue import WEIGHTS
from ttc.nano.prompts import HEADERS, judge_prompt, solver_prompt, spoc_prompt
from ttc.nano.tasks import generate
from ttc.nano.training import judging, roles_measured
from ttc.nano.training.judging import Case
from ttc.nano.training.measure import auc
from ttc.nano.vocabulary import EXTENDED

LATER = ("nano-judge", "nano-grader", "nano-roles")
# Committed results depend on these networks.
KEPT = {
    "nano-draft": "f6a072dacb44faeacf378c58905c5c8722a03e90aac3e471c69081418b5e9dec",
    "nano-prm": "f05ea5c6ff177ec17cff7c3f27d0319a7f220087ac931e3662c5adc6761e6f70",
    "nano-solver": "05d8af6851788048779ebfb7d86cfe360e2b346f0995ca1f0d412eab63d18c34",
    "nano-verifier": "2a2611246b81ed517dd7f8de49e24d0a1f6143e8db898644e22d5f6e5253586b",
}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Solutions of held-out problems, four of each."""
    problems = [generate("arithmetic", 2 + i % 3, 31, i) for i in range(24)]
    rows = roles_measured.solve(nano.load("nano-solver"), problems, 4)
    return [case for row in rows for case in row]


def marks(cases: Sequence[Case]) -> np.ndarray:
    return np.array([case.right for case in cases])


def test_weights_are_those_of_the_index_and_small() -> None:
    total = 0
    for name, info in nano.models().items():
        content = info.path.read_bytes()
        total += len(content)
        assert hashlib.sha256(content).hexdigest() == info.sha256 == KEPT.get(name, info.sha256)
    assert total < 10e6
    assert set(nano.models()) == {*KEPT, *LATER, "nano-repair"}
    assert sum(1 for _ in WEIGHTS.glob("*.safetensors")) == len(nano.models())


@pytest.mark.parametrize("name", LATER)
def test_later_networks_know_more_tokens(name: str) -> None:
    model = nano.load(name)
    assert (model.info.vocab, model.info.context_length) == (len(EXTENDED), 512)
    assert model.count_tokens(HEADERS["score-10"] + " 10") == 2
    assert nano.load("nano-solver").count_tokens(HEADERS["score-10"] + " 10") > 10


@pytest.mark.slow
@pytest.mark.parametrize("execute", [True, False])
def test_genprm_tells_right_from_wrong(cases: list[Case], execute: bool) -> None:
    found = judging.genprm(nano.load("nano-judge"), cases, execute)
    assert auc(np.array([min(one.rewards) for one in found]), marks(cases)) > 0.6


def test_thinkprm_tells_right_from_wrong(cases: list[Case]) -> None:
    said = judging.judge(nano.load("nano-judge"), "thinkprm", cases, 4, logprobs=5)
    scores = [np.mean([judging.probability(s, " Yes", " No") for s in row]) for row in said]
    assert auc(np.array(scores), marks(cases)) > 0.6
    once_more = judging.again(nano.load("nano-judge"), cases[:8], said[:8])
    assert all(row[0].text.startswith("Step 1: ") for row in once_more)


def test_heimdall_tells_right_from_wrong(cases: list[Case]) -> None:
    said = judging.judge(nano.load("nano-judge"), "heimdall", cases, 4)
    scores = [np.mean([s.text.endswith("Answer: 1") for s in row]) for row in said]
    assert auc(np.array(scores), marks(cases)) > 0.6


def test_opv_names_first_errors(cases: list[Case]) -> None:
    summaries, named = judging.opv(nano.load("nano-judge"), cases)
    assert np.mean([s.startswith("Step 0: ") for s in summaries]) > 0.9
    assert auc(np.array([float(x == -1) for x in named]), marks(cases)) > 0.55
    assert np.mean([x == c.first_wrong for x, c in zip(named, cases, strict=True)]) > 0.4


def test_gradings_follow_the_exact_score(cases: list[Case]) -> None:
    said = judging.judge(nano.load("nano-grader"), "grade", cases)
    scores = [float(judging.boxed(row[0]) or 0) for row in said]
    assert set(scores) <= {0.0, 0.5, 1.0}
    assert auc(np.array(scores), marks(cases)) > 0.6
    meta = judging.meta(nano.load("nano-grader"), cases[:16], [row[0].text for row in said[:16]])
    assert np.mean([judging.boxed(row[0]) in ("0", "0.5", "1") for row in meta]) > 0.9


@pytest.mark.parametrize("header", ["score-steps", "score-answer", "score-10", "direct"])
def test_one_token_scores(cases: list[Case], header: str) -> None:
    said = judging.judge(nano.load("nano-grader"), header, cases, logprobs=16)  # type: ignore[arg-type]
    if header == "direct":
        scores = [judging.probability(row[0], " Yes", " No") for row in said]
    else:
        scores = [judging.expectation(row[0]) for row in said]
        top = int(header == "score-10") * 5 + 5
        assert all(0 <= score <= top for score in scores)
    assert auc(np.array(scores), marks(cases)) > 0.65


def test_the_better_of_two_is_named_and_a_more_often(cases: list[Case]) -> None:
    pairs = [(a, b) for a, b in pairwise(cases) if a.problem == b.problem]
    there = np.array(judging.prefer_a(nano.load("nano-grader"), pairs))
    back = np.array(judging.prefer_a(nano.load("nano-grader"), [(b, a) for a, b in pairs]))
    assert np.mean([*there, *back]) > 0.52
    differ = np.array([a.right != b.right for a, b in pairs])
    preferred = (there + 1 - back)[differ] > 1
    assert np.mean(preferred == [a.right for a, b in pairs if a.right != b.right]) > 0.55


def test_roles_solve_check_and_revise(cases: list[Case]) -> None:
    model = nano.load("nano-roles")
    problems = list(dict.fromkeys(case.problem for case in cases))
    own = [case for row in roles_measured.solve(model, problems, 4) for case in row]
    assert marks(own).mean() > marks(cases).mean() - 0.15
    said = roles_measured.self_verify(model, own, 4)
    verdicts = np.array([[roles_measured.verdict(s) for s in row] for row in said])
    assert np.isnan(verdicts).mean() < 0.05
    assert auc(np.nan_to_num(verdicts).mean(axis=1), marks(own)) > 0.6
    refused = [i for i, row in enumerate(verdicts) if row[0] == 0]
    again = roles_measured.revise(
        model, [own[i] for i in refused], [said[i][0].text for i in refused]
    )
    assert marks(again).mean() > marks([own[i] for i in refused]).mean()


def test_one_pass_ends_in_a_yes_or_after_three_attempts(cases: list[Case]) -> None:
    problems = list(dict.fromkeys(case.problem for case in cases))
    passes = roles_measured.spoc(nano.load("nano-roles"), problems, 2)
    assert np.mean([p.accepted or p.attempts == 3 for p in passes]) > 0.9


def test_the_reserved_token_holds_a_reward(cases: list[Case]) -> None:
    model = nano.load("nano-roles")
    assert model.info.c_ref is not None
    rewards = roles_measured.self_rewards(model, cases, model.info.c_ref)
    assert auc(rewards, marks(cases)) > 0.65
    assert -0.5 < rewards.min() < rewards.max() < 1.5


@pytest.mark.parametrize("family", ["modular", "order"])
def test_other_families_crash_nothing(family: str) -> None:
    problems = [generate(family, level, 31, level) for level in (1, 3, 5)]
    cases = [Case(p, p.solution) for p in problems]
    judge, grader, roles = map(nano.load, LATER)
    by_judge = ("genprm", "thinkprm", "heimdall", "opv-summary", "opv")
    for header in HEADERS:
        model = judge if header in by_judge else grader
        prompts = [judge_prompt(header, c.problem.question, c.solution) for c in cases]
        for (sample,) in judging.ask(model, prompts):
            assert sample.finish_reason == "stop"
    for prompt in (solver_prompt, spoc_prompt):
        judging.ask(roles, [prompt(p.question) for p in problems])
