"""The page on prompts, followed to the letter."""

import re
from pathlib import Path

import yaml

from ttc.prompts import PromptTemplate

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-prompt.md"


def test_the_pages_prompts_and_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.S)
    names = ("by-level.yaml", "answer-only.yaml", None, "own.yaml")
    for name, block in zip(names, blocks, strict=True):
        if name is None:
            assert PromptTemplate.model_validate(yaml.safe_load(block)).is_chat
        else:
            assert f"`{name}`" in text
            (tmp_path / name).write_text(block)
    shown = follow(text)
    assert "genrm-base" in shown
    assert "best_of_n" in shown
