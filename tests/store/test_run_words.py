"""What a run is called in commands: short, and never another run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder, find_run
from ttc.store.run_words import shortest_word

ROOT = Path("results")


def add(path: Path, day: int = 1) -> RunFolder:
    run = RunFolder(path)
    names = {"recipe_name": run.recipe_name, "run_id": run.run_id}
    started = datetime(2026, 1, day, tzinfo=UTC)
    Manifest(**names, started=started, status="complete", git_commit=None).write(run.manifest_path)
    return run


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_recipes_only_run_goes_by_the_recipes_name() -> None:
    assert shortest_word(add(ROOT / "cold" / "s0-a4543b93")) == "cold"


def test_of_several_each_has_its_id_the_latest_too() -> None:
    runs = [add(ROOT / "cold" / name, day) for day, name in enumerate(("s0-aa", "s1-bb"), 1)]
    assert [shortest_word(run) for run in runs] == ["cold/s0-aa", "cold/s1-bb"]


def test_a_run_right_below_the_results_goes_by_its_folder() -> None:
    assert shortest_word(add(ROOT / "mine")) == "mine"


def test_what_lies_elsewhere_goes_by_its_path() -> None:
    one, other = add(Path("other/cold/s0-aa")), add(Path("other/hot/s0-bb"))
    add(Path("other/hot/s0-cc"), 2)
    assert shortest_word(one) == "other/cold"
    assert shortest_word(other) == "other/hot/s0-bb"


def test_a_folder_of_the_same_name_takes_the_word_away() -> None:
    """A path in front of the person comes before names of recipes."""
    run = add(ROOT / "cold" / "s0-aa")
    add(Path("cold/s0-bb"))
    word = shortest_word(run)
    assert word == "cold/s0-aa"
    assert find_run(word).path.resolve() == run.path.resolve()
