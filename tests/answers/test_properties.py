"""What must not matter to a judgement: words behind a value, markup around it, units, spelling."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ttc.answers import AnswerRule

MATH = AnswerRule()
NUMERIC = AnswerRule(equivalence="numeric")
CHOICE = AnswerRule.model_validate({"extract": "choice", "equivalence": "choice"})

numbers = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.integers(1000, 10**7).map("{:,}".format),
    st.decimals(-1000, 1000, places=2).map(str),
    st.fractions(-20, 20, max_denominator=50).map(
        lambda f: rf"\frac{{{f.numerator}}}{{{f.denominator}}}"
    ),
)
values = st.one_of(
    numbers,
    st.sampled_from(
        [r"\sqrt{2}", "x^2+1", "(1,2)", r"\frac{x}{2}", r"3\pi", "2i", "[0, 1)", r"x = 5", "p - q"]
    ),
)
links = st.sampled_from(["The answer is {}", "Answer: {}", "So the final answer is {}", "#### {}"])
words = st.sampled_from(
    [".", ", in total.", ", which is what was asked.", " because of that.", " (as shown above).",
     ", so we are done.", " - as required.", " since 2 + 2 = 4.", ", not 15.", " as the total."]
)  # fmt: skip
markup = st.sampled_from(
    ["**{}**", "${}$", r"\({}\)", r"\[ {} \]", "`{}`", "$${}$$", r"\boxed{{{}}}", r"$\boxed{{{}}}$",
     "__{}__", r"\boxed{{\bf {}}}", r"\boxed{{\color{{red}}{{{}}}}}", r"**$\boxed{{{}}}$**"]
)  # fmt: skip
known = ["cm", "m", "kg", "hours", "m/s", "km/h", "cm^2", r"\text{ cm}", r"\text{ meters}", "feet"]


@given(values, links, words)
@settings(max_examples=150, deadline=None)
def test_words_behind_an_announced_value_change_nothing(value: str, link: str, tail: str) -> None:
    assert MATH.equivalent(MATH.extract(link.format(value) + tail), value)


@given(numbers, links, words)
@settings(max_examples=100, deadline=None)
def test_nor_under_the_numeric_rule(value: str, link: str, tail: str) -> None:
    assert NUMERIC.equivalent(NUMERIC.extract(link.format(value) + tail), value)


@given(values, markup)
@settings(max_examples=150, deadline=None)
def test_markup_around_a_value_changes_nothing(value: str, around: str) -> None:
    assert MATH.equivalent(around.format(value), value)
    assert MATH.equivalent(MATH.extract(f"The answer is {around.format(value)}."), value)


@given(st.integers(1, 10**4), st.integers(1, 10**4), st.sampled_from(known), st.sampled_from(known))
@settings(max_examples=150, deadline=None)
def test_a_unit_changes_nothing_unless_units_differ(a: int, b: int, one: str, two: str) -> None:
    assert MATH.equivalent(f"{a} {one}", str(a))
    assert MATH.equivalent(f"{a} {one}", f"{b} {one}") is (a == b)
    same = {"cm": "length", "m": "length", r"\text{ cm}": "length", r"\text{ meters}": "length"}
    if same.get(one, one) != same.get(two, two) and {one, two} != {"m/s", "km/h"}:
        assume("feet" not in (one, two))
        assert not MATH.equivalent(f"{a} {one}", f"{b} {two}")


@given(st.integers(1, 500), st.integers(1, 500))
@settings(max_examples=60, deadline=None)
def test_lengths_meet_by_conversion(a: int, b: int) -> None:
    assert MATH.equivalent(f"{a} m", rf"{b} \text{{ cm}}") is (100 * a == b)


@given(st.integers(2, 40), st.integers(1, 120), st.integers(1, 120))
@settings(max_examples=80, deadline=None)
def test_exact_values_are_equal_exactly(base: int, p: int, q: int) -> None:
    assert MATH.equivalent(rf"\frac{{1}}{{{base}^{{{p}}}}}", rf"\frac{{1}}{{{base}^{{{q}}}}}") is (
        p == q
    )


@given(st.sampled_from("ABCDEFGHIJ"), st.sampled_from("ABCDEFGHIJ"), words)
@settings(max_examples=100, deadline=None)
def test_the_last_announced_letter_is_the_choice(first: str, last: str, tail: str) -> None:
    for text in (
        f"{first}) looks right.\nThe answer is {last}{tail}",
        f"**Answer**: {last}\n",
        f"The answer is {first}... no.\nANSWER: ({last})",
        rf"So \boxed{{{first}}}? No: \boxed{{\text{{{last}}}}}",
    ):
        assert CHOICE.extract(text) == last


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\ufeff", "\u200e", "\u00ad"])
def test_signs_that_nobody_sees_change_nothing(hidden: str) -> None:
    assert MATH.equivalent(f"{hidden}4{hidden}2", "42")
    assert CHOICE.extract(f"Answer: {hidden}C{hidden}") == "C"
