"""Pages followed to the letter."""

from __future__ import annotations

import re
import shlex

import pytest
from processes import ttc


@pytest.fixture
def follow(tmp_path):
    """Run each line of a page's shell blocks in `tmp_path`; what they print, joined."""

    def followed(page: str) -> str:
        shown = ""
        blocks = re.findall(r"```sh\n(.*?)```", page, re.S)
        assert blocks
        for line in "".join(blocks).splitlines():
            program, *words = shlex.split(line, comments=True)
            assert program == "ttc"
            done = ttc(tmp_path, *words, timeout=180)
            assert done.returncode == 0, done.stdout + done.stderr
            shown += done.stdout
        return shown

    return followed
