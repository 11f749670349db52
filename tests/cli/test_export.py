"""`ttc export` and `ttc pool` from the shell."""

import csv
import json
import zipfile

import pyarrow.parquet as pq
import pytest
import yaml
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=12, solutions=8, verified_solutions=8, verifications=4)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    for seed, name in enumerate(("sim", "twin")):
        simulate_run(CONFIG, seed, folder / "results" / name)
    return folder


def worked(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_table_into_one_file(home, tmp_path):
    said = worked(ttc(home, "export", "sim", "--to", tmp_path / "s.csv", "--table", "solutions"))
    assert "Wrote solutions" in said
    found = rows(tmp_path / "s.csv")
    assert len(found) == 12 * 8
    assert {row["correct"] for row in found} == {"true", "false"}
    worked(ttc(home, "export", "sim", "twin", "--to", tmp_path / "s.jsonl", "--table", "solutions"))
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert len({line["run"] for line in lines}) == 2
    assert len(lines) == 2 * 12 * 8
    assert isinstance(lines[0]["steps"], list)


def test_texts_stay_behind(home, tmp_path):
    words = ("--table", "solutions", "--without-texts")
    worked(ttc(home, "export", "sim", "--to", tmp_path / "s.csv", *words))
    assert {"text", "steps"}.isdisjoint(rows(tmp_path / "s.csv")[0])


def test_all_tables_into_a_folder(home, tmp_path):
    worked(ttc(home, "export", "sim", "--to", tmp_path / "all", "--format", "csv"))
    names = {path.name for path in (tmp_path / "all").iterdir()}
    assert {"problems.csv", "solutions.csv", "verifications.csv"} <= names
    steps = rows(tmp_path / "all/verifications.csv")[0]["step_scores"]
    assert json.loads(steps) == []


def test_a_data_set_s_folder(home, tmp_path):
    words = ("--license", "cc-by-4.0")
    worked(ttc(home, "export", "sim", "twin", "--to", tmp_path / "pools", *words))
    front = yaml.safe_load((tmp_path / "pools/README.md").read_text().split("---")[1])
    assert front["license"] == "cc-by-4.0"
    configs = {one["config_name"]: one for one in front["configs"]}
    assert configs["solutions"]["default"] is True
    for one in configs.values():
        (files,) = one["data_files"]
        table = pq.read_table(tmp_path / "pools" / files["path"], partitioning=None)
        assert table.num_rows > 0
        assert len(set(table["run"].to_pylist())) == 2
        assert not any("dictionary" in str(field.type) for field in table.schema)


def test_the_whole_run_in_a_zip_file(home, tmp_path):
    for name in ("a.zip", "b.zip"):
        worked(ttc(home, "export", "sim", "--to", tmp_path / name))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        recipe = yaml.safe_load(archive.read("recipe.yaml"))
        manifest = json.loads(archive.read("manifest.json"))
    assert {"manifest.json", "recipe.yaml", "problems.parquet", "solutions.parquet"} <= set(names)
    assert all("/" not in name for name in names)
    assert recipe == manifest["recipe"]


def test_a_zip_file_comes_back_as_the_same_run(home, tmp_path):
    worked(ttc(home, "export", "sim", "--to", tmp_path / "a.zip"))
    worked(ttc(tmp_path, "import", "a.zip", "--to", "results/back"))
    words = ("--policy", "best_of_n", "--k", "4", "--verifications", "2", "--json")
    before = json.loads(worked(ttc(home, "curves", "sim", *words)))
    assert json.loads(worked(ttc(tmp_path, "curves", "back", *words))) == before


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_figures(home, tmp_path):
    to = tmp_path / "f.pdf"
    words = ("--figure", "curves", "--style", "paper,grey", "--width", "3.3")
    worked(ttc(home, "export", "sim", "--to", to, *words))
    assert to.read_bytes().startswith(b"%PDF")
    assert {row["kind"] for row in rows(tmp_path / "f.data.csv")} == {"line"}
    words = ("--format", "figures", "--draws", "20", "--to", tmp_path / "all")
    said = worked(ttc(home, "export", "sim", *words, timeout=400))
    assert "curves, success, surface, allocation, coverage" in said
    for name in ("curves", "success", "surface", "verifier_ranking"):
        for ending in ("png", "svg", "pdf", "data.csv"):
            assert (tmp_path / "all" / f"{name}.{ending}").stat().st_size > 100
    values = [
        float(row["value"]) for row in rows(tmp_path / "all/surface.data.csv") if row["value"]
    ]
    assert values
    assert all(0 <= value <= 1 for value in values)


@pytest.mark.slow
def test_a_figure_leaves_a_table_of_its_name_and_asks_before_it_replaces_its_data(home, tmp_path):
    table, data = tmp_path / "curves.csv", tmp_path / "curves.data.csv"
    worked(ttc(home, "export", "sim", "--to", table))
    before = table.read_bytes()
    worked(ttc(home, "export", "sim", "--to", tmp_path / "curves.svg", "--figure", "curves"))
    assert table.read_bytes() == before
    drawn = data.read_bytes()
    data.write_text("mine")
    words = ("export", "sim", "--to", tmp_path / "curves.png", "--figure", "curves")
    refused = ttc(home, *words)
    assert (refused.returncode, data.read_text()) == (2, "mine")
    assert f"{data} exists" in refused.stderr
    assert "--force" in refused.stderr
    assert not (tmp_path / "curves.png").exists()
    worked(ttc(home, *words, "--force"))
    assert data.read_bytes() == drawn


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sim", "--to", "x.csv", "--table", "solution"), 2, "did you mean 'solutions'"),
        (
            ("sim", "--to", "x.csv", "--table", "answers"),
            1,
            "answers, which runs have whose sampler gives one answer",
        ),
        (("sim", "--to", "x.png", "--figure", "sucess"), 2, "did you mean 'success'"),
        (("sim", "--to", "x.csv", "--format", "zip"), 2, "does not fit"),
        (("sim", "--to", "x.xlsx"), 2, "name a folder"),
        (("sim", "--to", "x.parquet"), 2, "name a folder"),
        (("sim", "--to", "x", "--format", "xls"), 2, "choose of"),
        (("sim", "twin", "--to", "x.zip"), 2, "holds one run"),
        (("sim", "--to", "x.zip", "--without-texts"), 2, "ttc pool pack"),
        (("sim", "--to", "results"), 2, "--force"),
        (("sim", "--to", "x", "--license", "mine"), 2, "SPDX"),
        (("nothing", "--to", "x.csv"), 1, "no run 'nothing'"),
        (("sim", "--to", "x.png", "--style", "nope"), 2, "--style nope"),
    ],
)
def test_what_cannot_be_is_one_clear_message(home, words, code, said):
    done = ttc(home, "export", *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr
    assert not (home / "x").exists()


def test_a_pool_goes_round(home, tmp_path):
    words = ("--license", "CC0-1.0", "--to", tmp_path / "x.zip", "--citation", "Me (2026)")
    said = worked(ttc(home, "pool", "pack", "sim", *words))
    digest = said.split()[-1]
    shown = worked(ttc(home, "pool", "show", tmp_path / "x.zip"))
    assert "cite as: Me (2026)" in shown
    assert digest in shown
    (tmp_path / "theirs").mkdir()
    added = ttc(tmp_path / "theirs", "pool", "add", tmp_path / "x.zip", "--sha256", digest)
    assert "Added results/sim/" in worked(added)
    curves = (
        "curves",
        "sim",
        "--policy",
        "best_of_n",
        "--k",
        "4",
        "--verifications",
        "2",
        "--json",
    )
    mine, theirs = (json.loads(worked(ttc(at, *curves))) for at in (home, tmp_path / "theirs"))
    assert mine == theirs
    shown = worked(ttc(tmp_path / "theirs", "show", "sim"))
    assert "licence CC0-1.0" in shown
    assert "cite as: Me (2026)" in shown
    refused = ttc(tmp_path / "theirs", "pool", "add", tmp_path / "x.zip", "--sha256", "0" * 64)
    assert (refused.returncode, "SHA-256" in refused.stderr) == (1, True)


def test_a_pool_wants_a_licence(home):
    for words in ((), ("--license", " ")):
        done = ttc(home, "pool", "pack", "sim", *words)
        assert done.returncode == 2
        assert "--license CC-BY-4.0" in done.stderr
