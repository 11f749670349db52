"""Training texts of the later networks: their form, their tokens, their labels."""

import json
import random
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ttc.nano.formats import DECISION
from ttc.nano.tasks import final_answer, generate
from ttc.nano.tokenizer import EOS, TOKENIZERS, UNK

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from ttc.nano.training.drawn import Solutions

ENCODE = TOKENIZERS["extended"].encode


@pytest.fixture(scope="module")
def solutions(tmp_path_factory: pytest.TempPathFactory) -> "Solutions":
    """Pupils' solutions in place of the solver's."""
    from ttc.nano.families import FAMILIES
    from ttc.nano.noise import PUPIL
    from ttc.nano.tasks import ANSWER, write_steps
    from ttc.nano.training.data import train_problem
    from ttc.nano.training.drawn import Solutions

    path: Path = tmp_path_factory.mktemp("lessons") / "samples.jsonl"
    rng = random.Random(0)
    with path.open("w") as out:
        for number in range(400):
            problem = train_problem(0, number)
            for _ in range(2):
                lines = write_steps(problem.family, problem.spec, PUPIL, rng)
                answer = FAMILIES[problem.family].answer(problem.spec, lines)
                text = "\n".join([*lines, ANSWER.format(answer)])
                out.write(json.dumps([number, text]) + "\n")
    return Solutions(path, 0)


@pytest.mark.parametrize("name", ["nano-judge", "nano-grader", "nano-roles"])
def test_lessons_are_encoded_as_they_will_be_read(name: str, solutions: "Solutions") -> None:
    """A prompt that ends after any turn is cut between tokens, and all fits the context."""
    from ttc.nano.training.judges import LATER, PLANS
    from ttc.nano.training.lessons import length

    source = PLANS[name].lessons(solutions)
    for index in range(300):
        lesson = source(index)
        whole, pieces = lesson.prompt, ENCODE(lesson.prompt)
        for turn in lesson.turns:
            whole, pieces = whole + turn, pieces + ENCODE(turn)
            assert ENCODE(whole) == pieces
        assert UNK not in pieces
        assert length(lesson) == len(pieces) + 1 < LATER.context
        assert lesson == source(index)


def test_kept_judgements_are_right(solutions: "Solutions") -> None:
    from ttc.nano.training import grading, overall, stepwise
    from ttc.nano.training.checks import exact_grade, first_wrong

    rng = random.Random(1)
    seen = set()
    for _ in range(400):
        drawn = solutions.draw(rng)
        wrong = first_wrong(drawn.problem, drawn.lines)
        if lesson := stepwise.thinkprm_lesson(drawn, rng):
            said = lesson.completion.rpartition(DECISION)[2]
            assert said == (" Yes" if drawn.right else " No")
            seen.add(f"think{said}{len(lesson.turns)}")
        if lesson := overall.heimdall_lesson(drawn, rng):
            assert lesson.completion.endswith(f"Answer: {int(drawn.right)}")
        if lesson := overall.opv_lesson(drawn, rng):
            assert lesson.completion.endswith(f"\\boxed{{{wrong}}}")
            assert lesson.completion.count("\n") == (wrong + 1 or len(drawn.lines))
        if lesson := grading.grade_lesson(drawn, rng):
            solution = lesson.prompt.split("\nSolution:\n")[1].partition("\nGrade")[0]
            score = exact_grade(drawn.problem, solution.split("\n")).score
            assert lesson.completion.endswith(f"\\boxed{{{score:g}}}")
            seen.add(score)
    assert {1.0, 0.5, 0.0, "think Yes1", "think No1", "think Yes3"} <= seen


def test_a_program_s_output_is_not_learned(solutions: "Solutions") -> None:
    from ttc.nano.training.lessons import collate_lessons
    from ttc.nano.training.stepwise import genprm_lesson

    rng = random.Random(2)
    lessons = [x for _ in range(60) if (x := genprm_lesson(solutions.draw(rng), rng))]
    batch = collate_lessons(lessons)
    executed = 0
    for lesson, targets in zip(lessons, batch.targets, strict=True):
        own = [ENCODE(turn) for turn in lesson.turns[::2]]
        assert [t for t in targets.tolist() if t >= 0] == [*chain.from_iterable(own), EOS]
        executed += len(lesson.turns) == 3
    assert 0 < executed < len(lessons)


def test_revisions_take_up_the_verification() -> None:
    from ttc.nano.training.roles import revised

    problem = generate("arithmetic", 3, 0, 1)
    gold = problem.solution.split("\n")
    wrong = [gold[0], "1+1=3", *gold[2:]]
    check = f"{gold[0]} ok\n{gold[1]} wrong\nVerification: Is the answer correct (Yes/No)? No"
    new = revised(problem, "\n".join(wrong), check, random.Random(0)).split("\n")
    assert new[:2] == gold[:2]
    assert len(new) == len(gold)
    assert final_answer("\n".join(new)) is not None


def test_the_reserved_token_learns_its_reward() -> None:
    """LaSeR's loss alone moves beta_v (log p - c_ref) to the reward."""
    from ttc.nano.config import NetConfig
    from ttc.nano.training.lessons import BETA_V, C_REF, Lesson, collate_lessons, lesson_loss
    from ttc.nano.training.network import Network
    from ttc.nano.vocabulary import EXTENDED

    config = NetConfig(
        vocab=len(EXTENDED), width=16, layers=1, heads=1, head_dim=8, hidden=16, tokens="extended"
    )
    net = Network(config)
    batch = collate_lessons([Lesson("1", ("2",), reward=1.0), Lesson("3", ("4",), reward=0.0)])
    assert batch.rewards is not None
    at = ~batch.rewards.isnan()
    assert batch.targets[at].tolist() == [EOS, EOS]
    optimiser = torch.optim.Adam(net.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        lesson_loss(net, batch).backward()
        optimiser.step()
    with torch.no_grad():
        found = BETA_V * (net(batch.ids)[at].log_softmax(-1)[:, UNK] - C_REF)
    assert found.tolist() == pytest.approx([1.0, 0.0], abs=0.1)
