"""What of a text is thinking, as models mark it, and as they forget to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.thinking import after_thinking, opening_mark, visible_span

VISIBLE = [
    ("<think>is it 3?</think> It is 4.", " It is 4."),
    ("is it 3?</think> It is 4.", " It is 4."),
    ("<think>a</think>b<think>c</think>d", "d"),
    ("<think>3</think> 4 <think>or 5", None),
    ("<think>is it 3", None),
    ("[THINK]3[/THINK]4", "4"),
    ("<|channel|>analysis<|message|>3<|channel|>final<|message|>4", "4"),
    ("plain", "plain"),
    ("", ""),
    # A slip at the end hides nothing; a thought that the prompt opened stays a thought.
    ("<think>x</think>7</think>", "7"),
    ("<think>x</think>7</think>\n", "7"),
    ("x</think>7</think>", "7"),
    ("<think>x</think>7</think>8", "8"),
    ("x</think>", ""),
    ("<think>x</think>\n", "\n"),
    ("7<think>is that so?</think>", "7"),
    ("<think>a</think>7<think>sure?</think>\n", "7"),
    # A thought inside a thought.
    ("<think>a<think>b</think>c</think>d", "d"),
    ("<think><think>b</think>c", "c"),
    ("<think>a<think>b</think>c</think>", ""),
    ("<think>a<reflection>b</reflection>c", None),
    ("<think>a<reflection>b</reflection>c</think>d", "d"),
    ("<think>a<reflection>b</think>d", "d"),
    ("<thinking>a<thought>b</thought>c", None),
    ("<think>the </reasoning> tag</think>d", "d"),
    # Marks that are spoken of.
    ("Put it in `<think>` tags: 7", "Put it in `<think>` tags: 7"),
    ('<think>I end with "</think>" and 3', None),
    ("<think>I end with `</think>` and 3</think>7", "7"),
    ("no <thinker> and <b>7</b>", "no <thinker> and <b>7</b>"),
    ("x < think and y > 3", "x < think and y > 3"),
    ("x < reason and y > 3", "x < reason and y > 3"),
    ("<no_think>7", "<no_think>7"),
    # An empty tag.
    ("<think/>7", "<think/>7"),
    ("<think>a<think/>7", "7"),
    # Channels.
    ("<|channel|>analysis<|message|>3<|end|><|start|>assistant<|channel|>final<|message|>4", "4"),
    ("<|channel|>analysis<|message|>3<|end|><|start|>assistant<|message|>4", "4"),
    ("<|channel|>analysis<|message|>3<|end|>4", "4"),
    ("<|channel|>analysis<|message|>3", None),
    ("<|channel|>analysis<|message|>3<|end|><|start|>assistant<|channel|>analysis", None),
    ("<|channel|>commentary<|message|>3<|end|><|start|>assistant<|channel|>final<|message|>4", "4"),
    ("<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>4", "4"),
    ("analysisWe need 3.assistantfinal4", "4"),
    ("analysisWe need 3. assistantcommentaryHm", None),
    ("analysis: 3", "analysis: 3"),
    ("<|channel>thought\n3<channel|>4", "4"),
    ("<|im_start|>think\n3\n<|im_start|>answer\n4", "\n4"),
    ("<|think|>3<|end|><|begin|>assistant<|content|>4", "4"),
    ("text of Phi<|end|>", "text of Phi<|end|>"),
    ("Here is my thought process: 3. Here is my response: 4", " 4"),
    ("Here's my thought process: 3.", None),
    ("So, here is my response: 4", "So, here is my response: 4"),
]


@pytest.mark.parametrize(("text", "visible"), VISIBLE)
def test_what_is_visible(text: str, visible: str | None) -> None:
    assert after_thinking(text) == visible


PAIRS = [
    ("<think>", "</think>"),
    ("<THINK>", "</Think>"),
    ("< think >", "< / think >"),
    ('<think depth="2" mode=fast>', "</think >"),
    ("<thinking>", "</thinking>"),
    ("<thinking>", "</think>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reason>", "</reason>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<chain_of_thought>", "</chain_of_thought>"),
    ("<inner_monologue>", "</inner_monologue>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<thinking>", "</thinking>"),
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|think|>", "<|/think|>"),
    ("<unused94>thought", "<unused95>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
    (r"\u003cthink\u003e", r"\u003c/think\u003e"),
    (r"\<think\>", r"\</think\>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
]


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_every_way_to_mark_a_thought(opening: str, closing: str) -> None:
    assert after_thinking(f"{opening}It is 5.\n{closing}It is 7.") == "It is 7."
    assert after_thinking(f"It is 5.\n{closing}It is 7.") == "It is 7."
    assert after_thinking(f"{opening}It is 5.") is None
    assert after_thinking(f"{opening}a{closing}It is 7.{opening}It is 5.") is None
    assert after_thinking(f"{opening}a{closing}It is 7.{closing}") == "It is 7."
    assert opening_mark(f"A question{opening}\n") == opening
    assert opening_mark(f"A question{opening}a{closing}") == ""
    assert opening_mark(f"A question{opening} a solution") == ""


marked = st.lists(
    st.one_of(st.sampled_from([mark for pair in PAIRS for mark in pair]), st.text(max_size=9))
).map("".join)


@given(marked)
def test_what_is_visible_is_a_stretch_of_the_text(text: str) -> None:
    span, visible = visible_span(text), after_thinking(text)
    assert (span is None) == (visible is None)
    if span is not None:
        assert 0 <= span[0] <= span[1] <= len(text)
        assert text[span[0] : span[1]] == visible


@given(st.sampled_from(PAIRS), marked, st.text("ab 7.\n", min_size=1).filter(str.strip))
def test_an_answer_behind_a_thought_is_visible(
    pair: tuple[str, str], before: str, answer: str
) -> None:
    if before.startswith("Here"):
        return
    seen = after_thinking(f"<think>{before}</think></think>{pair[0]}5{pair[1]}{answer}")
    assert seen is None or seen.endswith(answer)


@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<think", "<think ", "<think>", "</think>", "<think/>", "<think a=b", "[THINK]"),
        *("<|channel|>", "<|channel|>analysis", "<|channel|>final", "<|end|>", "<|start|>"),
        *("&lt;", "think", "a.b", "assistantfinal", " ", '<think a="', "`<think>`", "◁"),
    ],
)
def test_reading_takes_time_linear_in_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.process_time()
        visible_span(text)
        return time.process_time() - started

    small = min(seconds(50_000) for _ in range(3))
    assert min(seconds(400_000) for _ in range(3)) < 40 * small + 0.05


def test_thoughts_of_ever_new_names_take_linear_time() -> None:
    def seconds(number: int) -> float:
        text = "".join(f"<think_{i:06d}>" for i in range(number))
        started = time.process_time()
        visible_span(text)
        return time.process_time() - started

    assert seconds(40_000) < 40 * seconds(5_000) + 0.05
