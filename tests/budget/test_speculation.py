"""Costs of speculation: closed forms against simulation, measured ones by hand, bounds always."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ttc.budget.cost import CostConfig, ModelCosts, Rates
from ttc.budget.flops import FlopCounter, Lengths
from ttc.budget.speculation import (
    Drafting,
    Speculation,
    acceptance_of,
    accepted_length,
    total,
)
from ttc.core import Completion, ModelIdentity, Speculated
from ttc.engine.charges import NOTHING, Charges, Prompts, Vain
from ttc.engine.codec import pack, unpack
from ttc.errors import UsageError

TARGET, DRAFT = FlopCounter(20.0, 30.0, 0.5), FlopCounter(4.0, 6.0, 0.1)


def simulated(acceptance, tokens, rounds=200_000):
    """Tokens of a round: drafts are taken one after the other until the first that is not."""
    rng = np.random.default_rng(0)
    taken = rng.random((rounds, tokens)) < acceptance
    return 1 + np.cumprod(taken, axis=1).sum(axis=1)


@pytest.mark.parametrize("acceptance", [0.0, 0.3, 0.8, 0.97, 1.0])
@pytest.mark.parametrize("tokens", [1, 4, 9])
def test_tokens_of_a_round(acceptance, tokens):
    brought = simulated(acceptance, tokens)
    error = 4 * brought.std() / np.sqrt(len(brought)) + 1e-12
    assert accepted_length(acceptance, tokens) == pytest.approx(brought.mean(), abs=error)
    assert acceptance_of(accepted_length(acceptance, tokens), tokens) == pytest.approx(
        acceptance, abs=1e-6
    )


def test_flops_and_time_against_simulation():
    """Of many rounds: every place that either model computes, and every pass it takes."""
    acceptance, tokens, c = 0.7, 4, 0.2
    brought = simulated(acceptance, tokens)
    told = Speculation(tokens=tokens, acceptance=acceptance, draft_parameters=3.0, draft_time=c)
    rounds, drawn = len(brought), brought.sum()
    flops = rounds * ((tokens + 1) * 30.0 + tokens * 2 * 3.0)
    assert told.flops_ratio(TARGET) == pytest.approx(flops / (30.0 * drawn), rel=5e-3)
    assert told.speed_up == pytest.approx(drawn / (rounds * (1 + tokens * c)), rel=5e-3)
    # Theorem 3.11 of arXiv 2211.17192, with the draft's FLOPs as a share of the target's.
    share = 6.0 / 30.0
    theirs = (1 - acceptance) * (tokens * share + tokens + 1) / (1 - acceptance ** (tokens + 1))
    assert told.flops_ratio(TARGET) == pytest.approx(theirs)


def test_a_measured_length_needs_no_acceptance():
    told = Speculation(tokens=3, length=2.5)
    assert told.accepted_length == 2.5
    assert told.decode(TARGET).completion_token == pytest.approx(30.0 * 4 / 2.5)
    assert told.decode(TARGET).prompt_token == 20.0
    assert told.speed_up is None


@pytest.mark.parametrize(
    ("given_", "match"),
    [
        ({"tokens": 3}, "either acceptance"),
        ({"tokens": 3, "length": 2.0, "acceptance": 0.5}, "either acceptance"),
        ({"tokens": 3, "length": 4.5}, "brings 4 tokens at most"),
    ],
)
def test_what_cannot_be_is_refused(given_, match):
    with pytest.raises(ValidationError, match=match):
        Speculation(**given_)


def test_a_served_models_flops_are_expected_ones():
    told = {"tokens": 4, "acceptance": 0.8, "draft_parameters": 1e8}
    cost = CostConfig(models={"m": ModelCosts(parameters=1e9, speculation=told)})
    rates = cost.rates(ModelIdentity("openai", "m"))
    amounts = rates.of_samples(10, [100], 1)
    length = (1 - 0.8**5) / 0.2
    expected = 2e9 * 10 + 100 * (5 * 2e9 + 4 * 2e8) / length
    assert amounts["flops"] == pytest.approx(expected)
    assert amounts["tokens"] == 110
    assert rates.worst == rates, "what a server drafts is none of its bill"


def test_a_network_that_drafts_here_states_it_and_needs_no_telling():
    facts = {
        "parameters": 1e9,
        "speculation": {"draft": "d", "tokens": 3, "reads": 2, "facts": {"parameters": 1e8}},
    }
    rates = CostConfig().rates(ModelIdentity("nano", "m", facts=facts))
    assert rates.drafting == Drafting("d", FlopCounter.simple(1e8), tokens=3, reads=2)
    # A prompt is read by both; of its 5 tokens, none costs more than a round of its own.
    assert rates.worst.of_samples(10, [5], 1)["flops"] == pytest.approx(
        2.2e9 * 10 + 5 * (4 * 2e9 + 2 * 2e8)
    )
    both = CostConfig(models={"m": ModelCosts(speculation={"tokens": 3, "acceptance": 0.5})})
    with pytest.raises(UsageError, match=r"cost\.models\.m\.speculation is for a server"):
        both.rates(ModelIdentity("nano", "m", facts=facts))


def test_a_run_without_it_keeps_its_name():
    assert "speculation" not in ModelCosts(parameters=1.0).model_dump()
    assert ModelCosts(speculation=Speculation(tokens=1, acceptance=1)).model_dump()["speculation"]


def rates():
    return Rates(TARGET, None, None, drafting=Drafting("d", DRAFT, tokens=3, reads=2))


def test_measured_amounts_by_hand():
    """A prompt of 10 tokens and a sample of 4, in two rounds of 3 and 2 drafts."""
    took = Speculated(
        rounds=2,
        proposed=5,
        accepted=2,
        verified=7,
        verified_context=(10 + 11 + 12 + 13) + (12 + 13 + 14),
        drafted=6,
        drafted_context=6 * 11,
    )
    sample = Completion("x", "stop", 10, 4, speculated=took)
    tokens, draft, discarded = rates().speculated([sample])
    assert tokens == 3
    assert draft == 6 * 6.0 + 0.1 * 66
    # Of seven places, four are those that plain sampling computes, with contexts 10 to 13.
    assert discarded == pytest.approx(3 * 30.0 + 0.5 * (85 - (10 + 11 + 12 + 13)))
    charges = Charges(rates(), Prompts("m", careful=False), 10, 8, once=True, served=False)
    amounts = charges.actual(0, [sample], NOTHING)
    plain = Rates(TARGET, None, None).of_samples(10, [4], 1)
    reading = DRAFT.prefill(Lengths.of_samples(10, [4], 1))
    assert amounts["tokens"] == 10 + 4 + 3
    assert amounts["flops"] == pytest.approx(plain["flops"] + reading + draft + discarded)


@st.composite
def samples(draw):
    """Any that a tree of 3 drafts, 2 of which are gone on from, can bring within 20 tokens."""
    prompt, n = draw(st.integers(1, 50)), draw(st.integers(1, 20))
    rounds = draw(st.integers(1, n))
    proposed = draw(st.integers(0, 3 * rounds))
    verified = draw(st.integers(n, max(n, rounds + proposed)))
    drafted = draw(st.integers(0, 2 * n))
    plain = sum(prompt + i for i in range(n))
    took = Speculated(
        rounds=rounds,
        proposed=proposed,
        accepted=draw(st.integers(0, min(proposed, n))),
        verified=verified,
        verified_context=plain + (verified - n) * (prompt + n),
        drafted=drafted,
        drafted_context=drafted * (prompt + n),
    )
    return Completion("x", "stop", prompt, n, speculated=took)


@given(st.lists(samples(), min_size=1, max_size=3), st.booleans(), st.integers(0, 2))
def test_reservations_are_bounds(drawn, once, vain):
    charges = Charges(rates(), Prompts("m", careful=False), 50, 20, once=once, served=False)
    worst = charges.worst(0, len(drawn) + vain)
    actual = charges.actual(0, drawn, Vain(0, vain))
    for unit in ("tokens", "flops", "calls"):
        assert actual[unit] <= worst[unit] * (1 + 1e-12)


def test_a_draft_of_unknown_size_leaves_flops_unknown():
    unknown = Rates(TARGET, None, None, drafting=Drafting("d", None, tokens=3, reads=2))
    assert unknown.missing("flops")
    assert unknown.worst.of_samples(10, [5], 1)["tokens"] == 10 + 5 * 4


def test_the_journal_keeps_it():
    one = Completion("x", "stop", 1, 2, speculated=Speculated(1, 2, 1, 3, 4, 5, 6))
    assert unpack(pack(one)) == one


def test_sums_over_samples():
    one = Completion("x", "stop", 1, 2, speculated=Speculated(1, 2, 1, 3, 4, 5, 6))
    assert total([one, one]) == Speculated(2, 4, 2, 6, 8, 10, 12)
    assert total([Completion("x", "stop", 1, 2)]) is None
