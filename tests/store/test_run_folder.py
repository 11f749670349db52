import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ttc.errors import DataError
from ttc.store import run_folder as run_folder_module
from ttc.store.manifest import Manifest, Status
from ttc.store.run_folder import RunFolder, find_matching, find_run, list_runs, run_folder
from ttc.store.sweeps import SweepState


def add(root: Path, recipe: str, run_id: str, day: int, status: Status = "complete") -> RunFolder:
    run = run_folder(root, recipe, run_id)
    started = datetime(2026, 1, day, tzinfo=UTC)
    made = Manifest(
        recipe_name=recipe, run_id=run_id, started=started, status=status, git_commit=None
    )
    made.write(run.manifest_path)
    return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    results = tmp_path / "results"
    add(results, "quickstart", "aa11", 3)
    add(results, "quickstart", "ab22", 2)
    add(results, "genrm", "ab33", 1)
    return results


def test_runs_are_listed_oldest_first(root: Path) -> None:
    names = [run.name for run in list_runs(root)]
    assert names == ["genrm/ab33", "quickstart/ab22", "quickstart/aa11"]
    assert list_runs(root / "nowhere") == []


def test_a_run_in_the_making_is_not_listed(root: Path) -> None:
    add(root, "quickstart", ".cc44.import", 9)
    assert len(list_runs(root)) == 3


def test_a_run_that_goes_away_meanwhile_is_not_listed(root: Path, monkeypatch) -> None:
    gone, look = root / "genrm", os.scandir

    def too_late(path):
        if isinstance(path, str | Path) and Path(path) == gone and gone.exists():
            shutil.rmtree(gone)
        return look(path)

    monkeypatch.setattr(os, "scandir", too_late)
    assert [run.run_id for run in list_runs(root)] == ["ab22", "aa11"]
    assert not gone.exists()


@pytest.mark.parametrize("looks", range(5))
def test_a_run_that_begins_meanwhile_is_found_or_is_not_there(tmp_path, monkeypatch, looks) -> None:
    """Its name is asked for before it is there, as `ttc run` does for lengths of samples."""
    made = []

    def meanwhile(folder, **options):
        made.append(folder)
        if len(made) == looks:
            add(tmp_path, "quickstart", "aa11", 1)
        return list_runs(folder, **options)

    monkeypatch.setattr(run_folder_module, "list_runs", meanwhile)
    try:
        found = find_run("quickstart", tmp_path).run_id
    except DataError as error:
        found = str(error)
    assert found == "aa11" or "no run 'quickstart'" in found


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("quickstart", "quickstart/aa11"),
        ("genrm", "genrm/ab33"),
        ("aa", "quickstart/aa11"),
        ("ab3", "genrm/ab33"),
        ("quickstart/ab22", "quickstart/ab22"),
        ("quickstart/ab", "quickstart/ab22"),
        ("genrm/ab33/manifest.json", "genrm/ab33"),
    ],
)
def test_a_run_is_found_by_what_people_type(root: Path, reference: str, name: str) -> None:
    assert find_run(reference, root).name == name


def test_a_folder_of_runs_means_its_latest(root: Path) -> None:
    assert find_run(root / "quickstart").name == "quickstart/aa11"
    assert find_run(root / "quickstart" / "ab22").name == "quickstart/ab22"
    assert find_run(root / "quickstart" / "ab22" / "manifest.json").name == "quickstart/ab22"


def test_a_try_that_failed_at_once_does_not_hide_the_run_before_it(root: Path) -> None:
    whole = find_run("quickstart/ab22", root)
    whole.problems.touch()
    whole.solutions.touch()
    assert find_run("quickstart", root) == whole
    assert find_run("quickstart", root, begun=True).run_id == "aa11"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("quickstrat", "did you mean quickstart"),
        ("ab", "fits 2 runs: genrm/ab33, quickstart/ab22"),
        ("bb22", "did you mean quickstart/ab22"),
        ("genrm/aa", "no run 'genrm/aa'"),
        ("zzzzzzzz", "has quickstart/aa11, quickstart/ab22, genrm/ab33"),
        ("", "no run ''"),
    ],
)
def test_near_candidates_are_named(root: Path, reference: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_run(reference, root)


def test_no_runs_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are no runs in"):
        find_run("quickstart", tmp_path / "results")


def test_a_damaged_manifest_does_not_hide_the_others(root: Path) -> None:
    (root / "genrm" / "ab33" / "manifest.json").write_text("{")
    assert len(list_runs(root)) == 3
    assert find_run("quickstart", root).run_id == "aa11"


def test_existing_complete_and_missing(root: Path) -> None:
    run = find_run("genrm", root)
    assert run.exists()
    assert not run.complete()
    for path in (run.problems, run.solutions):
        path.write_bytes(b"PAR1 data, footer \x07\0\0\0PAR1")
    assert run.complete()
    add(root, "genrm", "ab33", 1, "interrupted")
    assert not run.complete()
    assert not RunFolder(root / "nothing").exists()


def test_a_star_stands_for_any_part_of_a_recipes_name(make_run, tmp_path):
    for name in ("verifiers-prm", "verifiers-genrm", "quickstart"):
        make_run([[0]], [0], recipe=name)
    root = tmp_path / "results"
    found = find_matching(["verifiers-*", "verifiers-prm"], root)
    assert [run.recipe_name for run in found] == ["verifiers-genrm", "verifiers-prm"]
    with pytest.raises(DataError, match=r"called 'judges-\*'"):
        find_matching(["judges-*"], root)


def test_a_sweep_in_a_runs_place_is_said_to_be_one(root: Path) -> None:
    SweepState(name="temps").write(root / "sweeps" / "temps")
    with pytest.raises(DataError, match=r"temps is a sweep.*ttc sweep temps --resume --dry-run"):
        find_run("temps", root)
