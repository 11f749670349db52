"""Verdicts are found whatever markup stands around them, and only where one is given."""

from __future__ import annotations

import time
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.verdicts import find_verdict, parse_verdict

ASK = "Is the answer correct (Yes/No)?"

DRESSED = [
    *("{}", "[{}]", '"{}"', "“{}”", "'{}'", "‘{}’", "«{}»", "({})", "{{{}}}", "【{}】", "「{}」"),
    *("**{}**", "__{}__", "_{}_", "*{}*", "`{}`", "```\n{}\n```", "||{}||", "# {}", "> {}"),
    *("$ {} $", "${}$", r"\boxed{{{}}}", r"\text{{{}}}", r"\textbf{{{}}}", r"\mathrm{{{}}}"),
    *(r"$\boxed{{\text{{{}}}}}$", r"\(\boxed{{{}}}\)", r"\[ \text{{{}}} \]", r"{{\bf {}}}"),
    *("<b>{}</b>", "<answer>{}</answer>", '<span style="color: red">{}</span>', "<br/>{}"),
    *("&nbsp;{}", "&quot;{}&quot;", ": {}", "- {}", "-> {}", "→ {}", "✅ {}", "= {}", "... {}"),
    *("\n{}", "\n\n{}", "\r\n{}", "\t{}", "\u00a0{}", "\u3000{}", "\u200b{}", "\ufeff{}"),
    *("\u202a{}\u202c", "\u2060{}", "{}\u200b", "{}\ufe0f", r"\n{}", "Yes/No: {}", "[Yes/No] {}"),
    *("(yes or no) {}", "Answer: {}", "**Answer:** {}", "Final answer: {}", "Verdict - {}"),
]
BEHIND = [
    *("", ".", "!", ",", ";", "\n", "</s>", " ✅", ")", " (18)", ". No errors found.", "."),
    *(" — all steps check out.", ". Yes/No is asked.", ", because 3 or 4 fits.", "\n\nProblem: x"),
    *(
        " (no errors)",
        ". The answer is 18.",
        "\nNo further checks.",
        " and no step is wrong.",
        " | No errors |",
    ),
    *("\nI say yes, not no, to that.", ". Nothing is left.", ", yesterday's too"),
]
WORDS = [("Yes", True), ("yes", True), ("YES", True), ("No", False), ("no", False), ("NO", False)]


@pytest.mark.parametrize("dressed", DRESSED)
@pytest.mark.parametrize(("word", "says"), WORDS[::3])
def test_markup_around_a_verdict_changes_nothing(dressed, word, says):
    text = f"2+2=4.\n{ASK} {dressed.format(word)}"
    found = find_verdict(text)
    assert found is not None
    assert found.says is says
    assert text[found.start : found.end] == word


@settings(max_examples=300)
@given(st.sampled_from(DRESSED), st.sampled_from(DRESSED), st.sampled_from(BEHIND), st.data())
def test_markup_in_markup_and_words_behind_change_nothing(outer, inner, behind, data):
    word, says = data.draw(st.sampled_from(WORDS))
    if not says and behind.startswith((" (no", " and no", " |")):
        behind = ""
    assert parse_verdict(f"{ASK}{outer.format(inner.format(word))}{behind}") is says


signs = st.text(st.characters(categories=("P", "S", "Z", "Cc", "Cf")), max_size=10).filter(
    lambda t: not set("&<\\") & set(t) and not any(c.isalnum() for c in normalize("NFKC", t))
)


@given(signs, signs, st.sampled_from(WORDS))
def test_only_letters_count(before, after, word):
    assert parse_verdict(f"{ASK}{before}{word[0]}{after}") is word[1]


@pytest.mark.parametrize(
    "ask",
    [
        "**Is the answer correct (Yes/No)?**",
        "*Is the answer correct* (Yes/No)?",
        "Is the **answer** correct (**Yes**/**No**)?",
        "Is the answer correct (Yes / No)?",
        "Is the answer correct (yes or no)?",
        "Is the answer correct (Yes, No)?",
        "Is the answer correct [Yes|No]:",
        "Is the answer correct? (Yes/No)",
        "Is the answer correct(Yes/No)?",
        'Is the answer correct ("Yes"/"No")?',
        "Is the answer correct （Yes／No）？",
        "Is\u00a0the answer\u200b correct (Yes/No)?",
        "Is the\nanswer correct\n(Yes/No)?",
        "IS THE ANSWER CORRECT (YES/NO)?",
        "Is the final answer correct (Yes/No)?",
        "Is the student's solution correct (Yes/No)?",
        r"\text{Is the answer correct (Yes/No)? }",
        "Verification: Is the solution correct (yes/no)?",
    ],
)
@pytest.mark.parametrize(("word", "says"), WORDS)
def test_the_question_in_other_dress(ask, word, says):
    assert parse_verdict(f"{ask} {word}") is says


