import getpass
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ttc.core import ModelIdentity
from ttc.errors import DataError
from ttc.store.manifest import (
    MANIFEST_FORMAT,
    Choices,
    Manifest,
    Model,
    hash_recipe,
    read_manifest,
)
from ttc.store.provenance import git_commit, git_dirty


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "manifest.json"
    made = Manifest(recipe_name="r", run_id="1", git_commit=None)
    made.write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_a_manifest_comes_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    identity = ModelIdentity("nano", "nano-solver", revision="ab", facts={"parameters": 5})
    made = Manifest(
        recipe_name="r",
        recipe={"sampler": {"n": 4}},
        run_id="1",
        seed=3,
        models={"solver": Model.of(identity)},
        ledger={"tokens": {"solution": 12}},
        choices=Choices.model_validate({"score_mode": "binary", "alpha": 0.5}),
    )
    made.write(path)
    assert read_manifest(path) == made
    assert made.status == "interrupted"  # until somebody says otherwise
    assert read_manifest(path).choices.model_dump()["alpha"] == 0.5


def test_unknown_keys_of_a_neighbouring_version_are_dropped(tmp_path: Path) -> None:
    assert read_manifest(written(tmp_path, colour="green")).recipe_name == "r"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": MANIFEST_FORMAT + 1}, "newer than this ttc"),
        ({"format": "one"}, "damaged: format is 'one'"),
        ({"kind": "something"}, "not written by ttc"),
        ({"status": "done"}, "damaged: status"),
        ({"models": {"solver": {"backend": "x"}}}, r"damaged: models.solver.model"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_manifest(written(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b""])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DataError, match="damaged: not JSON"):
        read_manifest(tmp_path / "manifest.json")


def test_a_list_is_no_manifest_and_nothing_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no run"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(DataError, match="not written by ttc"):
        read_manifest(tmp_path / "manifest.json")


def test_a_failed_write_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(DataError, match="no space left"):
        Manifest(recipe_name="other", run_id="2").write(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_it_names_no_user_and_no_machine(tmp_path: Path) -> None:
    text = written(tmp_path).read_text()
    host = json.loads(text)["host"]
    usual = {"system", "machine", "python_implementation", "cpus"}
    assert usual <= set(host) <= usual | {"processor", "memory_gib"}
    assert platform.node() not in host.values()
    assert getpass.getuser() not in host.values()
    assert str(Path.cwd()) not in text


def test_the_recipe_hash_ignores_the_order_of_keys_only() -> None:
    assert hash_recipe({"a": 1, "b": [1, 2]}) == hash_recipe({"b": [1, 2], "a": 1})
    assert hash_recipe({"b": [1, 2]}) != hash_recipe({"b": [2, 1]})


def test_git_commit_with_and_without_a_repository(tmp_path: Path) -> None:
    assert git_commit(tmp_path) is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert git_commit(tmp_path) is None  # no commit yet
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    command = ["git", *who, "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert len(git_commit(tmp_path) or "") == 40
    assert git_dirty(tmp_path) is False
    (tmp_path / "notes").write_text("not tracked")
    assert git_dirty(tmp_path) is False
    subprocess.run(["git", "add", "notes"], cwd=tmp_path, check=True)
    assert git_dirty(tmp_path) is True


def test_every_try_is_kept_with_its_start_and_end(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    first = Manifest(recipe_name="r", run_id="1")
    first.begin_try()
    first.write(path)  # killed: nothing more was written
    second = Manifest(recipe_name="r", run_id="1")
    second.begin_try(read_manifest(path))
    second.end_try("failed", "no such model")
    second.write(path)
    third = Manifest(recipe_name="r", run_id="1")
    third.begin_try(read_manifest(path))
    third.end_try("complete")
    third.write(path)
    last = read_manifest(path)
    assert [t.status for t in last.tries] == ["killed", "failed", "complete"]
    assert [t.ended is None for t in last.tries] == [True, False, False]
    assert last.started == first.started
    assert last.ended == last.tries[-1].ended
    assert last.tries[1].error == "no such model"
    assert all(t.host and t.git_commit == last.git_commit for t in last.tries)


def test_secrets_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "12345678")
    path = tmp_path / "manifest.json"
    recipe = {"extra_body": {"key": "12345678"}, "url": "http://h/?api_key=abc", "n": 12345678}
    Manifest(recipe_name="r", run_id="1", recipe=recipe, note="say 12345678").write(path)
    stored = read_manifest(path)
    assert stored.recipe["extra_body"] == {"key": "[hidden]"}
    assert stored.recipe["url"] == "http://h/?api_key=[hidden]"
    assert stored.recipe["n"] == 12345678  # a number is no key, and the file stays JSON
    assert stored.note == "say [hidden]"
