"""Programs as patches of a faulty one: in answers, in the verifier, in texts of any kind."""

import asyncio

import pytest
from attempts import attempt_of
from hypothesis import given
from hypothesis import strategies as st
from writers import Sandbox, Writer

from ttc.answers import AnswerRule
from ttc.core import Problem, Solution
from ttc.unit_tests.patches import patched, program_in
from ttc.verifiers.code import Code

BROKEN = "def f(x):\n    return x + x"
RIGHT = "def f(x):\n    return x * x"


@pytest.mark.parametrize(
    "text",
    [
        " 2\nRewrite:    return x * x",
        "Fault in line: 2\nRewrite:    return x * x  ",
        "1\nRewrite:def g(x):\nNo, rather\n2\nRewrite:    return x * x\nDone.",
    ],
)
def test_the_last_patch_of_a_text_rewrites_its_line(text):
    assert patched(BROKEN, text) == RIGHT


@pytest.mark.parametrize("text", ["", "2", " 3\nRewrite:x", " 0\nRewrite:x", "2 Rewrite: x", RIGHT])
def test_what_is_no_patch_of_the_program_is_none(text):
    assert patched(BROKEN, text) is None


def test_a_text_is_a_patch_where_there_is_a_program_else_a_program():
    patch = "2\nRewrite:    return x * x"
    assert program_in(patch, {"program": BROKEN}) == RIGHT
    assert program_in(patch, {}) == patch
    assert program_in(f"```python\n{RIGHT}\n```", {"program": BROKEN}) == RIGHT
    rule = AnswerRule.model_validate({"extract": "patch", "equivalence": "code"})
    assert rule.extract(patch, {"program": BROKEN}) == RIGHT
    assert rule.extract(RIGHT) == RIGHT
    other = AnswerRule.model_validate({"extract": "program", "equivalence": "code"})
    assert other.extract(patch, {"program": BROKEN}) == patch


@given(st.integers(1, 30), st.integers(1, 30), st.text(alphabet="ab =:", max_size=20))
def test_one_line_changes_and_no_other(lines, line, new):
    program = "\n".join(f"line{i}" for i in range(lines))
    found = patched(program, f"{line}\nRewrite:{new}")
    if line > lines:
        assert found is None
    else:
        wanted = program.split("\n")
        wanted[line - 1] = new.rstrip()
        assert found.split("\n") == wanted


def test_the_verifier_runs_what_a_patch_makes():
    metadata = {"tests": [[[3], 9], [[2], 4]], "entry_point": "f", "program": BROKEN}
    part, problem = Code(), Problem("p", "", "", metadata=metadata)
    texts = [" 2\nRewrite:    return x * x", " 1\nRewrite:def f(x):"]
    given_ = [Solution("p", i, text, None, 1, 1, "stop") for i, text in enumerate(texts)]
    attempt = attempt_of(part, problem, Writer(lambda *_: ""), sandbox=Sandbox())
    found = asyncio.run(part.verify(attempt, given_))
    assert [v.score for v in found] == [1.0, 0.5]
