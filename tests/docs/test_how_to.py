"""The how-to pages followed to the letter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs/how-to"


@pytest.mark.parametrize(
    ("page", "name", "shown"),
    [
        ("add-a-verifier", "brevity", "best_of_n (brevity)"),
        ("add-a-sampler", "until_agreed", "majority"),
    ],
)
def test_the_page_adds_a_part_that_a_recipe_can_use(tmp_path, page, name, shown):
    python, recipe = re.findall(r"```\w+\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.S)
    package = tmp_path / f"ttc_{name}"
    info = tmp_path / f"ttc_{name}-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(python)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ttc-{name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[ttc.plugins]\n{name} = ttc_{name}\n")
    (tmp_path / "own.yaml").write_text(recipe)
    done = subprocess.run(
        [sys.executable, "-m", "ttc", "run", "own.yaml", "--plain"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
