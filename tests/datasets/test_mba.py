"""Mixed Boolean-arithmetic identities: against all words of a few bits."""

import re
import sys
from itertools import islice, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lean_checking import LEAN, accepted_by_lean, read_by_lexer
from mba_reading import read

from ttc.datasets.boolean_arithmetic import deciding
from ttc.datasets.boolean_arithmetic.deciding import decide
from ttc.datasets.boolean_arithmetic.drawing import LEVELS, Source
from ttc.datasets.boolean_arithmetic.expression import evaluate, is_linear
from ttc.datasets.boolean_arithmetic.writing import written
from ttc.datasets.mba import MixedBooleanArithmetic
from ttc.errors import DataError, MissingExtra
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

LINEAR = [level for level, one in LEVELS.items() if one.kind == "linear"]


def equal_everywhere(left, right, names, width):
    mask = (1 << width) - 1
    return all(
        not (evaluate(left, words) - evaluate(right, words)) & mask
        for words in (
            dict(zip(names, one, strict=True))
            for one in product(range(1 << width), repeat=len(names))
        )
    )


def drawn(level, number, width=3, seed=0):
    return list(islice(Source(LEVELS[level], width, 20.0, Random(seed)).draw(), number))


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("x + y", "(x ^ y) + 2*(x & y)", True),
        ("x - y", "(x ^ y) - 2*(~x & y)", True),
        ("x | y", "x + y - (x & y)", True),
        ("~x", "-x - 1", True),
        ("x ^ y", "x + y - (x & y)", False),
        ("256*x", "0", True),  # over words of 8 bits
        ("128*x", "0", False),
    ],
)
def test_known_identities(left, right, equal):
    found = decide(read(left), read(right), ("x", "y"), 8, 1.0)
    assert found.equal is equal
    assert is_linear(read(left))
    assert is_linear(read(right))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2]), st.integers(0, 10**6), st.integers(2, 3))
def test_columns_decide_as_all_words_do(level, seed, width):
    for made in drawn(level, 2, width, seed):
        everywhere = equal_everywhere(made.left, made.right, made.names, width)
        assert everywhere is made.decision.equal
        if not everywhere:
            sides = [evaluate(side, made.decision.apart) for side in (made.left, made.right)]
            assert (sides[0] - sides[1]) % 2**width


@pytest.mark.parametrize("level", [5, 6])
def test_the_solver_decides_as_all_words_do(level):
    pytest.importorskip("z3")
    made = drawn(level, 6)
    assert {one.decision.equal for one in made} == {True, False}
    assert not all(is_linear(one.left) and is_linear(one.right) for one in made)
    for one in made:
        assert equal_everywhere(one.left, one.right, one.names, 3) is one.decision.equal


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LINEAR), st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_text_means_what_was_drawn(level, seed, rng):
    (made,) = drawn(level, 1, 8, seed)
    words = {name: rng.getrandbits(8) for name in made.names}
    for side in (made.left, made.right):
        assert evaluate(read(written(side)), words) == evaluate(side, words)


@pytest.mark.parametrize("level", [5, 6])
def test_the_text_of_nested_ones_means_what_was_drawn(level):
    pytest.importorskip("z3")
    rng = Random(3)
    for made in drawn(level, 8, 3, 1):
        words = {name: rng.getrandbits(8) for name in made.names}
        for side in (made.left, made.right):
            assert evaluate(read(written(side)), words) == evaluate(side, words)


