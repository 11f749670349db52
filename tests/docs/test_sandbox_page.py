"""The page on the sandbox, run to the letter."""

import asyncio
import re
from pathlib import Path

import pytest

from ttc.sandbox import NoIsolation
from ttc.sandbox.choosing import settled

PAGE = Path(__file__).parents[2] / "docs/reference/sandbox.md"


def test_the_pages_code_says_what_it_says(capsys):
    try:
        asyncio.run(settled())
    except NoIsolation as error:
        pytest.skip(str(error))
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    exec(compile(block, str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "exit 0 3\n\noutput\n"
