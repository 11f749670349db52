"""The page on importing, followed to the letter."""

import re
import shutil
from pathlib import Path

import pytest

LOGS = Path(__file__).parents[1] / "data"
NAMED = {
    "samples_sums.jsonl": "lm_eval/samples_nano_sums.jsonl",
    "sums.eval": "inspect/sums.eval",
    "sums.json": "inspect/sums.json",
    "details_sums.parquet": "lighteval/details_nano_four.parquet",
    "best_of_n_completions.jsonl": "search_and_learn/best_of_n_completions.jsonl",
    "best_of_n_completions.parquet": "search_and_learn/best_of_n_completions.parquet",
}
PAGE = Path(__file__).parents[2] / "docs/how-to/import-samples.md"


@pytest.mark.slow
def test_the_pages_samples_import_and_its_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    (samples,) = re.findall(r"```json\n(.*?)```", text, re.S)
    (tmp_path / "samples.jsonl").write_text(samples)
    for name, log in NAMED.items():
        shutil.copyfile(LOGS / log, tmp_path / name)
    shown = follow(text)
    assert "we say wrong, the label right: product (1 solution)" in shown
    assert "DISAGREEMENT" in shown