def test_problems_are_balanced_distinct_and_begin_with_fewer():
    problems = MixedBooleanArithmetic(levels=[1, 3], problems=40, width=16).load()
    for level in (1, 3):
        answers = [p.answer for p in problems if p.metadata["level"] == level]
        pairs = zip(answers[::2], answers[1::2], strict=True)
        assert all({*pair} == {"Yes", "No"} for pair in pairs)
        assert len({*answers[::2]}) == 2  # which comes first is drawn
    assert len({p.question for p in problems}) == 40
    assert MixedBooleanArithmetic(levels=[1, 3], problems=9, width=16).load() == problems[:9]
    other = MixedBooleanArithmetic(levels=[1, 3], problems=40, width=16, seed=1).load()
    assert not {p.question for p in other} & {p.question for p in problems}
    for problem in problems:
        sides = [read(problem.metadata[side]) for side in ("left", "right")]
        assert decide(*sides, ("x", "y", "z"), 16, 1.0).equal is (problem.answer == "Yes")
        assert "2^16" in problem.question


@pytest.mark.parametrize(
    "text",
    [r"So \boxed{Yes}", r"\boxed{\text{Yes}}", "The final answer is Yes.", "Answer: **yes**"],
)
def test_answers_are_read(text):
    rule = MixedBooleanArithmetic.default_answers
    assert rule.equivalent(rule.extract(text), "Yes")
    assert not rule.equivalent(rule.extract(text), "No")


def test_what_is_undecided_is_no_problem(monkeypatch):
    pytest.importorskip("z3")
    monkeypatch.setattr(deciding, "_EFFORT", 1)
    hard = ("(x & y)*(x | y) + (x & ~y)*(~x & y)", "x*y")
    assert decide(*map(read, hard), ("x", "y"), 16, 5.0).equal is None
    part = MixedBooleanArithmetic(levels=[5], problems=4, width=16)
    with pytest.raises(DataError, match=r"level 5 has \d problems? that differ, not 4"):
        part.load()
    assert re.search(r"level 5: \d+ draws left out, undecided by z3", part.notes[0])


def test_without_the_solver_linear_ones_are_there_and_others_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    assert len(MixedBooleanArithmetic(levels=LINEAR, problems=8).load()) == 8
    with pytest.raises(MissingExtra, match=r"\[z3\]"):
        MixedBooleanArithmetic(levels=[6], problems=4).load()


def test_statements_are_lean():
    for problem in MixedBooleanArithmetic(levels=[1, 4], problems=8).load():
        text = problem.metadata["lean"]
        read_by_lexer(text)
        name = "identity" if problem.answer == "Yes" else "no_identity"
        assert re.search(rf"^theorem {name} : ", text, re.MULTILINE)
        assert ("¬ (∀" in text) is (problem.answer == "No")


@pytest.mark.skipif(not LEAN, reason="lean is not installed")
@pytest.mark.timeout(1600)
def test_lean_proves_them_and_not_their_opposites():
    texts, wanted = [], []
    for problem in MixedBooleanArithmetic(levels=[1, 2, 3, 4], problems=16, width=2).load():
        text, words = problem.metadata["lean"], (problem.metadata["apart"] or {}).values()
        refuted = " ".join(f"{word}#2" for word in words)
        proof = f"exact fun h => absurd (h {refuted}) (by decide)" if refuted else "decide"
        turned = text.replace(" : ¬ (∀", " : (∀") if refuted else text.replace(" : ∀", " : ¬ ∀")
        texts += [text, text.replace("sorry", proof), turned.replace("sorry", "decide")]
        wanted += [True, True, False]
    assert accepted_by_lean(texts) == wanted


def test_the_recipe_runs(tmp_path):
    prompt = tmp_path / "sides.yaml"  # the embedded models have short contexts
    prompt.write_text('text: "{{ metadata.left }}"')
    few = [
        *("dataset.problems=4", "sampler.solutions=2", "sampler.max_tokens=8"),
        *("dataset.levels=[1, 2]", f"sampler.prompt={prompt}", f"results={tmp_path}"),
        "backend={type: nano, model: nano-solver}",
    ]
    run = run_recipe(load_recipe("datasets/mba", few)).run
    assert sorted(read_frame(run.problems, "problems")["gold_answer"]) == ["No", "No", "Yes", "Yes"]
