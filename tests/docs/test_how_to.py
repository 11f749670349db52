"""The how-to pages followed to the letter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs/how-to"


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.S)


def followed(folder, page, name, *words, recipe=0):
    """What a run of one of the page's recipes prints, with the page's code as a plug-in."""
    package = folder / f"ttc_{name}"
    info = folder / f"ttc_{name}-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("".join(blocks(page, "python")))
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ttc-{name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[ttc.plugins]\n{name} = ttc_{name}\n")
    (folder / "own.yaml").write_text(blocks(page, "yaml")[recipe])
    done = subprocess.run(
        [sys.executable, "-m", "ttc", "run", "own.yaml", "--plain", *words],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "name", "shown"),
    [
        ("add-a-verifier", "brevity", "best_of_n (brevity)"),
        ("add-a-sampler", "until_agreed", "majority"),
        ("add-a-policy", "shortest_vote", "shortest_vote(share=0.25)"),
    ],
)
def test_the_page_adds_a_part_that_a_recipe_can_use(tmp_path, page, name, shown):
    assert shown in followed(tmp_path, page, name)


@pytest.mark.slow
def test_the_page_s_test_of_its_verifier_passes(tmp_path):
    followed(tmp_path, "add-a-verifier", "brevity")
    (tmp_path / "test_brevity.py").write_text("".join(blocks("add-a-verifier", "py")))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_brevity.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_the_page_s_critic_and_prompts(tmp_path):
    assert "answer" in followed(tmp_path, "add-a-sampler", "restart", recipe=1)


@pytest.mark.slow
def test_the_pages_rule_stops_live_and_on_a_pool(tmp_path):
    sampler = "sampler={type: adaptive, rule: two_alike, most: 6}"
    words = ("--set", sampler, "--set", "policies=[two_alike]")
    assert "two_alike" in followed(tmp_path, "add-a-policy", "shortest_vote", *words)


@pytest.mark.parametrize("page", ["add-a-policy", "add-a-sampler", "add-a-verifier"])
def test_a_part_is_short(page):
    for text in blocks(page, "python"):
        code = text[
            text.index("\n\n\n") :
        ]  # what is imported is no measure of what is to be thought
        assert sum(bool(line.strip()) for line in code.splitlines()) < 40
