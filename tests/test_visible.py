"""Foreign text: shown, never obeyed."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.visible import visible, visible_json, visible_line

# Signs of category Cf that are seen, as they stand in front of digits.
SEEN = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD}


def test_every_character_that_controls_or_hides_is_written_out():
    for code in range(0x110000):
        char = chr(code)
        hides = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in "\n\t"
        if hides and code not in {*SEEN, 0x110CD}:
            assert visible(char) != char, hex(code)
            assert visible(char).isascii()


@pytest.mark.parametrize(
    "text",
    [
        "a line\n\tand another, 1:100:3",
        "∀x ∈ ℝ: x² ≥ 0, ∑ᵢ aᵢ, 𝑓(𝑥) = √2 ± ½, e\u0301 é, x\u20d7",
        "\u0915\u094d\u200d\u0937 \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3",
        "\U0001f3f3\ufe0f\u200d\U0001f308 \u845b\U000e0100",
        "[red]not markup[/] \\[x] \\x1b",
        "עברית و العربية 日本語",
    ],
)
def test_what_people_and_models_write_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb", "a\\rb"),
        ("a\r\nb", "a\nb"),
        ("\x9b\x7f\b", "\\x9b\\x7f\\x08"),
        ("4\u200d2\u200c", "4\\u200d2\\u200c"),
        ("x\ufe0f\ufe0f", "x\ufe0f\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_hidden_is_shown(text, shown):
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_nothing_is_left_to_hide_and_no_line_becomes_two(text):
    assert visible(visible(text)) == visible(text)
    assert len(visible_line(text).splitlines()) <= 1
    visible(text).encode()


@given(st.recursive(st.text(max_size=20), lambda inner: st.lists(inner, max_size=4)))
def test_json_is_the_same_data_without_a_control_character(value):
    text = visible_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert visible(text) == text


def test_the_time_grows_with_the_text_and_no_faster():
    from time import perf_counter

    def seconds(size: int) -> float:
        text = "\u200d\ufe0f\x1b" * size
        best = 1e9
        for _ in range(3):
            start = perf_counter()
            visible(text)
            best = min(best, perf_counter() - start)
        return best

    assert seconds(80_000) < 25 * seconds(10_000)
