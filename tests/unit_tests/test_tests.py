"""Programs and tests as texts give them, and dual execution agreement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.errors import DataError
from ttc.unit_tests.generated import dual_agreement, pairs_in
from ttc.unit_tests.given import given_tests, program_of
from ttc.unit_tests.running import Pair, Script


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("def f(): pass", "def f(): pass"),
        ("First\n```python\na = 1\n```\nthen\n```py\nb = 2\n```\nDone.", "b = 2"),
        ("```\na = 1\n```\nIt prints\n```text\n1\n```", "a = 1"),
        ("```python\na = 1", "a = 1"),
        ("~~~python\na = 1\n~~~", "a = 1"),
        ("```json\n{}\n```", None),
        (" \n", None),
    ],
)
def test_the_program_of_a_text(text, program):
    assert program_of(text) == program


def test_tests_of_metadata_are_scripts_or_calls():
    metadata = {"tests": ["assert f(1)", [[1, 2], 3], [4, 5, 0.1]], "entry_point": "f"}
    assert given_tests(metadata, "tests", "entry_point") == [
        Script("assert f(1)"),
        Pair("f", (1, 2), 3),
        Pair("f", (4,), 5, within=0.1),
    ]
    assert given_tests({"tests": "assert f(1)"}, "tests", "") == [Script("assert f(1)")]
    assert given_tests({}, "tests", "entry_point") == []


@pytest.mark.parametrize("blank", [None, "", " \n", []])
def test_a_blank_text_is_no_test_that_all_would_pass(blank):
    assert given_tests({"tests": blank}, "tests", "entry_point") == []


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"tests": 3}, "'tests' must be a text or a list"),
        ({"tests": [[1]]}, r"tests\[0\] must be a text or \[arguments, value\], not \[1\]"),
        ({"tests": [[1, 2]]}, "calls a function that 'entry_point' does not name"),
        ({"tests": [[1, 2, "x"]], "entry_point": "f"}, "tolerance 'x', which is no number"),
    ],
)
def test_tests_that_are_none_are_told(metadata, message):
    with pytest.raises(DataError, match=message):
        given_tests(metadata, "tests", "entry_point")


def test_of_generated_tests_only_plain_data_is_taken():
    text = (
        """
    Here are tests:
    assert f(1, [2]) == (3, None)   # a comment
    >>> assert f(1, [2]) == (3, None)
    assert f('a') is True
    assert f(__import__('os').system('x')) == 1
    assert g(1) == 2
    assert f(1) == f(1)
    assert f(*[1]) == 2
    assert f(1) > 0
    assert f(-1) == -1.5, "why"
    assert f("""
        + "(" * 5000
    )
    assert pairs_in(text, "f") == [
        Pair("f", (1, [2]), (3, None), exact=True),
        Pair("f", ("a",), True, exact=True),
        Pair("f", (-1,), -1.5, exact=True),
    ]


def test_dual_agreement_by_hand():
    # Two programs pass tests 0 and 1, one passes all three, one none: 2*2, 1*3 and 0 of 4*3.
    passed = [[1, 1, 0], [1, 1, 1], [1, 1, 0], [0, 0, 0]]
    assert dual_agreement(passed) == pytest.approx([4 / 12, 3 / 12, 4 / 12, 0])
    assert dual_agreement([]) == []
    assert dual_agreement([[], []]) == [0, 0]


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=8), st.data())
def test_dual_agreement_is_a_share_and_knows_no_order(passed, data):
    scores = dual_agreement(passed)
    assert all(0 <= score <= 1 for score in scores)
    order = data.draw(st.permutations(range(len(passed))))
    assert dual_agreement([passed[i] for i in order]) == [scores[i] for i in order]
    if all(map(all, passed)):
        assert scores == [1.0] * len(passed)