@pytest.mark.parametrize(
    "words",
    [
        *("", "X", "Maybe", "N/A", "I think Yes", "So it is Yes", "Not sure", "Nope"),
        *("Yesterday", "Nothing", "None", "No-one", "No one", "Noé", "Yesno"),
        *("Yes/No", "[Yes/No]", "(Yes / No)", "Yes or No", "**Yes** or **No**", "Yes | No"),
        *("no/yes", "No or Yes", "Yes and No.", "Yes. No.", "Yes, no", "“Yes” or “No”"),
        *('Yes" or "No" in the end', "`Yes` or `No`"),
        f'Yes" or "{ASK} No"',
        f"Yes or Verification: {ASK} No",
        *("No errors found.", "No mistakes", "No arithmetic errors", "**No** issues here"),
    ],
)
def test_what_is_no_verdict(words):
    assert parse_verdict(f"{ASK} {words}") is None
    assert parse_verdict(f"{ASK} Yes\n{ASK} {words}") is True


@pytest.mark.parametrize(
    "line",
    [
        f'I end with "{ASK} Yes" if it is right.',
        f"I end with “Verification: {ASK} Yes” and nothing else.",
        f"The line is `{ASK} No` otherwise.",
    ],
)
def test_a_line_that_is_only_spoken_of(line):
    assert parse_verdict(line) is None
    assert parse_verdict(f"{line}\n\nVerification: {ASK} Yes") is True


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Status: [Correct]", True),
        ("**Status**: **correct**", True),
        (r"Status: \text{incorrect}", False),
        ("Status：Incorrect", False),
        ("Status:\ncorrect. No step is incorrect.", True),
        ("Assessment: not correct", False),
        ("Assessment: **Not** correct", False),
        ("Status: partially correct", None),
        ("Status: mostly correct", None),
        ("Status: not incorrect", None),
        ("Status: correct/incorrect", None),
        ("Status: [correct or incorrect]", None),
        ("Status: correctly done", None),
        ("Status: corrected", None),
        ("Substatus: correct", None),
        ("The status is correct", None),
        (f"Status: correct\n{ASK} No", False),
    ],
)
def test_the_other_form_of_verdicts(text, verdict):
    assert parse_verdict(text) is verdict


RESTATED = [
    f'I must end with "{ASK} Yes" or "{ASK} No".',
    f"The last line has to be: {ASK} Yes",
    f"{ASK} Yes. Wait, once more.",
]


@pytest.mark.parametrize("thought", RESTATED)
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>\n", "\n</think>\n\n"),
        ("<thinking>", "</thinking>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        ("<|channel|>commentary<|message|>", "<|channel|>final<|message|>"),
    ],
)
def test_thoughts_hold_no_verdicts(thought, opening, closing):
    assert parse_verdict(f"{opening}{thought}") is None
    assert parse_verdict(f"{opening}{thought}{closing}") is None
    assert parse_verdict(f"{opening}{thought}{closing}It is hard to say.") is None
    assert parse_verdict(f"{opening}{thought}{closing}{ASK} No") is False
    assert parse_verdict(f"{thought}{closing}{ASK} No") is False
    assert parse_verdict(f"{ASK} No{opening}{thought}") is None
    text = f"{opening}{thought}{closing}{ASK} Yes"
    found = find_verdict(text)
    assert found is not None
    assert (found.start, found.end) == (len(text) - 3, len(text))


def test_the_place_is_one_in_the_text_itself():
    text = f"½ \u200b℡ ﬁ\n{ASK} **Y\u200be\u2060s**."
    found = find_verdict(text)
    assert found is not None
    assert text[found.start : found.end] == "Y\u200be\u2060s"
    wide = find_verdict(f"{ASK}Ｎｏ。")
    assert wide is not None
    assert not wide.says
    assert (wide.start, wide.end) == (len(ASK), len(ASK) + 2)


@pytest.mark.parametrize(
    "unit",
    [
        *(ASK, f"{ASK} ", "is ", "is the ", "is the answer correct ", "<is>", "is<a>", "\\is"),
        *("status:", "status: ", f"{ASK}{'-' * 39}", "is the a a answer ", "&is;", "\u200b", "é"),
        *(f"{ASK} yes or ", f"<b {ASK[:-1]}>", f"status{'::' * 9}", "yes or no ", "<think>"),
        f"is the answer correct yes/no{'<aaaaaaaaaaaaaaaaaaaa>' * 39}",
    ],
)
def test_reading_takes_time_linear_in_the_text(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        started = time.process_time()
        find_verdict(text)
        return time.process_time() - started

    small = min(seconds(25_000) for _ in range(3))
    assert min(seconds(200_000) for _ in range(2)) < 40 * small + 0.05


def test_a_verdict_behind_a_written_out_newline_is_no_command():
    asked = "Is the answer correct (Yes/No)?"
    assert parse_verdict(rf"{asked}<answer>\nYes</answer>. No errors found.") is True
    assert parse_verdict(rf"{asked}<answer>\nNo</answer>. Yes, really.") is False
    assert parse_verdict(rf"{asked} \textbf{{Yes}}") is True
