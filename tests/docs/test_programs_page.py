"""The page on programs, followed to the letter."""

import asyncio
import re
from pathlib import Path

import pytest

from ttc.recipe import parse_recipe
from ttc.sandbox import NoIsolation
from ttc.sandbox.choosing import settled
from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame

PAGE = Path(__file__).parents[2] / "docs/how-to/test-programs.md"


def test_hidden_tests_grade_the_pages_programs(tmp_path, follow):
    try:
        asyncio.run(settled())
    except NoIsolation as error:
        pytest.skip(str(error))
    text = PAGE.read_text(encoding="utf-8")
    (samples,) = re.findall(r"```json\n(.*?)```\n\n```sh", text, re.S)
    (tmp_path / "programs.jsonl").write_text(samples)
    follow(text)
    table = read_frame(find_run("programs", tmp_path / "results").solutions, "solutions")
    assert table["correct"].tolist() == [True, True, False, True, False, False]


def test_the_pages_recipe_is_valid(tmp_path, monkeypatch):
    (recipe,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    row = '{"question": "q", "hidden": "assert f()", "tests": ["assert f()"], "entry_point": "f"}\n'
    (tmp_path / "problems.jsonl").write_text(row)
    monkeypatch.chdir(tmp_path)
    parsed = parse_recipe(recipe)
    assert parsed.answer_rule.equivalence == "code"
    (problem,) = parsed.dataset.load()
    assert problem.metadata == {"tests": ["assert f()"], "entry_point": "f"}
