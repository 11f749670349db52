"""What a prompt repeats of an earlier sample, and so need not be paid for again."""

import pytest

from ttc.attempt import prefixes
from ttc.attempt.prefixes import Opening, plain_text
from ttc.core import Completion, Message, Passage, Prompt


def repeated(then: Prompt, first: Prompt, done: Completion) -> int:
    return prefixes.repeated(plain_text(then), Opening.of(plain_text(first)), done)


CHAT = (Message("user", "What is 2 + 2?"),)
DONE = Completion("It is 4.", "stop", 10, 4)


def chat(*turns: tuple[str, str], prefill: str = "") -> Prompt:
    return Prompt((*CHAT, *(Message(role, text) for role, text in turns)), prefill=prefill)


@pytest.mark.parametrize(
    ("first", "then", "tokens"),
    [
        (Prompt(text="Q: "), Prompt(text="Q: It is 4. Then"), 14),
        (Prompt(text="Q: "), Prompt(text="Q: ", prefill="It is 4."), 14),
        (Prompt(text="Q: ", prefill="A"), Prompt(text="Q: AIt is 4."), 14),
        (Prompt(text="Q: "), Prompt(text="Q: It i"), 12),
        (Prompt(text="Q: "), Prompt(text="Q: It was 4."), 11),
        (Prompt(text="Q: "), Prompt(text="Q: So. It is 4."), 10),
        (Prompt(text="Q: "), Prompt(text="An earlier try: It is 4. Q: "), 0),
        (Prompt(text="Q: "), Prompt(text="Q:"), 0),
        (chat(), chat(prefill="It is 4. So"), 14),
        (chat(), chat(("assistant", "It is 4."), ("user", "Sure?")), 14),
        (chat(), chat(("assistant", "No."), ("user", "Sure?")), 10),
        (chat(prefill="Well: "), chat(("assistant", "Well: It is 4."), ("user", "Sure?")), 14),
        (chat(), Prompt((Message("system", "Be brief."), *CHAT)), 0),
        (chat(), Prompt(text="What is 2 + 2?It is 4."), 0),
        (Prompt(text="Q: "), Passage(text="Q: ", steps=("It is ", "4.")), 14),
    ],
)
def test_tokens_at_the_beginning_that_were_there(first, then, tokens):
    assert repeated(then, first, DONE) == tokens


def test_what_its_text_does_not_show_is_not_repeated():
    """A served model's thoughts count as tokens, and stand in no later prompt."""
    first, then = Prompt(text="Q: "), Prompt(text="Q: It is 4. And more, and more.")
    thoughtful = Completion("It is 4.", "stop", 10, 5000)
    assert repeated(then, first, thoughtful) == 10 + len("It is 4.")
    cut_off = Completion("", "length", 10, 4096)
    assert repeated(then, first, cut_off) == 10
    assert repeated(Prompt(text="R: "), first, cut_off) == 0


def test_the_text_that_stopped_a_sample_is_part_of_it():
    line = Completion("It is 4.", "stop", 10, 9, stopped_by="\n")
    first = Prompt(text="Q: ")
    assert repeated(Prompt(text="Q: It is 4.\nSo"), first, line) == 19
    assert repeated(Prompt(text="Q: It is 4. So"), first, line) == 18
