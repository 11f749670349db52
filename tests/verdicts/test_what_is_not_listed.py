"""Servers list some alternatives only: what every judge makes of a word that is not among them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import TokenLogprob
from ttc.verdicts import find_verdict, p_yes_at, p_yes_at_verdict
from ttc.verdicts.analyses import FORCED, forced_reward, reward
from ttc.verdicts.answer_line import find_answer_line
from ttc.verdicts.letters import p_first
from ttc.verdicts.reviews import p_decision, p_forced
from ttc.verdicts.two_words import YES_NO, p_first_word


def heimdall(text, tokens):
    found = find_answer_line(text)
    return p_yes_at(found, text, tokens)


def genrm(text, tokens):
    assert find_verdict(text)
    return p_yes_at_verdict(tokens, text)


ABSOLUTE = {
    "genrm": (genrm, "Is the answer correct (Yes/No)? ", "Yes", "No"),
    "heimdall": (heimdall, "Answer: ", "1", "0"),
}
SHARES = {
    "genrm-direct": (lambda text, tokens: p_first_word(tokens[1:], YES_NO), "", "Yes", "No"),
    "genprm": (reward, FORCED, "Yes", "No"),
    "genprm, forced": (lambda t, tokens: forced_reward(t, tokens[1:]), "", "Yes", "No"),
    "thinkprm": (p_decision, "Is the solution correct? ", "Yes", "No"),
    "thinkprm, forced": (lambda text, tokens: p_forced(tokens[1:]), "", "Yes", "No"),
    "pairwise": (p_first, "Better: ", "A", "B"),
}
ALL = ABSOLUTE | SHARES


def told(judge, says, probabilities):
    """P(Yes) that a judge reads where its word has these alternatives: by word, `yes` and `no`."""
    read, before, yes, no = ALL[judge]
    names = {"yes": yes, "no": no}
    top = {names.get(word, word): math.log(p) for word, p in probabilities.items()}
    word = yes if says else no
    behind = "}$" if before == FORCED else ""
    tokens = [TokenLogprob(before, -0.1), TokenLogprob(word, top.get(word, math.nan), top)]
    return read(f"{before}{word}{behind}", tokens + ([TokenLogprob(behind, -0.1)] * bool(behind)))


@pytest.mark.parametrize("judge", ABSOLUTE)
@pytest.mark.parametrize(
    ("says", "listed", "p"),
    [
        (False, {"no": 0.9}, 0.1),
        (False, {"no": 0.9, "Maybe": 0.08}, 0.02),
        (False, {"no": 0.6, "Maybe": 0.2, "Well": 0.01}, 0.01),
        (False, {"no": 0.3}, 0.0),
        (True, {"yes": 0.3}, 0.3),
        (True, {"yes": 0.6, "no": 0.3}, 0.6),
    ],
)
def test_p_yes_itself(judge, says, listed, p):
    assert told(judge, says, listed) == pytest.approx(p)


@pytest.mark.parametrize("judge", SHARES)
@pytest.mark.parametrize(
    ("says", "listed", "p"),
    [
        (False, {"no": 0.9}, 0.1),
        (False, {"no": 0.9, "Maybe": 0.08}, 0.02 / 0.92),
        (True, {"yes": 0.6, "Maybe": 0.2, "Well": 0.01}, 0.6 / 0.61),
        (False, {"no": 0.3}, 0.0),
        (True, {"yes": 0.3}, 1.0),
        (True, {"yes": 0.6, "no": 0.3}, 2 / 3),
    ],
)
def test_its_share_of_both(judge, says, listed, p):
    assert told(judge, says, listed) == pytest.approx(p)


words = st.sampled_from(["yes", "no", "Maybe", "Well", "Hm", "Sure"])


@given(
    st.sampled_from(sorted(ALL)),
    st.lists(words, min_size=2, max_size=6, unique=True),
    st.integers(0, 2**32),
    st.integers(1, 6),
    st.data(),
)
def test_it_is_within_what_can_be(judge, names, seed, kept, data):
    """Of any distribution of which the likeliest alternatives are listed: what is read is a
    probability, exact where both words are listed; of an unlisted Yes no less than it has, unless
    the listing says nothing; and the listed word is the likelier one.
    """
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(names)))
    if min(weights) < 1e-6:
        return
    truth = dict(zip(names, weights.tolist(), strict=True))
    listed = dict(sorted(truth.items(), key=lambda one: -one[1])[:kept])
    sampled = [one for one in ("yes", "no") if one in listed]
    if not sampled:
        return
    says = data.draw(st.sampled_from(sampled)) == "yes"
    found = told(judge, says, listed)
    yes, no = truth.get("yes", 0.0), truth.get("no", 0.0)
    exact = yes if judge in ABSOLUTE else yes / (yes + no)
    assert 0 <= found <= 1
    if {"yes", "no"} <= set(listed):
        assert found == pytest.approx(exact)
    elif "yes" not in listed:
        assert found <= 0.5
        assert found >= exact - 1e-9 or found == 0
    else:
        assert found <= exact + 1e-9 or found == 1
