"""Runs of ttc from elsewhere, as folder or zip archive; hostile ones are refused."""

import json
import shutil
import zipfile

import pytest
from processes import ttc

from ttc.errors import DataError
from ttc.importing import default_name, import_pool, preview
from ttc.store.run_folder import RunFolder

ROW = {
    "problem_id": "a",
    "answer": "2",
    "solutions": [{"text": "2", "verifications": [{"score": 0.5}]}, "3"],
}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "mine.jsonl").write_text(json.dumps(ROW) + "\n")
    done = ttc(tmp_path, "import", "mine.jsonl")
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "results" / "mine").iterdir()
    return RunFolder(folder)


def packed(run, path, top="", **others):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(run.path.iterdir()):
            archive.write(file, top + file.name)
        for name, content in others.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def contents(run):
    return {file.name: file.read_bytes() for file in run.path.iterdir()}


@pytest.mark.parametrize("top", ["", "mine/"])
def test_an_archive_of_a_run_is_that_run(tmp_path, run, top):
    archive = packed(run, tmp_path / "sent.zip", top)
    elsewhere = tmp_path / "colleague"
    elsewhere.mkdir()
    done = ttc(elsewhere, "import", str(archive))
    assert done.returncode == 0, done.stderr
    got = RunFolder(elsewhere / "results" / "mine" / run.run_id)
    assert contents(got) == contents(run)
    assert ttc(elsewhere, "show", "mine").returncode == 0


def test_a_folder_of_a_run_is_that_run(tmp_path, run):
    assert default_name(run.path) == "mine"
    got = import_pool(run.path, tmp_path / "other")
    assert contents(got) == contents(run)
    assert preview(run.path).format == "run"


def test_a_run_without_curves_gets_them(tmp_path, run):
    run.curves.unlink()
    archive = packed(run, tmp_path / "sent.zip")
    done = ttc(tmp_path, "import", str(archive), "--to", "results/again")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "again" / run.run_id / "curves.parquet").is_file()


def test_what_else_is_in_it_is_named_and_stays_there(tmp_path, run):
    others = {"..__..__evil.parquet": b"x", "__etc__passwd": b"x", "notes.txt": b"x"}
    archive = packed(run, tmp_path / "sent.zip", **others)
    elsewhere = tmp_path / "a" / "b" / "c"
    got = import_pool(archive, elsewhere)
    assert contents(got) == contents(run)
    assert not [file for file in tmp_path.rglob("*") if file.name in ("evil.parquet", "passwd")]


def manifest_with(run, **change):
    told = json.loads(run.manifest_path.read_text())
    run.manifest_path.write_text(json.dumps(told | change))


@pytest.mark.parametrize(
    "run_id", ["../../evil", "/tmp/evil", "", ".hidden", "a/b", "a\\b", "x" * 300]
)
def test_a_run_id_that_leads_elsewhere_is_refused(tmp_path, run, run_id):
    manifest_with(run, run_id=run_id)
    with pytest.raises(DataError, match="is no run's id"):
        import_pool(packed(run, tmp_path / "sent.zip"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_damaged_and_changed_archives_are_refused(tmp_path, run):
    manifest_with(run, tables=run.digests())
    whole = packed(run, tmp_path / "whole.zip")
    assert import_pool(whole, tmp_path / "other").run_id == run.run_id

    def refused(says):
        with pytest.raises(DataError, match=says):
            import_pool(packed(run, tmp_path / "sent.zip"), tmp_path / "not")
        assert not (tmp_path / "not").exists()

    problems = run.problems.read_bytes()
    run.problems.write_bytes(b"PAR1" + b"x" * 100)
    refused(r"sent.zip: problems.parquet is no readable parquet file")
    shutil.copyfile(run.verifications, run.problems)
    refused(r"problems.parquet lacks the column|problems.parquet.*kind")
    run.problems.write_bytes(problems)
    run.verifications.unlink()
    refused(r"sent.zip: verifications.parquet is missing: damaged, or changed since the run")
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(DataError, match="no readable zip archive"):
        import_pool(whole, tmp_path / "not")


def test_a_table_that_grows_out_of_nothing_is_refused(tmp_path, run):
    archive = packed(run, tmp_path / "sent.zip", curves2=b"")
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as more:
        more.writestr("samples.parquet", b"\0" * 2**26)
    with pytest.raises(
        DataError, match=r"sent.zip/samples.parquet: .* bytes that become 67,108,864"
    ):
        import_pool(archive, tmp_path / "not")


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(DataError, match="can't tell its layout from its content"):
        import_pool(tmp_path / "x.zip", tmp_path / "not")


def test_a_packed_pool_names_the_command_for_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "my pool.zip", "w") as archive:
        archive.writestr("pool.json", "{}")
    with pytest.raises(DataError, match=r"is a packed pool; ttc pool add '.*my pool\.zip' adds it"):
        import_pool(tmp_path / "my pool.zip", tmp_path / "results" / "x")
