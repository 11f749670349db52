"""Pools as files: what is packed comes back equal; what somebody altered is refused by name."""

import hashlib
import io
import json
import os
import stat
import zipfile

import pytest
from pandas.testing import assert_frame_equal

from ttc.errors import DataError
from ttc.store.pool_add import add_pool, read_pool, require_digest
from ttc.store.pool_pack import Told, pack_pool, places_told
from ttc.store.run_folder import MANIFEST_NAME, RUN_TABLES, RunFolder
from ttc.store.tables import read_table

TABLES = ("problems", "solutions", "verifications", "curves")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from ttc.pipeline.importing import import_run

    folder = tmp_path_factory.mktemp("made")
    problems = []
    for i in range(6):
        judged = [{"verdict": True, "text": "so\u2028 Yes"}, {"verdict": False, "tokens": 3}]
        solutions = [
            {"text": f"=cmd {i} {j}. The final answer is {i + j % 2}.", "verifications": judged}
            for j in range(4)
        ]
        question = f"What is {i}?"
        one = {
            "problem_id": f"p{i}",
            "question": question,
            "answer": str(i),
            "solutions": solutions,
        }
        problems.append(one)
    path = folder / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, problems)))
    return import_run(path, folder / "results" / "mine")


@pytest.fixture
def pool(run, tmp_path):
    path = tmp_path / "mine.pool.zip"
    pack_pool(run, path, Told("MIT", citation="A. Nonymous (2026)"))
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, content):
    """The file with other members; bytes by name, or (ZipInfo, bytes) pairs."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items() if isinstance(content, dict) else content:
            archive.writestr(name, data)
    return path


def refused(path, tmp_path, *said):
    with pytest.raises(DataError) as error:
        add_pool(path, tmp_path / "results")
    for text in said:
        assert text in str(error.value)
    assert not list((tmp_path / "results").rglob("*")), "nothing is left behind"


def test_a_pool_comes_back_as_it_was(run, pool, tmp_path):
    added, told = add_pool(pool, tmp_path / "results")
    assert added.path == tmp_path / "results" / "mine" / run.run_id
    for name in TABLES:
        before, after = (read_table(one.table(name), name).to_pandas() for one in (run, added))
        assert_frame_equal(after, before)
    assert added.complete()
    before, after = run.manifest(), added.manifest()
    assert after.dataset == before.dataset
    assert after.recipe == before.recipe
    assert after.source["pool"]["licence"] == told.licence == "MIT"
    assert told.citation == "A. Nonymous (2026)"
    assert {path.name for path in added.path.iterdir()} == {
        MANIFEST_NAME,
        *(f"{name}.parquet" for name in RUN_TABLES if added.table(name).exists()),
    }


def test_the_small_part_alone(run, pool, tmp_path):
    added, _ = add_pool(pool, tmp_path / "results", texts=False)
    found = read_table(added.solutions, "solutions").to_pandas()
    whole = read_table(run.solutions, "solutions").to_pandas()
    assert set(found["text"]) == {""}
    assert found.drop(columns=["text", "steps"]).equals(whole.drop(columns=["text", "steps"]))
    again, _ = add_pool(pool, tmp_path / "results")
    assert read_table(again.solutions, "solutions").equals(read_table(run.solutions, "solutions"))


def test_without_texts_from_the_first(run, tmp_path):
    path = tmp_path / "small.pool.zip"
    assert not pack_pool(run, path, Told("MIT", texts=False)).texts
    assert b"final answer" not in path.read_bytes()
    assert not any(name.startswith("texts/") for name in members(path))
    added, _ = add_pool(path, tmp_path / "results")
    assert not pack_pool(added, tmp_path / "again.zip", Told("MIT")).texts


def test_equal_runs_give_equal_bytes(run, pool, tmp_path):
    pack_pool(run, tmp_path / "again.zip", Told("MIT", citation="A. Nonymous (2026)"))
    assert (tmp_path / "again.zip").read_bytes() == pool.read_bytes()


def test_tables_that_are_cut_in_other_places_find_together(tmp_path):
    """Long texts make small groups of rows; without them groups are large."""
    from ttc.store.pool_texts import write_texts, write_together, write_without_texts
    from ttc.store.tables import write_table

    rows = [
        {
            "problem_id": f"p{i % 7}", "solution_index": i, "answer": str(i), "answer_class": 0,
            "correct": i % 3 == 0, "prompt_tokens": 1, "completion_tokens": 2,
            "finish_reason": "stop", "seconds": 0.5, "steps": [f"{i}"] * (i % 3),
            "text": f"{i} " * 1500,
        }
        for i in range(5000)
    ]  # fmt: skip
    whole, small, long, both = (tmp_path / f"{name}.parquet" for name in "abcd")
    write_table(whole, "solutions", rows)
    assert write_without_texts(whole, small, "solutions") == 5000
    assert write_texts(whole, long, "solutions") == 5000
    assert write_together(small, long, both, "solutions") == 5000
    assert read_table(both, "solutions").equals(read_table(whole, "solutions"))


def test_an_altered_file_is_named(pool, tmp_path):
    content = members(pool)
    for name in content:
        if name == "pool.json":
            continue
        altered = bytearray(content[name])
        altered[len(altered) // 2] ^= 1
        path = rewritten(tmp_path / "x.zip", content | {name: bytes(altered)})
        refused(path, tmp_path, name, "SHA-256")


def test_a_longer_file_is_named(pool, tmp_path):
    content = members(pool)
    name = "tables/curves.parquet"
    path = rewritten(tmp_path / "x.zip", content | {name: content[name] + b"x"})
    refused(path, tmp_path, name, "changed or damaged")


def test_files_beside_the_listed_and_files_that_lack(pool, tmp_path):
    content = members(pool)
    del content["texts/problems.parquet"]
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, "texts/problems.parquet is missing")
    content = members(pool) | {"tables/answers.parquet": b"x"}
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, "tables/answers.parquet is not in")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../evil.py", "leads out of"),
        ("/etc/passwd", "leads out of"),
        ("tables\\..\\..\\x", "leads out of"),
        ("C:/x", "leads out of"),
        ("tables/../manifest.json", "leads out of"),
        ("run.sh", "does not belong there"),
        ("tables/", "is no plain file"),
        ("solutions.parquet", "is not in pool.json"),
        ("tables/curves.parquet", "is there twice"),
    ],
)
def test_members_that_have_no_business_there(pool, tmp_path, name, said):
    content = [*members(pool).items(), (name, b"x")]
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, said)


def test_a_link_is_refused(pool, tmp_path):
    content = members(pool)
    link = zipfile.ZipInfo("tables/curves.parquet")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    del content[link.filename]
    path = rewritten(tmp_path / "x.zip", [*content.items(), (link, b"/etc/passwd")])
    refused(path, tmp_path, "tables/curves.parquet", "is no plain file")


def test_a_bomb_is_refused_before_it_is_unpacked(pool, tmp_path):
    content = members(pool)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (content | {"tables/curves.parquet": bytes(64 * 2**20)}).items():
            archive.writestr(name, data)
    refused(tmp_path / "x.zip", tmp_path, "tables/curves.parquet", "unpacks to 67,108,864 bytes")


def test_more_than_is_wanted_is_refused(pool, tmp_path):
    with pytest.raises(DataError, match="at most"):
        add_pool(pool, tmp_path / "results", largest=1000)


def test_a_size_that_lies_is_refused(pool, tmp_path):
    """The list of members says less than a member holds."""
    name = "tables/samples.parquet"
    data = b"PAR1" + bytes(2**20)
    content = members(pool)
    told = json.loads(content["pool.json"])
    told["files"][name] = {"sha256": "0" * 64, "bytes": 100, "rows": 0}
    content |= {"pool.json": json.dumps(told).encode(), name: data}
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for one, held in content.items():
            archive.writestr(one, held)
    raw = (tmp_path / "x.zip").read_bytes()
    size = len(data).to_bytes(4, "little")
    at = raw.rindex(size, 0, raw.rindex(name.encode()))
    changed = raw[:at] + (100).to_bytes(4, "little") + raw[at + 4 :]
    (tmp_path / "x.zip").write_bytes(changed)
    refused(tmp_path / "x.zip", tmp_path, name, "is damaged")


def test_a_newer_format_wants_a_newer_ttc(pool, tmp_path):
    content = members(pool)
    told = json.loads(content["pool.json"]) | {"format": 2}
    path = rewritten(tmp_path / "x.zip", content | {"pool.json": json.dumps(told).encode()})
    refused(path, tmp_path, "format 2", "update ttc")


@pytest.mark.parametrize("name", ["../../x", "", "a/b", ".hidden", "x" * 200, "a\n"])
def test_names_that_are_no_folders_names(pool, tmp_path, name):
    content = members(pool)
    for key in ("name", "run_id"):
        told = json.loads(content["pool.json"]) | {key: name}
        path = rewritten(tmp_path / "x.zip", content | {"pool.json": json.dumps(told).encode()})
        refused(path, tmp_path, f"pool.json: {key}:")


def hashed(content, name, data):
    """The members with one replaced, and its true hash in the list: whoever lies can hash."""
    told = json.loads(content["pool.json"])
    digest = hashlib.sha256(data).hexdigest()
    told["files"][name] |= {"sha256": digest, "bytes": len(data)}
    return content | {"pool.json": json.dumps(told).encode(), name: data}


def test_a_manifest_of_another_run(pool, tmp_path):
    content = members(pool)
    other = json.loads(content[MANIFEST_NAME]) | {"run_id": "../../other"}
    content = hashed(content, MANIFEST_NAME, json.dumps(other).encode())
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, "of another run")


def test_a_table_that_is_none(pool, tmp_path):
    content = hashed(members(pool), "tables/curves.parquet", b"import os")
    path = rewritten(tmp_path / "x.zip", content)
    refused(path, tmp_path, "tables/curves.parquet", "no readable parquet")


def test_a_table_of_more_rows_than_it_says(run, pool, tmp_path):
    content = hashed(members(pool), "tables/solutions.parquet", run.verifications.read_bytes())
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, "tables/solutions.parquet")


def test_texts_of_other_rows(pool, tmp_path):
    content = members(pool)
    told = json.loads(content["pool.json"])
    texts, others = "texts/solutions.parquet", "texts/verifications.parquet"
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"text": ["x"], "steps": pa.array([[]], pa.list_(pa.string()))})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    told["files"][texts] |= {"rows": 1}
    content = hashed(content | {"pool.json": json.dumps(told).encode()}, texts, sink.getvalue())
    refused(rewritten(tmp_path / "x.zip", content), tmp_path, "not of the same rows")
    assert others in content


def test_a_run_of_ones_own_is_not_written_over(run, pool, tmp_path):
    own = RunFolder(tmp_path / "results" / "mine" / run.run_id)
    own.path.mkdir(parents=True)
    text = run.manifest_path.read_text()
    own.manifest_path.write_text(text)
    with pytest.raises(DataError, match="of your own; name another"):
        add_pool(pool, tmp_path / "results")
    assert own.manifest_path.read_text() == text


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello"])
def test_what_is_no_zip(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", tmp_path, "no readable zip file")


def test_what_is_a_run_and_no_pool(run, tmp_path):
    from ttc.store.run_zip import write_run_zip

    write_run_zip(run, tmp_path / "x.zip")
    refused(tmp_path / "x.zip", tmp_path, "ttc import x.zip")


def test_the_files_own_hash(pool):
    require_digest(pool, hashlib.sha256(pool.read_bytes()).hexdigest().upper())
    with pytest.raises(DataError, match="has the SHA-256"):
        require_digest(pool, "0" * 64)


def test_a_pool_says_what_it_is(pool, run):
    told = read_pool(pool)
    assert (told.name, told.run_id, told.licence) == ("mine", run.run_id, "MIT")
    assert told.rows["solutions"] == 24
    assert told.models["solver"].model == "unknown"
    assert told.price.completion_tokens > 0


def test_addresses_are_left_out_or_told():
    recipe = {
        "backend": {"type": "openai", "base_url": "http://10.0.0.5:8000/v1", "model": "org/m"},
        "dataset": {"path": "/home/me/x.jsonl"},
        "verifiers": [{"prompt": "~/p.yaml", "type": "genrm"}],
    }
    assert places_told(recipe) == [
        "backend.base_url = http://10.0.0.5:8000/v1",
        "dataset.path = /home/me/x.jsonl",
        "verifiers.0.prompt = ~/p.yaml",
    ]


def test_the_servers_address_stays_here(run, tmp_path):
    from ttc.store.manifest import read_manifest

    copy = RunFolder(tmp_path / "copy" / run.run_id)
    copy.path.mkdir(parents=True)
    for path in run.path.iterdir():
        if path.is_file():
            os.link(path, copy.path / path.name)
    manifest = read_manifest(run.manifest_path)
    manifest.models["solver"].endpoint = "http://10.0.0.5:8000/v1"
    copy.manifest_path.unlink()
    manifest.write(copy.manifest_path)
    pack_pool(copy, tmp_path / "x.zip", Told("MIT"))
    assert b"10.0.0.5" not in (tmp_path / "x.zip").read_bytes()
