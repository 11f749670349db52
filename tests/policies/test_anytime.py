"""The anytime-valid vote: its evidence by hand, and its error at any stop by simulation."""

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from ttc.analysis.drawn import Drawn
from ttc.policies.anytime import Anytime, evidence


def drawn(classes):
    return Drawn(np.array(classes), np.full(len(classes), np.nan), np.zeros(len(classes), int))


def test_evidence_is_the_mean_likelihood_ratio():
    assert exp(evidence(0, 0)) == pytest.approx(1.0)
    assert exp(evidence(1, 0)) == pytest.approx(1.5)  # mean of 2 p over (1/2, 1)
    for ahead, behind in [(5, 2), (3, 3), (12, 1)]:
        n = ahead + behind
        mean, _ = quad(lambda p, a=ahead, b=behind: 2 * p**a * (1 - p) ** b, 0.5, 1)
        assert exp(evidence(ahead, behind)) == pytest.approx(mean * 2**n, rel=1e-6)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 0.5))
def test_evidence_is_a_supermartingale_where_the_other_leads(ahead, behind, rate):
    """The next solution raises it on average by nothing, whatever the rate up to one half."""
    now = evidence(ahead, behind)
    up, down = evidence(ahead + 1, behind) - now, evidence(ahead, behind + 1) - now
    assert rate * exp(up) + (1 - rate) * exp(down) <= 1 + 1e-9
    assert down < 0


def test_when_it_stops():
    assert Anytime().used(drawn([0] * 20)) == 9  # 56.8 of the 40 that are needed, 8 ahead
    assert Anytime(delta=0.2).used(drawn([0] * 20)) == 6
    assert Anytime().used(drawn([1, 0] + [1] * 18)) > Anytime().used(drawn([1] * 20)) + 1
    # Who comes second has a sixth of delta instead of half of it.
    assert Anytime().used(drawn([0, 1] + [1] * 20)) > Anytime().used(drawn([1, 0] + [1] * 20))
    assert not Anytime().enough(drawn([0, 1] * 20))
    assert not Anytime().enough(drawn([-1] * 20))
    assert Anytime().used(drawn([-1] + [0] * 20)) == 10


@pytest.mark.slow
@pytest.mark.parametrize("rates", [[0.52, 0.48], [0.3, 0.28, 0.28, 0.14], [0.1] + [0.09] * 10])
def test_it_seldom_stops_at_another_than_the_commonest_answer(rates):
    """However often it looks: here after every solution, up to 300 of them."""
    delta, tries = 0.2, 500
    rule, rng = Anytime(delta=delta), np.random.default_rng(7)
    wrong = 0
    for _ in range(tries):
        order = rng.choice(len(rates), size=300, p=rates)
        known = {c: i for i, c in enumerate(dict.fromkeys(order.tolist()))}
        whole = drawn([known[c] for c in order.tolist()])
        end = whole.head(rule.used(whole))
        wrong += rule.enough(end) and rule.choose(end) != known[0]
    assert wrong / tries <= delta + 3 * np.sqrt(delta * (1 - delta) / tries)


def test_it_stops_where_there_is_something_to_find():
    rng = np.random.default_rng(1)
    used = [Anytime().used(drawn(rng.choice(2, 400, p=[0.8, 0.2]))) for _ in range(50)]
    assert max(used) < 400
    assert np.mean(used) < 60
