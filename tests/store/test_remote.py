"""Runs and pools behind URLs: file systems of fsspec, a real web server, and what goes wrong."""

from __future__ import annotations

import json
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import ttc
from ttc.errors import DataError, MissingExtra, UsageError
from ttc.store.remote import (
    fetched_file,
    fetched_run,
    push_run,
    require_writable,
    written_to,
)
from ttc.store.run_folder import MANIFEST_NAME, RunFolder, find_matching, find_run

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs of a small recipe."""
    root = tmp_path_factory.mktemp("made")
    changes = {"dataset.problems": 2, "sampler.solutions": 2, "verifiers": []}
    runs = [
        ttc.run("quickstart", {**changes, "policies": ["majority"], "seed": seed}, results=root)
        for seed in (0, 1)
    ]
    return [RunFolder(run.path) for run in runs]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TTC_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    fsspec.filesystem("memory").store.clear()


def same(one: RunFolder, other: RunFolder) -> bool:
    return one.digests() == other.digests() and one.complete() and other.complete()


@pytest.fixture(params=["memory", "file"])
def base(request, tmp_path):
    return "memory://bucket/results" if request.param == "memory" else f"file://{tmp_path}/there"


def test_what_was_put_somewhere_is_found_there(made, base):
    for run in made:
        assert push_run(run, base) == f"{base}/quickstart/{run.run_id}"
    for run in made:
        found = fetched_run(f"{base}/quickstart/{run.run_id}")
        assert same(found, run)
        assert found.name == run.name
    latest = max(made, key=lambda run: run.manifest().started)
    for word in (base, f"{base}/quickstart", f"{base}/quickstart/{latest.run_id}/manifest.json"):
        assert find_run(word).run_id == latest.run_id
    named = [f"{base}/quickstart/{run.run_id}" for run in made]
    assert [run.run_id for run in find_matching(named)] == [run.run_id for run in made]
    assert ttc.load(named[0]).status == "complete"


def test_it_is_fetched_once_until_it_changes(made, monkeypatch):
    run = made[0]
    url = push_run(run, "memory://b")
    found = fetched_run(url)
    (found.path / "fit.json").write_text("{}")
    assert fetched_run(url).path == found.path
    assert (found.path / "fit.json").exists(), "what was computed from it stays"
    files = fsspec.filesystem("memory")
    told = json.loads(files.cat_file(f"{url}/{MANIFEST_NAME}"))
    files.pipe_file(f"{url}/{MANIFEST_NAME}", json.dumps({**told, "seed": 7}).encode())
    assert fetched_run(url).manifest().seed == 7


def test_a_web_server(made, tmp_path):
    push_run(made[0], f"file://{tmp_path}/web")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    handler.log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        assert same(fetched_run(f"{base}/quickstart/{made[0].run_id}"), made[0])
        assert same(fetched_run(f"{base}/quickstart"), made[0]), "by the page of the folder"
        with pytest.raises(DataError, match="is no run"):
            fetched_run(f"{base}/nothing")
    finally:
        server.shutdown()
        server.server_close()


def test_inside_a_zip(made, tmp_path):
    with zipfile.ZipFile(tmp_path / "runs.zip", "w") as archive:
        for path in made[0].path.iterdir():
            if path.suffix in (".parquet", ".json"):
                archive.write(path, f"quickstart/x/{path.name}")
    found = fetched_run(f"zip://quickstart/x::file://{tmp_path}/runs.zip")
    assert same(found, made[0])


def test_a_run_whose_tables_are_not_what_its_manifest_says_is_refused(made, cache):
    url = push_run(made[0], "memory://b")
    files = fsspec.filesystem("memory")
    files.pipe_file(f"{url}/solutions.parquet", made[1].solutions.read_bytes())
    with pytest.raises(DataError, match="not what the manifest says"):
        fetched_run(url)
    files.rm_file(f"{url}/solutions.parquet")
    with pytest.raises(DataError, match="can't read"):
        fetched_run(url)
    assert not list(cache.rglob("*.parquet")), "nothing is left of it"


def test_a_put_that_breaks_off_leaves_no_run_and_the_next_one_completes_it(made, monkeypatch):
    url = push_run(made[0], "memory://b")
    kind = type(fsspec.filesystem("memory"))
    put = kind.put_file

    def breaks(self, source, target, **more):
        if target.endswith("solutions.parquet"):
            raise OSError("the line is down")
        return put(self, source, target, **more)

    monkeypatch.setattr(kind, "put_file", breaks)
    with pytest.raises(DataError, match="can't write to memory://b: OSError: the line is down"):
        push_run(made[0], "memory://b")
    with pytest.raises(DataError, match="is no run"):
        fetched_run(url)
    monkeypatch.undo()
    monkeypatch.setenv("TTC_CACHE", "/nonexistent-unused")
    assert push_run(made[0], "memory://b") == url


@pytest.mark.parametrize(
    ("url", "said", "kind"),
    [
        ("memory://nowhere", "is no run", DataError),
        ("nonsense://x", "can't read nonsense://x", DataError),
        ("http://example.org/x", "expected https://", UsageError),
        ("zip://a::http://example.org/x.zip", "expected https://", UsageError),
    ],
)
def test_what_can_not_be_had(url, said, kind):
    with pytest.raises(kind, match=said):
        fetched_run(url)


def test_keys_in_urls_are_not_told(monkeypatch):
    with pytest.raises(DataError) as caught:
        fetched_run("nonsense://AKIA1234:s3cr3t-of-ours@bucket/x?token=abcdef123456")
    assert "s3cr3t" not in str(caught.value)
    assert "abcdef123456" not in str(caught.value)


def test_a_manifest_that_names_other_places_leads_nowhere(made, cache):
    url = push_run(made[0], "memory://b")
    files = fsspec.filesystem("memory")
    told = json.loads(files.cat_file(f"{url}/{MANIFEST_NAME}"))
    told |= {"recipe_name": "../../..", "run_id": "../x", "tables": told["tables"]}
    files.pipe_file(f"{url}/{MANIFEST_NAME}", json.dumps(told).encode())
    found = fetched_run(url)
    assert found.path.resolve().is_relative_to(cache.resolve())
    told["tables"] = {**told["tables"], "../../evil": "0" * 64}
    files.pipe_file(f"{url}/{MANIFEST_NAME}", json.dumps(told).encode())
    fetched_run(url)
    assert not list(cache.parent.rglob("*evil*"))


def test_files_come_and_go(tmp_path):
    with written_to("memory://b/deep/a.zip", replace=False) as path:
        path.write_bytes(b"12345")
    with fetched_file("memory://b/deep/a.zip", 5) as path:
        assert path.read_bytes() == b"12345"
    with (
        pytest.raises(DataError, match="has 5 bytes; 4 at most"),
        fetched_file("memory://b/deep/a.zip", 4),
    ):
        pass
    with (
        pytest.raises(UsageError, match="exists"),
        written_to("memory://b/deep/a.zip", replace=False),
    ):
        pass
    (tmp_path / "a.zip").touch()
    with (
        pytest.raises(UsageError, match="exists"),
        written_to(str(tmp_path / "a.zip"), replace=False),
    ):
        pass


def test_a_place_that_takes_nothing_is_told_before(tmp_path):
    require_writable("memory://b/results")
    assert fsspec.filesystem("memory").find("b") == []
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="can't write to"):
        require_writable(f"file://{tmp_path}/file")


def test_without_fsspec_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"\[fsspec\]"):
        fetched_run("memory://b")
