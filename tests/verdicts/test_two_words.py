"""P(Yes) of an answer in one token, against probabilities worked out by hand."""

import math

import pytest

from ttc.core import TokenLogprob
from ttc.verdicts.two_words import TRUE_FALSE, YES_NO, p_first_word


def token(text, **top):
    """One token; top: probabilities by the alternatives' texts, `_` for a space before them."""
    found = {name.replace("_", " "): math.log(p) for name, p in top.items()}
    return TokenLogprob(text, found.get(text, math.log(0.5)), found)


def test_all_spellings_of_a_word_count():
    top = {"Yes": 0.4, "_yes": 0.1, "Y": 0.05, "No": 0.2, "_NO": 0.05, "Well": 0.1}
    assert p_first_word([token("Yes", **top)], YES_NO) == pytest.approx(0.55 / 0.8)


def test_other_words_that_begin_alike_do_not():
    top = {"Yes": 0.3, "Yesterday": 0.3, "No": 0.1, "Nothing": 0.2}
    assert p_first_word([token("Yes", **top)], YES_NO) == pytest.approx(0.75)


def test_an_unknown_word_has_the_most_that_it_can_have():
    # 0.05 is left, and no unlisted token has more than the least of the listed ones, 0.01
    assert p_first_word([token("Yes", Yes=0.9, Well=0.04, Hm=0.01)], YES_NO) == pytest.approx(
        0.9 / 0.91
    )
    # what is left, 0.1, is less than the least that is listed
    assert p_first_word([token("No", No=0.9)], YES_NO) == pytest.approx(0.1)
    assert p_first_word([token("Yes", Yes=1.0)], YES_NO) == 1.0


def test_where_that_is_as_much_as_the_other_has_the_word_counts():
    assert p_first_word([token("No", No=0.3)], YES_NO) == 0.0
    assert p_first_word([token("Yes", Yes=0.3)], YES_NO) == 1.0
    assert p_first_word([token("Yes", Yes=0.4, Well=0.4, So=0.1)], YES_NO) == pytest.approx(0.8)
    neither = token("So", So=0.4, No=0.2)
    assert p_first_word([neither], YES_NO) is None


def test_the_sampled_token_counts_where_it_is_not_listed():
    one = TokenLogprob("No", math.log(0.1), {"Yes": math.log(0.6), "Hm": math.log(0.3)})
    assert p_first_word([one], YES_NO) == pytest.approx(0.6 / 0.7)


def test_the_first_token_that_says_one_is_read():
    before = token("\n", Yes=0.001, No=0.9)
    assert p_first_word([before, token("Yes", Yes=0.6, No=0.2)], YES_NO) == pytest.approx(0.75)
    other = token("The", The=0.8, Yes=0.15, No=0.05)
    assert p_first_word([other], YES_NO) == pytest.approx(0.75), "its alternatives say it"


def test_true_and_false_by_word_or_letter():
    top = {"(A": 0.3, "True": 0.2, "_B": 0.1, "False": 0.1, "An": 0.2}
    assert p_first_word([token("(A", **top)], TRUE_FALSE) == pytest.approx(0.5 / 0.7)


def test_what_says_neither_is_unknown():
    assert p_first_word([], YES_NO) is None
    assert p_first_word([token("Hm", Hm=0.9)], YES_NO) is None
    assert p_first_word([TokenLogprob("Yes", math.nan)], YES_NO) is None
