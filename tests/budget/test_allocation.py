"""What is left of a run's budget, shared out by what each problem deserves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.budget.allocation import Standing, nothing, weighed_shares
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.errors import RecipeError
from ttc.recipe import load_recipe

RUN = {"tokens": 1000.0}
CAP = dict.fromkeys(nothing(), float("inf"))


def standing(used, solutions, share=None, worst=30.0, wants=True):
    amounts = nothing() | {"tokens": float(used)}
    return Standing(
        amounts,
        nothing() | {"tokens": float(share or used)},
        nothing() | {"tokens": used + worst} if wants else None,
        bare=not solutions,
        solutions=float(solutions),
    )


def test_a_round_deals_its_part_by_what_is_deserved():
    seen = {}

    def deal(prices):
        seen.update(prices)
        return {"a": 15.0, "b": 5.0}

    problems = {"a": standing(200, 10), "b": standing(200, 10), "c": standing(200, 9, wants=False)}
    raised = weighed_shares(problems, RUN, CAP, deal, part=1.0)
    # 400 tokens are left, and a solution of either took 20.
    assert seen == pytest.approx({"a": 0.05, "b": 0.05})
    assert raised["a"]["tokens"] == pytest.approx(200 + 300)
    assert raised["b"]["tokens"] == pytest.approx(200 + 100)
    assert set(raised) == {"a", "b"}


def test_who_has_nothing_comes_before_who_deserves_most():
    problems = {"a": standing(960, 10), "b": standing(0, 0, share=5)}
    raised = weighed_shares(problems, RUN, CAP, lambda prices: {"a": 1.0}, part=1.0)
    assert raised == {"b": {"tokens": 30.0}}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 120),
            st.integers(0, 9),
            st.floats(0, 50),
            st.booleans(),
            st.integers(1, 60),
        ),
        min_size=1,
        max_size=8,
    ),
    st.floats(0.01, 1),
)
def test_shares_and_what_others_have_used_never_pass_the_runs_limit(told, part):
    problems = {
        str(i): standing(used if n else 0, n, worst=worst, wants=wants)
        for i, (used, n, _, wants, worst) in enumerate(told)
    }
    wanted = {str(i): w for i, (_, _, w, _, _) in enumerate(told)}
    raised = weighed_shares(problems, RUN, CAP, lambda prices: wanted, part)
    after = sum(raised.get(p, one.used)["tokens"] for p, one in problems.items())
    assert after <= 1000 * (1 + 1e-6)
    for name, share in raised.items():
        assert share["tokens"] >= problems[name].needs["tokens"]


def test_only_a_pilot_is_dealt_out_equally():
    budget = BudgetConfig(per_run={"calls": 80}, allocation="gain", pilot=0.5)
    ledger = Ledger(budget, ["a", "b"])
    worst = nothing() | {"calls": 21.0}
    ledger.open("a", ("solve",))
    assert not ledger.fits("a", ("solve",), worst)
    assert ledger.fits("a", ("solve",), worst | {"calls": 20.0})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["budget.per_run={}"], "budget.allocation: there is no limit for the run"),
        (
            ["sampler={type: adaptive, rule: esc, draw: {max_tokens: 96}}"],
            "budget.allocation: 'adaptive' gives no independent solutions",
        ),
        (["budget.allocation=gains"], "budget.allocation"),
    ],
)
def test_what_can_not_be_shared_out_by_votes_is_refused(changes, said):
    with pytest.raises(RecipeError, match=said):
        load_recipe("adaptive/allocation", changes)
