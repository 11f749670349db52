"""Scientific answers: units, significant figures, constants, and what stays different."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.answers import AnswerRule

SCIENCE = AnswerRule.model_validate({"equivalence": "science"})
MATH = AnswerRule()

SAME = [
    # units, by conversion
    ("9.8 m/s^2", "980 cm/s^2"),
    ("5 N", "5 kg m/s^2"),
    ("4.2 J/(g K)", "4200 J/(kg K)"),
    (r"4.2 \frac{J}{g K}", "4200 J/(kg K)"),
    ("25 °C", "298.15 K"),
    ("1 eV", "1.602e-19 J"),
    ("7 ppm", "7e-6"),
    ("1.00 atm", "101325 Pa"),
    (r"25\pi \text{ cm}^2", "0.00785 m^2"),
    (r"\sqrt{2} m", "1.414 m"),
    # significant figures: the coarser is the other, rounded
    ("2.6667", r"\frac{8}{3}"),
    ("3.14", r"\pi"),
    ("6.67", "20/3"),
    ("24.4", "24.35"),  # midway: either way
    ("(0.600,2.6667]", r"(\frac{3}{5},\frac{8}{3}]"),
    # constants of physics, where the other side tells what is meant
    ("3.00e8 m/s", "c"),
    ("1.50e8 m/s", "0.500c"),
    ("6.63e-34 J s", "h"),
    (r"\frac{h}{m_e c}", "2.43e-12 m"),
    ("9.81 m/s^2", "g"),
    ("6.02e23", "N_A"),
    ("8.31 J/(mol K)", "R"),
    # ways of writing
    ("1000,99", "1000.99"),
    ("0,111", "0.111"),
    ("-2,-2", "-2"),
    (r"1\leq|z|\leq \frac{3}{2}", r"[-\frac{3}{2}, -1] \cup [1, \frac{3}{2}]"),
    (
        r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix} + \begin{pmatrix}5 & 6 \\ 7 & 8\end{pmatrix}",
        r"\begin{pmatrix}6 & 8 \\ 10 & 12\end{pmatrix}",
    ),
    (
        r"\begin{pmatrix}0 & 1 \\ 2 & 0\end{pmatrix} \begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}",
        r"\begin{pmatrix}3 & 4 \\ 2 & 4\end{pmatrix}",
    ),
]
DIFFERENT = [
    ("9.8 m", "9.8 s"),
    ("9.8 m/s^2", "980 m/s^2"),
    ("2 °C", "548.3 K"),
    ("1 eV", "0 J"),
    ("9.81", "9.72"),
    ("0.33", "1/3"),  # two figures are too few
    ("2.66", "8/3"),
    ("12", "12.4"),  # whole numbers are exact
    ("100", "100.4"),
    ("1000000", "1000001"),
    ("1,000", "1.000"),
    ("6.02e23", "6.02e22"),
    ("c", "d"),
    ("c", "3.10e8 m/s"),
    ("[1/2,8]", "1/2,8"),
    (
        r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix} + \begin{pmatrix}5 & 6 \\ 7 & 8\end{pmatrix}",
        r"\begin{pmatrix}6 & 8 \\ 10 & 13\end{pmatrix}",
    ),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_same(a, b):
    assert SCIENCE.equivalent(a, b)
    assert SCIENCE.equivalent(b, a)
    assert len(SCIENCE.classify([a, b], b)) == 1


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(a, b):
    assert not SCIENCE.equivalent(a, b)
    assert not SCIENCE.equivalent(b, a)


@given(st.integers(100, 999), st.integers(-8, 8), st.floats(-0.499, 0.499))
def test_what_rounds_to_three_figures_is_the_same_in_any_unit(digits, power, rest):
    written = f"{digits // 100}.{digits % 100:02}e{power}"
    finer = (digits + rest) / 100 * 10.0 ** (power - 3)
    assert SCIENCE.equivalent(f"{written} m", f"{finer:.12e} km")
    other = (digits + rest + 1.01) / 100 * 10.0 ** (power - 3)
    assert not SCIENCE.equivalent(f"{written} m", f"{other:.12e} km")


@pytest.mark.parametrize("hostile", ["1 m^9^9^9^9", "5 " + "m*" * 500, "2 " + "(" * 200, "3 " * 90])
def test_hostile_units_are_no_units(hostile):
    assert not SCIENCE.equivalent(hostile, "1 m")


def test_conversions_of_the_default_rule_keep_small_factors_and_zero_points():
    assert not MATH.equivalent("1 eV", "0 J")
    assert MATH.equivalent("1 eV", "1.602176634e-19 J")
    assert not MATH.equivalent("2 °C", "548.3 K")
    assert MATH.equivalent("1 ft", "30.48 cm")


def test_an_equation_of_unknowns_is_no_value_and_a_range_may_name_a_function():
    assert not MATH.equivalent("7 = 11a+c", "11a+c")
    assert MATH.equivalent("7 = 11a+c", "11a+c=7")
    assert MATH.equivalent("2 + 2 = 4", "4")
    assert MATH.equivalent("0<f(x)<1", "(0,1)")


PIECES = [
    "5",
    "3.00",
    "1e8",
    " m",
    " s",
    "/",
    "^",
    "2",
    "(",
    ")",
    "°C",
    " J",
    "c",
    "h",
    "-",
    ".",
    ",",
]
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)


@given(texts, texts)
def test_it_is_symmetric_reflexive_and_raises_nothing(a, b):
    assert SCIENCE.equivalent(a, b) == SCIENCE.equivalent(b, a)
    assert SCIENCE.equivalent(a, a)
    together = len(SCIENCE.classify([a, b], None)) == 1
    assert together == SCIENCE.equivalent(a, b)
