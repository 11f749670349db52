"""The page on batch mode, followed to the letter."""

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/batch-mode.md"
PORT = "8000"


def test_the_pages_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    (served,) = re.findall(r"```\n(ttc serve-model .*?)```", text, re.S)
    server = [sys.executable, "-m", *shlex.split(served.replace(PORT, "0"))]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        port = json.loads(process.stdout.readline())["url"].removesuffix("/v1").rpartition(":")[2]
        (recipe,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
        (tmp_path / "waiting.yaml").write_text(recipe.replace(PORT, port))
        shown = follow(text.replace(PORT, port))
        process.send_signal(signal.SIGINT)
    assert "the server offers batches" in shown
    assert "no batch waits at a provider" in shown
    (manifest,) = tmp_path.glob("results/waiting/*/manifest.json")
    assert json.loads(manifest.read_text())["models"]["solver"]["facts"]["mode"] == "batch"
