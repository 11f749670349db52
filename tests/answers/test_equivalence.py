r"""Tables of pairs in the styles of GSM8K, MATH, AIME and GPQA; what each rule makes of them."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ttc.answers import AnswerRule
from ttc.answers.equivalence import NumericRule
from ttc.answers.numbers import parse_number
from ttc.answers.tolerance import Tolerance

MATH = AnswerRule()
NUMERIC = AnswerRule(equivalence="numeric")
STRING = AnswerRule(equivalence="string")
CHOICE = AnswerRule(equivalence="choice")

# Decided without a worker: spelling and plain numbers.
SAME_QUICKLY = [
    ("42", "42"),
    ("42", "$42$"),
    ("42", "42."),
    ("42", "042"),
    ("42", "+42"),
    ("42", "42.0"),
    ("42", r"\(42\)"),
    ("42", r"\boxed{42}"),
    ("-7", "−7"),
    ("1000000", "1,000,000"),
    ("1000000", "1{,}000{,}000"),
    ("1000000", r"1\,000\,000"),
    ("1000000", "10^6"),
    ("1000000", r"1 \times 10^{6}"),
    ("1000000", "1 million"),
    (r"\frac{1}{2}", "0.5"),
    (r"\frac{1}{2}", "1/2"),
    (r"\frac{1}{2}", r"\dfrac{1}{2}"),
    (r"\frac{1}{2}", r"\tfrac12"),
    (r"\frac{1}{2}", ".5"),
    (r"\frac{1}{2}", r"\frac{2}{4}"),
    (r"-\frac{3}{4}", r"\frac{-3}{4}"),
    (r"-\frac{3}{4}", "-0.75"),
    (r"1\frac{1}{2}", r"\frac{3}{2}"),
    ("1 1/2", "1.5"),
    ("½", "0.5"),
    ("25%", r"25\%"),
    ("25%", "25"),
    ("25%", "0.25"),
    ("25%", "25 percent"),
    ("12.5%", r"\frac{1}{8}"),
    ("$18", "18"),
    ("$18", r"\$18.00"),
    ("18", "18 dollars"),
    ("£3.50", "3.5"),
    ("5", r"5\text{ cm}"),
    ("5", r"5 \text{ cm}^2"),
    ("5", "5 cm"),
    ("5", r"5\mathrm{~cm}"),
    ("60", "60 km/h"),
    ("90", r"90^\circ"),
    ("90", r"90^{\circ}"),
    ("90", "90°"),
    ("90", r"90\text{ degrees}"),
    (r"\text{Tuesday}", "Tuesday"),
    ("Tuesday", "tuesday"),
    (r"\frac{1}{3}", "0.333333"),
    ("x=5", "5"),
    ("x = 5", r"x=\frac{10}{2}"),
    (r"2^{10}", "1024"),
    ("1e3", "1000"),
]

# Need the LaTeX parser.
SAME_BY_MATHS = [
    (r"\sqrt{8}", r"2\sqrt{2}"),
    (r"\sqrt8", r"2\sqrt2"),
    ("sqrt(8)", "2*sqrt(2)"),
    (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"),
    (r"\sqrt{4}", "2"),
    ("x=5", r"\sqrt{25}"),
    ("5", r"\{5\}"),
    (r"(x+1)^2", r"x^2+2x+1"),
    (r"x^2 - 1", r"(x-1)(x+1)"),
    ("(1,2)", r"\left(1, 2\right)"),
    ("(1, 2, 3)", "(1,2,3)"),
    (r"\left(\frac{\pi}{2}, 3\right)", r"(\pi/2, 3)"),
    ("[0,1]", r"\left[0, 1\right]"),
    ("[0, 1)", "[0,1)"),
    (r"(-\infty, 2) \cup (3, \infty)", r"(3,\infty)\cup(-\infty,2)"),
    (r"\{1,2,3\}", r"\{3,2,1\}"),
    (r"\{1, 2\}", "2, 1"),
    ("1, 2", "2, 1"),
    ("1 and 2", "1,2"),
    (r"x \in [1,2]", "[1,2]"),
    (r"\pm 3", "3, -3"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
    (r"2\pi", r"\pi \cdot 2"),
    ("2π", r"2\pi"),
    (r"\frac{\pi}{4}", "pi/4"),
    (r"3\sqrt{2}\text{ cm}", r"3\sqrt{2}"),
    (r"y = 2x + 3", "2x+3"),
    (r"\log_2 8", "3"),
    (r"\binom{5}{2}", "10"),
    (r"3!", "6"),
    (r"\frac{x}{2}", "0.5x"),
]

DIFFERENT = [
    ("1", "2"),
    ("1000000", "1000001"),
    ("12345678901234567890123", "12345678901234567890124"),
    (r"\frac{1}{2}", r"\frac{1}{3}"),
    ("0.33", r"\frac{1}{3}"),
    ("-5", "5"),
    ("25", "0.25"),
    ("5 million", "5"),
    ("(1,2)", "(2,1)"),
    ("[0,1]", "(0,1)"),
    ("[0,1]", "[0,1)"),
    (r"\{1,2\}", r"\{1,3\}"),
    (r"\sqrt{2}", "1.4"),
    ("x+1", "x+2"),
    ("x+1", "y+1"),
    ("listen", "silent"),
    (r"\text{even}", r"\text{odd}"),
    ("2x+z=1", "1"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}"),
    ("x=5", "x=6"),
    ("x=5", "y=5"),
    ("5", "(5, 6)"),
    ("5", r"\{5, 6\}"),
    (r"\pi", "3.14"),
    ("2 pi", "2"),
    ("5", "no solution"),
    (r"x > 3", "x < 3"),
]


@pytest.mark.parametrize(("a", "b"), SAME_QUICKLY)
def test_same_without_a_worker(a: str, b: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttc.answers.latex._ask", lambda *_: pytest.fail("asked a worker"))
    assert MATH.equivalent(a, b)
    assert MATH.equivalent(b, a)


@pytest.mark.parametrize(("a", "b"), SAME_BY_MATHS)
def test_same_by_maths(a: str, b: str) -> None:
    assert MATH.equivalent(a, b)
    assert MATH.equivalent(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(a: str, b: str) -> None:
    assert not MATH.equivalent(a, b)
    assert not MATH.equivalent(b, a)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("x = 5", "5", True),
        ("18 dollars", "$18", True),
        ("3.14159", "3.141590", True),
        ("1/3", "0.33333333", True),
        ("no solution", "No solution.", True),
        (r"\sqrt{4}", "2", False),
        ("1" + "0" * 3000, "1" + "0" * 2999 + "1", False),
        ("1" * 5000, "1" * 5000, True),
        ("1" * 5000, "0" + "1" * 5000, True),
        ("1" * 5000, "1" * 4999 + "2", False),
        ("1e3999", "10e3998", True),
        ("1e999999999", "2e999999999", False),
        ("1/0", "2/0", False),
    ],
)
def test_numeric(a: str, b: str, same: bool) -> None:
    assert NUMERIC.equivalent(a, b) is same
    assert NUMERIC.equivalent(b, a) is same


def test_tolerance_is_relative_or_absolute_and_spares_integers() -> None:
    one, hundred_one, hundred = (parse_number(t) for t in ("0.001", "101", "100"))
    zero = parse_number("0")
    assert one
    assert hundred_one
    assert hundred
    assert zero
    assert not Tolerance(relative=0.05).allows(hundred, hundred_one)
    assert Tolerance(relative=0.05, integers=True).allows(hundred, hundred_one)
    assert not Tolerance(relative=0.5).allows(zero, one)
    assert Tolerance(absolute=0.001).allows(zero, one)


def test_string_rule_ignores_typography_only() -> None:
    assert STRING.equivalent(r"$\dfrac{1}{2}$", r"\frac 1 2")
    assert STRING.equivalent("1,000", "1000")
    assert not STRING.equivalent("0.5", r"\frac{1}{2}")


def test_choice_rule_compares_letters() -> None:
    for spelling in ("C", "c", "(C)", "C.", "C) Paris", r"\text{(C)}", "**C**", r"\boxed{C}"):
        assert CHOICE.equivalent("C", spelling), spelling
    assert not CHOICE.equivalent("C", "D")
    assert not CHOICE.equivalent("C", "Paris")


@pytest.mark.parametrize("rule", [MATH, NUMERIC, STRING, CHOICE])
def test_missing_answers_equal_nothing(rule: AnswerRule) -> None:
    assert not rule.equivalent(None, "1")
    assert not rule.equivalent(None, None)
    assert not rule.equivalent("", "  ")


def test_off_the_main_thread_and_under_asyncio() -> None:
    pairs = [(rf"\sqrt{{{4 * n * n}}}", f"{2 * n}") for n in range(2, 12)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda pair: MATH.equivalent(*pair), pairs))

    async def compare() -> list[bool]:
        jobs = (asyncio.to_thread(MATH.equivalent, rf"\sqrt{{{n * n}}}", str(n)) for n in (31, 37))
        return await asyncio.gather(*jobs)

    assert asyncio.run(compare()) == [True, True]
    assert threading.current_thread() is threading.main_thread()


answers = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789.,-+/%$ {}\\()xe^=", max_size=15),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.fractions().map(str),
    st.sampled_from([pair[0] for pair in SAME_QUICKLY + DIFFERENT]),
)


@given(answers, answers)
@settings(max_examples=150)
def test_cheap_rules_are_reflexive_symmetric_and_never_raise(a: str, b: str) -> None:
    for rule in (NUMERIC, STRING, CHOICE):
        assert rule.equivalent(a, a) is bool(a.strip())
        assert rule.equivalent(a, b) is rule.equivalent(b, a)


@given(answers, answers)
@settings(max_examples=60, deadline=None)
def test_maths_is_reflexive_and_symmetric(a: str, b: str) -> None:
    assert MATH.equivalent(a, a) is bool(a.strip())
    assert MATH.equivalent(a, b) is MATH.equivalent(b, a)


@given(st.fractions(), st.integers(min_value=1, max_value=50))
def test_numbers_are_read_exactly(value: object, factor: int) -> None:
    from fractions import Fraction

    assert isinstance(value, Fraction)
    a, b = value.numerator * factor, value.denominator * factor
    spelled = (f"{a}/{b}", rf"\frac{{{a}}}{{{b}}}", rf"$\dfrac {{ {a} }}{{ {b} }}$")
    for text in spelled:
        number = parse_number(text)
        assert number is not None
        assert number.value == value


@given(
    st.fractions(-100, 100),
    st.fractions(-100, 100),
    st.booleans(),
    st.booleans(),
    st.floats(0, 0.9),
    st.floats(0, 10),
)
@example(Fraction(0), Fraction(2), False, True, 0.0, 1.0)
def test_reach_never_misses_what_the_tolerance_allows(
    a: object, b: object, a_percent: bool, b_percent: bool, relative: float, absolute: float
) -> None:
    tolerance = Tolerance(relative, absolute, integers=True)
    rule = NumericRule(tolerance)
    left = rule.form(f"{a}{'%' if a_percent else ''}")
    right = rule.form(f"{b}{'%' if b_percent else ''}")
    if rule.same(left, right):
        assert any(low <= right.approximate <= high for low, high in rule.reach(left))
