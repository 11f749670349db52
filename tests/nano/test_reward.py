import numpy as np
import pytest

from ttc import nano
from ttc.nano.prompts import solver_prompt
from ttc.nano.reward import line_ends, score_steps
from ttc.nano.tasks import generate, step_labels
from ttc.nano.tokenizer import decode


@pytest.fixture(scope="module")
def prm() -> nano.NanoModel:
    return nano.load("nano-prm")


def test_line_ends_point_at_the_ends() -> None:
    ids, ends = line_ends("Problem: x\nSolution:\n", ["1+1=2", "2+2=4"])
    assert decode(ids) == "Problem: x\nSolution:\n1+1=2\n2+2=4\n"
    assert [decode(ids[: e + 1])[-4:] for e in ends] == ["1=2\n"[-4:], "2=4\n"[-4:]]


def test_right_steps_score_above_wrong_ones(prm: nano.NanoModel) -> None:
    problems = [generate("arithmetic", 3, 21, i) for i in range(24)]
    solver = nano.load("nano-solver")
    drawn = solver.sample(
        [nano.SampleJob(solver_prompt(p.question), tuple(range(8)), 96) for p in problems]
    )
    pairs = [(p, s.text.split("\n")) for p, row in zip(problems, drawn, strict=True) for s in row]
    scores = score_steps(prm, [(p.question, lines) for p, lines in pairs])
    right = np.concatenate([step_labels(p, lines) for p, lines in pairs])
    found = np.concatenate(scores)
    assert len(found) == len(right)
    assert all(0 <= p <= 1 for p in found)
    above = (found[right][:, None] > found[~right]).mean()
    assert above > 0.8


def test_a_score_does_not_know_its_batch(prm: nano.NanoModel) -> None:
    problems = [generate("arithmetic", 1 + i % 6, 22, i) for i in range(80)]
    pairs = [(p.question, p.solution.split("\n")) for p in problems]
    together = score_steps(prm, pairs)
    assert [prm.score_steps(*pair) for pair in pairs[::7]] == together[::7]
    # Later lines don't change earlier scores, within rounding.
    assert np.allclose(prm.score_steps(pairs[5][0], pairs[5][1][:2]), together[5][:2], atol=1e-5)


def test_only_the_reward_network_scores(prm: nano.NanoModel) -> None:
    with pytest.raises(nano.NoRewardHead, match="nano-prm"):
        nano.load("nano-solver").score_steps("x", ["1"])
    with pytest.raises(nano.ContextOverflow):
        prm.score_steps("x", ["1" * 300])
    assert prm.score_steps("x", []) == []
