"""Pages followed to the letter."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys

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


@pytest.fixture
def follow_beside_a_server(tmp_path, follow):
    """Follow a page that has a model served at port 8000, here at a free one; its recipe is saved
    under a name.
    """

    def followed(page: str, name: str) -> str:
        (served,) = re.findall(r"```\n(ttc serve-model .*?)```", page, re.S)
        server = [sys.executable, "-m", *shlex.split(served.replace("8000", "0"))]
        with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
            url = json.loads(process.stdout.readline())["url"]
            port = url.removesuffix("/v1").rpartition(":")[2]
            (recipe,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
            (tmp_path / name).write_text(recipe.replace("8000", port))
            shown = follow(page.replace("8000", port))
            process.send_signal(signal.SIGINT)
        return shown

    return followed
