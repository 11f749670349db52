"""Gates: what they say, how they are read, and how they decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.errors import UsageError
from ttc.pipeline.comparing.gate import EXIT_CODES, GateResult, parse_gate, worst
from ttc.pipeline.interval import Interval


@pytest.mark.parametrize(
    ("text", "subject", "kind", "base", "margin", "at", "unit"),
    [
        ("not worse than A by 2 points at 10k tokens", None, "not worse", "A", 0.02, 1e4, "tokens"),
        ("B better than A at 1.5M flops", "B", "better", "A", 0.0, 1.5e6, "flops"),
        ("not worse than vote by 0.5 % at $0.02", None, "not worse", "vote", 0.005, 0.02, "usd"),
        ("better than old@1 by 3pp at 16 samples", None, "better", "old@1", 0.03, 16, "samples"),
        (
            "temperature=1, genrm not worse than at work by 1 point at 2 seconds",
            "temperature=1, genrm", "not worse", "at work", 0.01, 2, "seconds",
        ),
    ],
)  # fmt: skip
def test_what_a_gate_says(text, subject, kind, base, margin, at, unit):
    found = parse_gate(text)
    assert (found.subject, found.kind, found.base) == (subject, kind, base)
    assert (found.at, found.unit) == (at, unit)
    assert found.margin == pytest.approx(margin)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("as good as A at 10k tokens", "neither `not worse than` nor `better than`"),
        ("not worse than A by 2 points", "does not say where"),
        ("not worse than A at 10k tokens", "by how much"),
        ("better than A by 2 apples at 10k tokens", "expected percentage points"),
        ("better than A by 200 points at 10k tokens", "100 points at most"),
        ("better than A at 10k tokns", "did you mean 'tokens'"),
        ("better than A at 10k", "has no unit"),
        ("better than A at many tokens", "begins with no amount"),
        ("better than A at 0 tokens", "above 0"),
        ("better than A at 2.5 samples", "a whole one"),
        ("", "neither"),
    ],
)
def test_what_is_wrong_with_a_gate(text, said):
    with pytest.raises(UsageError, match=said) as error:
        parse_gate(text)
    assert "the form is" in str(error.value)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        found = parse_gate(f"better than {text}")
    except UsageError:
        return
    assert found.at > 0
    assert found.base in text


@pytest.mark.parametrize(
    ("low", "high", "not_worse", "better"),
    [
        (0.01, 0.05, "pass", "pass"),
        (-0.01, 0.05, "pass", "undecided"),
        (-0.03, 0.05, "undecided", "undecided"),
        (-0.05, -0.03, "fail", "fail"),
        (-0.05, -0.01, "undecided", "fail"),
        (0.0, 0.0, "pass", "fail"),
    ],
)
def test_a_gate_decides_where_the_whole_interval_does(low, high, not_worse, better):
    difference = Interval((low + high) / 2, low, high)
    assert parse_gate("not worse than A by 2 points at 1 c").outcome(difference) == not_worse
    assert parse_gate("better than A at 1 c").outcome(difference) == better


def test_of_several_gates_a_failure_counts_most():
    results = [GateResult("g", "B", "A", one) for one in ("pass", "undecided", "fail")]
    assert worst(results) == "fail"
    assert worst(results[:2]) == "undecided"
    assert worst([]) == "pass"
    assert len(set(EXIT_CODES.values()) | {1, 2}) == 5, "none is that of an error"
