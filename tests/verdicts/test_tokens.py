"""P(Yes) comes from the token that holds the verdict, however a server cuts and writes tokens."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import TokenLogprob
from ttc.verdicts import find_verdict, p_yes_at_verdict

ASK = "Is the answer correct (Yes/No)?"
PLAIN = {" Yes": 0.7, " No": 0.2}


def tokens(*texts, at, top=None, sampled=None, other=None):
    """Tokens of these texts; the one numbered `at` has `top`, all others would mislead."""
    misleading = other or {" No": math.log(0.99), " Yes": math.log(0.001)}
    best = {t: math.log(p) if p else -math.inf for t, p in (PLAIN if top is None else top).items()}
    own = best.get(texts[at], math.log(0.6)) if sampled is None else sampled
    return [
        TokenLogprob(t, own, best) if i == at else TokenLogprob(t, -0.01, misleading)
        for i, t in enumerate(texts)
    ]


QUESTION = ["Is", " the", " answer", " correct", " (", "Yes", "/", "No", ")?"]


@pytest.mark.parametrize(
    ("behind", "text"),
    [
        ([], ""),
        (["."], "."),
        ([".", " No", " errors", " found", "."], ". No errors found."),
        (["\n", "I", " say", " yes", ",", " not", " No"], "\nI say yes, not No"),
        (["."] + [" so"] * 40, "." + " so" * 40),
        ([".", "</s>"], "."),
        (["<|im_end|>"], ""),
        ([".", "<|eot_id|>", ""], "."),
        (["\n\n", "Problem", ":"], ""),
        ([".\n\nProblem", ":"], "."),
        ([" ✓", ".", "\n"], " ✓."),
    ],
)
def test_words_and_marks_behind_a_verdict_change_nothing(behind, text):
    made = tokens(*QUESTION, " Yes", *behind, at=9)
    assert p_yes_at_verdict(made, f"{ASK} Yes{text}") == pytest.approx(0.7)
    assert p_yes_at_verdict(made[6:], f"2+2=4. {ASK} Yes{text}") == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("written", "at", "top", "p"),
    [
        ([" Yes"], 0, {" Yes": 0.7, " No": 0.2}, 0.7),
        ([" Y", "es"], 0, {" Y": 0.7, " N": 0.2}, 0.7),
        ([" Y", "e", "s"], 0, {" Y": 0.5, " Yes": 0.25, " N": 0.2}, 0.75),
        ([" N", "o"], 0, {" N": 0.7, " Maybe": 0.2}, 0.1),
        ([" Yes,"], 0, {" Yes,": 0.5, " Yes": 0.2, " No.": 0.1}, 0.7),
        ([" No."], 0, {" No.": 0.5, " No": 0.2, " Not": 0.1, " None": 0.1}, 0.1),
        ([" Yes.\n"], 0, {" Yes.\n": 0.7, " No\n": 0.2}, 0.7),
        ([" **", "Yes", "**"], 1, {"Yes": 0.7, "No": 0.2}, 0.7),
        ([" **Yes", "**"], 0, {" **Yes": 0.4, " Yes": 0.3, " **No": 0.2}, 0.7),
        ([":Yes"], 0, {":Yes": 0.4, " No": 0.2, ":No": 0.1}, 0.4),
        (["ĠYes"], 0, {"ĠYes": 0.7, "ĠNo": 0.2}, 0.7),
        (["▁Yes", "."], 0, {"▁Yes": 0.7, "▁No": 0.2}, 0.7),
        (["▁", "Yes"], 1, {"Yes": 0.7, "No": 0.2}, 0.7),
        ([" ", "\\", "boxed", "{", "Yes", "}"], 4, {"Yes": 0.7, "No": 0.2}, 0.7),
        ([" YES"], 0, {" YES": 0.6, " Yes": 0.1, " NO": 0.2}, 0.7),
        ([" ", '"', 'Yes"'], 2, {'Yes"': 0.7, 'No"': 0.2}, 0.7),
        ([" Yes"], 0, {" Yes": 0.6, " Yesterday": 0.3, " No": 0.1}, 0.6),
        ([" Yes"], 0, {" Yes": 0.6, "Yes": 0.1, "yes": 0.0, " No": 0.1}, 0.7),
        ([" No"], 0, {" No": 0.9, " Yes": 0.0}, 0.0),
        (["bytes:\\x20", "Yes"], 1, {"Yes": 0.7, "No": 0.2}, 0.7),
        (["<0x0A>", "Yes", "<0x0A>"], 1, {"Yes": 0.7, "No": 0.2}, 0.7),
        (["<0x59>", "es"], 0, {"<0x59>": 0.7, "<0x4E>": 0.2}, 0.7),
    ],
)
def test_ways_to_cut_and_write_a_verdict(written, at, top, p):
    marks = str.maketrans({"Ġ": " ", "▁": " "})
    shown = {"bytes:\\x20": " ", "<0x0A>": "\n", "<0x59>": "Y"}
    text = ASK + "".join(shown.get(w, w.translate(marks)) for w in written)
    made = tokens(*QUESTION, *written, at=9 + at, top=top)
    assert p_yes_at_verdict(made, text) == pytest.approx(p)


def test_a_token_that_holds_words_in_front_of_the_verdict_too():
    text = f"{ASK} Yes"
    made = tokens(*QUESTION[:7], "No)? Yes", at=7, top={"No)? Yes": 0.7, "No)? No": 0.2, "No": 0.1})
    assert p_yes_at_verdict(made, text) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("written", "at", "top", "p"),
    [
        ([" correct"], 0, {" correct": 0.7, " incorrect": 0.2}, 0.7),
        ([" incorrect"], 0, {" incorrect": 0.7, " correct": 0.2}, 0.2),
        ([" in", "correct"], 0, {" in": 0.7, " correct": 0.2}, 0.2),
        ([" inc", "orrect"], 0, {" inc": 0.7, " partially": 0.2}, 0.1),
        ([" cor", "rect", "."], 0, {" cor": 0.7, " in": 0.2, " corn": 0.05}, 0.7),
        ([" not", " correct"], 0, {" not": 0.7, " correct": 0.2}, 0.2),
    ],
)
def test_the_other_form(written, at, top, p):
    made = tokens("**", "Status", ":", "**", *written, at=4 + at, top=top)
    assert p_yes_at_verdict(made, "**Status:**" + "".join(written)) == pytest.approx(p)


NAN = math.nan


@pytest.mark.parametrize(
    ("logprob", "top", "p"),
    [
        (NAN, {}, None),
        (NAN, {" Yes": NAN, " No": NAN}, None),
        (NAN, {" Yes": NAN, " Perhaps": -1.0}, None),
        (NAN, {" Yes": math.log(0.7), " No": NAN}, 0.7),
        (math.log(0.7), {" Yes": NAN}, 0.7),
        (math.log(0.7), {}, 0.7),
        (math.log(0.7), {"ĠYes": math.log(0.7), "ĠNo": math.log(0.2)}, 0.7),
        (-9999.0, {" No": math.log(0.9)}, 0.0),
        (-math.inf, {" No": math.log(0.9)}, 0.0),
        (1e308, {}, 1.0),
        (math.inf, {}, 1.0),
    ],
)
def test_what_is_unknown_stays_unknown(logprob, top, p):
    made = tokens(*QUESTION, " Yes", at=9, sampled=logprob)
    made[9] = TokenLogprob(" Yes", logprob, top)
    assert p_yes_at_verdict(made, f"{ASK} Yes") == (None if p is None else pytest.approx(p))


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (f"{ASK} Yes. No errors found.", [".", " No", " errors", " found", "."]),
        (f"{ASK} Yes", ["No", "thing", " alike"]),
        (f"{ASK} Yes", []),
        (f"{ASK} Yes", ["", ""]),
        (f"{ASK} Yes", [" No"]),
        (f"{ASK} No", [" Yes"]),
        (f"{ASK} Yes. {'x' * 9000}", [" Yes", f". {'x' * 9000}"]),
        ("I can't say.", [" Yes"]),
        (f"<think>{ASK} Yes", [" Yes"]),
    ],
)
def test_a_verdict_that_no_token_holds_has_no_probability(text, given):
    assert p_yes_at_verdict([TokenLogprob(t, -0.1, {}) for t in given], text) is None


def test_tokens_may_lack_what_the_text_has_and_the_other_way():
    """Thoughts that a server cut out and we put back, or that only tokens tell."""
    made = tokens(*QUESTION, " Yes", at=9)
    assert p_yes_at_verdict(made, f"<think>\nNo?\n</think>\n\n{ASK} Yes") == pytest.approx(0.7)
    thought = [TokenLogprob(t, -0.1) for t in ("[THINK]", "Hm", ",", " No", "[/THINK]")]
    assert p_yes_at_verdict([*thought, *made], f"{ASK} Yes") == pytest.approx(0.7)
    other = [TokenLogprob(t, -0.1) for t in ("analysis", "Hm", "<|end|>", "final")]
    text = f"<think>\nHm\n</think>\n\n{ASK} Yes"
    assert p_yes_at_verdict([*other, *made], text) == pytest.approx(0.7)


@st.composite
def cut_texts(draw):
    """A text with a verdict, its tokens however cut, and the number of that of the verdict."""
    words = st.sampled_from(
        [
            "Yes",
            " No",
            " the",
            "ab",
            "1",
            "\n",
            ".",
            " ✓",
            "é",
            "(Yes/No)",
            "so",
            "答",
            "</b>",
            "'s",
        ]
    )
    before = "".join(draw(st.lists(words, max_size=12)))
    word, dressed = draw(
        st.sampled_from([("Yes", " {}"), ("No", "\n**{}**"), ("yes", ' "{}"'), ("Yes", " {},")])
    )
    tail = "".join(draw(st.lists(words, max_size=12)))
    behind = f". Checked.{tail}" if draw(st.booleans()) else "."
    text = f"{before}\n{ASK}{dressed.format(word)}{behind}"
    start = text.index(dressed.format(word), len(before) + 1 + len(ASK)) + dressed.index("{")
    cuts = draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=len(text)))
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges) if b > a]
    at = sum(edge <= start for edge in edges) - 1
    return text, word, pieces, at, start - edges[at]


@given(cut_texts(), st.data())
def test_any_tokenisation_reads_the_same_place(cut, data):
    text, word, pieces, at, lead = cut
    own = pieces[at]
    says = word.lower() == "yes"
    swapped = own[:lead] + ("No" if says else "Yes")
    top = {own: 0.6, swapped: 0.3}
    ends = data.draw(st.sampled_from([[], ["</s>"], ["<|im_end|>"], [""]]))
    made = tokens(*pieces, *ends, at=at, top=top)
    kept = data.draw(st.integers(at, at) | st.integers(0, at))
    found = find_verdict(text)
    assert found is not None
    assert found.says is says
    p = p_yes_at_verdict(made[kept:], text)
    assert p == pytest.approx(0.6 if says else 0.3)
    if at + 1 < len(pieces):
        assert p_yes_at_verdict(made[at + 1 :], text) is None


@given(st.text(), st.lists(st.tuples(st.text(max_size=9), st.floats()), max_size=9))
def test_any_tokens_give_a_probability_or_none(text, given):
    made = [TokenLogprob(t, v, {t[:3]: v, " Yes": -v}) for t, v in given]
    for whole in (text, f"{text}{ASK} Yes", None):
        p = p_yes_at_verdict(made, whole)
        assert p is None or 0 <= p <= 1


@pytest.mark.parametrize("unit", ["Yes", "No ", "a", " ", "e" * 60, "sey", "s", "é"])
def test_reading_takes_time_linear_in_text_and_tokens(unit):
    def seconds(number):
        made = [TokenLogprob(unit, -0.1, {" Yes": -0.1})] * number
        text = f"{ASK} Yes{unit * number}"
        started = time.process_time()
        p_yes_at_verdict(made, text)
        p_yes_at_verdict(made, f"{ASK} Yes")
        return time.process_time() - started

    small = min(seconds(2_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(2)) < 40 * small + 0.05
