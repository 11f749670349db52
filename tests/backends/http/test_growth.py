"""Every pattern that looks at a server's words takes time in proportion to their length."""

from __future__ import annotations

import re
import time

import pytest

from ttc import redact
from ttc.backends.common import foreign
from ttc.backends.http import error_body, refusals
from ttc.backends.litellm import client
from ttc.engine import failures

MODULES = (redact, foreign, error_body, client, refusals, failures)
PATTERNS = {
    f"{module.__name__}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, re.Pattern)
}
CHARACTERS = "<>{}[]()?&=a1.,:;-_\\$*/\"' \n\t@"


def units(pattern: re.Pattern[str]) -> set[str]:
    """Single characters, and the words of a pattern with what may follow them."""
    words = {w for w in re.findall(r"[\w /:-]{3,}", pattern.pattern) if not w.isspace()}
    return {*CHARACTERS, *(word + end for word in words for end in ("", " "))}


def seconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - began


@pytest.mark.parametrize("name", PATTERNS)
def test_twice_the_text_takes_about_twice_the_time(name):
    pattern = PATTERNS[name]
    for unit in sorted(units(pattern)):
        n = 2_000 // len(unit)
        if seconds(pattern, unit * n) < 0.002:  # so fast that it can't matter
            continue
        one, four = (min(seconds(pattern, unit * (k * n)) for _ in range(3)) for k in (1, 4))
        assert four < 8 * one, unit
