r"""Extraction from texts in the styles of GSM8K, MATH, AIME, GPQA and of reasoning models."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.answers import AnswerRule
from ttc.answers.extraction import (
    ExtractionTimeout,
    boxed,
    by_pattern,
    choice,
    final_answer,
    last_number,
)

BOXED = [
    (r"Thus $x = \boxed{42}$.", "42"),
    (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
    (r"\boxed{\dfrac{\sqrt{3}}{2}} and done", r"\dfrac{\sqrt{3}}{2}"),
    (r"first \boxed{1}, no, \boxed{2}", "2"),
    (r"\boxed{\boxed{5}}", "5"),
    (r"\boxed{1} and then \boxed{2", "1"),
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{\left\{ x : x > 0 \right\}}", r"\left\{ x : x > 0 \right\}"),
    (r"\fbox{7}", "7"),
    (r"\boxed {8}", "8"),
    (r"\boxed 9.", "9"),
    (r"put it in \boxed{}", None),
    (r"it is \boxed{3}, in the form \boxed{}", "3"),
    ("nothing here", None),
    (r"\boxedfoo{3}", None),
    (r"\boxed", None),
    (r"\boxed{\begin{pmatrix} 1 \\ 2 \end{pmatrix}}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
]

FINAL = [
    ("Final Answer: The final answer is $42$. I hope it is correct.", "42"),
    (r"The final answer is $\frac{1}{2}$. I hope it is correct.", r"\frac{1}{2}"),
    ("The final answer is 42.", "42"),
    ("The final answer is 3.5.", "3.5"),
    ("the FINAL ANSWER is: 7", "7"),
    ("**Final Answer:** 12", "12"),
    ("**Final Answer**: **12**", "12"),
    ("Answer: **12**", "12"),
    ("So the answer is $5$ meters.", "5"),
    ("The answer is:\n\n42\n", "42"),
    ("He has 3 left.\n#### 1,234", "1,234"),
    (r"Final answer: \boxed{4}", "4"),
    ("The answer is 1.\nOn reflection, the answer is 2.", "2"),
    ("The answer is $x=1$ or $x=2$.", "$x=1$ or $x=2$"),
    ("The answer is -3.", "-3"),
    ("The answer is $18.", "$18"),
    ("The answer is (C).", "(C)"),
    ("We answer nothing", None),
    ("my answer with the equation gives 12", None),
    ("no statement", None),
    ("The final answer is", None),
]

NUMBERS = [
    ("He pays $1,234.50 in total.", "1,234.50"),
    ("about -3.5% of it", "-3.5%"),
    ("50 % left", "50%"),
    ("x=-3", "-3"),
    ("5-3", "3"),
    ("It is −4 degrees", "-4"),
    ("-$5", "-5"),
    ("$-5", "-5"),
    ("costs €12", "12"),
    ("there are 1,000,000 of them", "1,000,000"),
    ("1,2345", "2345"),
    ("3/4 of them", "3/4"),
    ("3 1/2 cups", "3 1/2"),
    (r"so \frac{3}{4}", r"\frac{3}{4}"),
    ("a speed of 3e8", "3e8"),
    (r"about 6.02 \times 10^{23} atoms", r"6.02 \times 10^{23}"),
    ("half is .5", ".5"),
    ("variable x2 is not a number", None),
    ("42.", "42"),
    ("10km", "10"),
    ("none", None),
]

CHOICES = [
    ("Answer: C", "C"),
    ("The answer is (C).", "C"),
    ("the correct answer is (c)", "C"),
    (r"\boxed{\text{C}}", "C"),
    (r"\boxed{C}", "C"),
    (r"\boxed{\textbf{(A) } 5}", "A"),
    (r"The correct choice is \textbf{(D)}", "D"),
    (r"Answer: $\text{(B)}$", "B"),
    ("**B**", "B"),
    ("(E)", "E"),
    ("Considering A, B and D.\nB\n", "B"),
    ("The best option is **A**.", "A"),
    ("Answer: J. Because of that", "J"),
    ("Option A is a trap. The correct answer is D because of it", "D"),
    ("Answer: I think it's (E)", "E"),
    ("The answer is a mystery.", None),
    ("Nothing.", None),
    ("C", "C"),
    ("C) Paris", "C"),
]


@pytest.mark.parametrize(("text", "expected"), BOXED)
def test_boxed(text: str, expected: str | None) -> None:
    assert boxed(text) == expected


@pytest.mark.parametrize(("text", "expected"), FINAL)
def test_final_answer(text: str, expected: str | None) -> None:
    assert final_answer(text) == expected


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_last_number(text: str, expected: str | None) -> None:
    assert last_number(text) == expected


@pytest.mark.parametrize(("text", "expected"), CHOICES)
def test_choice(text: str, expected: str | None) -> None:
    assert choice(text) == expected


def test_chain_takes_the_first_extractor_that_finds() -> None:
    rule = AnswerRule()
    assert rule.extract(r"1 or 2: \boxed{3}, the answer is 4, or 5") == "3"
    assert rule.extract("the answer is 4. Or 5") == "4"
    assert rule.extract("maybe 5") == "5"
    assert rule.extract("maybe") is None
    assert rule.extract(r"<think>\boxed{3}") is None


def test_a_user_pattern_gives_its_group_at_the_last_match() -> None:
    rule = AnswerRule.model_validate({"extract": {"regex": r"Result: (\w+)"}})
    assert rule.extract("Result: one\nResult: two.") == "two"
    assert rule.extract("nothing") is None
    assert by_pattern(r"x(y)?", 1.0)("x") is None


@pytest.mark.timeout(60)
def test_a_catastrophic_pattern_is_stopped_with_advice() -> None:
    rule = AnswerRule.model_validate(
        {"extract": {"regex": r"^((?:a|aa|a*b?)+)+$"}, "time_limit_s": 0.3}
    )
    with pytest.raises(ExtractionTimeout, match="nested repetition"):
        rule.extract("a" * 5000 + "!")


texts = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="0123456789.,-+/%$ {}\\()abcdefrox^\n*#ABCI:", max_size=200),
    st.lists(
        st.sampled_from(
            [
                *(r"\boxed{", r"\fbox{", r"\frac{1}{2}", "}", "{", "answer:", "is", "####"),
                *("(", "A", ")", "<think>", "</think>", "7"),
            ]
        ),
        max_size=15,
    ).map(" ".join),
)


@given(texts)
@settings(deadline=None)  # units are loaded at the first one
def test_no_text_raises(text: str) -> None:
    for extract in (boxed, final_answer, last_number, choice, AnswerRule().extract):
        found = extract(text)
        assert found is None or (found and found == found.strip())


@given(texts)
def test_extraction_is_idempotent(text: str) -> None:
    for extract in (last_number, choice):
        found = extract(text)
        if found is not None:
            assert extract(found) == found
    inside = boxed(text)
    if inside is not None:
        assert boxed(rf"\boxed{{{inside}}}") == inside
