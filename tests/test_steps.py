"""Where solutions are cut into steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ttc.steps import StepRule, closed, split_steps

RULES = ["blank_line", "line", "begins:Step"]


@pytest.mark.parametrize(
    ("rule", "text", "steps"),
    [
        ("blank_line", "a\nb\n\nc", ("a\nb\n\n", "c")),
        ("blank_line", "a\n \t\n\n\nb", ("a\n \t\n\n\n", "b")),
        ("blank_line", "\n\na\n\n", ("\n\na\n\n",)),
        ("line", "a\nb\n\nc\n", ("a\n", "b\n\n", "c\n")),
        ("begins:Step", "So:\nStep 1\nx\nStep 2\ny", ("So:\n", "Step 1\nx\n", "Step 2\ny")),
        ("begins:**(", "1\n **(2\n3", ("1\n", " **(2\n3")),
        ("line", " \n ", ()),
        ("blank_line", "", ()),
    ],
)
def test_steps_end_where_the_rule_says(rule, text, steps):
    assert split_steps(text, rule) == steps


@given(st.text(alphabet="ab \n\tStep", max_size=60), st.sampled_from(RULES))
def test_joined_steps_are_the_text_and_none_is_blank(text, rule):
    steps = split_steps(text, rule)
    assert "".join(steps) == (text if text.strip() else "")
    assert all(step.strip() for step in steps)


def test_the_last_step_ends_as_the_others_do():
    assert closed(("a\n", "b"), "line") == ("a\n", "b\n")
    assert closed(("a\n\n", "b\n"), "blank_line") == ("a\n\n", "b\n\n")
    assert closed(("a\n\n",), "blank_line") == ("a\n\n",)
    assert closed((), "line") == ()


@pytest.mark.parametrize("rule", ["words", "begins:", "begins: ", "begins:" + "x" * 300])
def test_a_rule_that_is_none_is_refused_with_those_that_there_are(rule):
    with pytest.raises(ValidationError, match=r"blank_line, line, or .*'begins:Step'"):
        TypeAdapter(StepRule).validate_python(rule)


def test_a_long_text_takes_no_more_than_its_length():
    assert len(split_steps("x\n \n" * 100_000, "blank_line")) == 100_000
    assert split_steps("\n" * 300_000, "blank_line") == ()
    assert len(split_steps(" " * 300_000 + "x", "line")) == 1
