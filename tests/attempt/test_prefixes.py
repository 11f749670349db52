"""What a prompt repeats of an earlier sample, and so need not be paid for again."""

import pytest

from ttc.attempt.prefixes import Opening, repeated
from ttc.core import Completion, Message, Passage, Prompt

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
    assert repeated(then, Opening.of(first), DONE) == tokens


def test_an_empty_sample_is_repeated_by_whoever_repeats_its_prompt():
    nothing = Completion("", "stop", 10, 1)
    assert repeated(Prompt(text="Q: more"), Opening.of(Prompt(text="Q: ")), nothing) == 11
    assert repeated(Prompt(text="R: more"), Opening.of(Prompt(text="Q: ")), nothing) == 0
