"""The page on importing, followed to the letter."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/import-samples.md"


def test_the_pages_samples_import_and_its_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    (samples,) = re.findall(r"```json\n(.*?)```", text, re.S)
    (tmp_path / "samples.jsonl").write_text(samples)
    shown = follow(text)
    assert "we say wrong, the label right: product (1 solution)" in shown
    assert "DISAGREEMENT" in shown
