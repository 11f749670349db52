"""`ttc runs`: what is there under results, on a terminal, as JSON and as comma-separated values."""

import csv
import io
import json

import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.evaluate import write_curves
from ttc.pipeline.facts import at_most, headline
from ttc.pipeline.overview import overview
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=6, solutions=8, verified_solutions=4, verifications=2)


def made(folder, name, seed=0, curves=True, **recipe):
    run = simulate_run(CONFIG, seed, folder / "results" / name)
    manifest = run.manifest()
    manifest.recipe |= recipe
    if curves:
        write_curves(None, run, manifest)
    manifest.write(run.manifest_path)
    return run


@pytest.fixture
def folder(tmp_path):
    made(tmp_path, "warm", 1, sampler={"type": "independent", "temperature": 1.0})
    made(tmp_path, "warm", 2, sampler={"type": "independent", "temperature": 0.6})
    made(tmp_path, "bare", 3, curves=False, sampler={"type": "independent", "temperature": 0.6})
    return tmp_path


def test_only_keys_that_differ_and_the_latest_first(folder):
    found = json.loads(ttc(folder, "runs", "warm", "--json").stdout)
    first, second = found["runs"]
    assert [one["seed"] for one in (first["differs"], second["differs"])] == [2, 1]
    assert [one["differs"]["sampler.temperature"] for one in found["runs"]] == [0.6, 1.0]
    assert set(first["differs"]) == {"seed", "sampler.temperature"}
    assert found["common"]["sampler"] == "independent"
    assert first["started"] >= second["started"]
    assert first["state"] == "simulated"


def test_success_names_its_policy_and_is_that_of_the_curves(folder):
    run = overview(folder / "results", ["warm"]).runs[0]
    rows = json.loads(ttc(folder, "curves", run.run.name, "--json").stdout)
    of = run.best["policy"], run.best["S"], run.best["V"]
    (row,) = [row for row in rows if (row["policy"], row["S"], row["V"]) == of]
    assert run.best["success"] == pytest.approx(row["success"])
    rivals = [row for row in at_most(rows) if row["policy"] != "oracle"]
    assert row["success"] == max(one["success"] for one in rivals)


def test_the_headline_is_nobodys_oracle_and_the_largest_pool():
    def row(policy, s, v, success, verifier=None):
        return {"policy": policy, "verifier": verifier, "S": s, "V": v, "success": success}

    rows = [
        row("oracle", 8, 0, 1.0),
        row("majority", 4, 0, 0.9),
        row("majority", 8, 0, 0.6),
        row("best_of_n", 8, 1, 0.8, "g"),
        row("best_of_n", 8, 2, 0.7, "g"),
        row("first", 1, 0, 0.5),
    ]
    assert [(one["policy"], one["success"]) for one in at_most(rows)] == [
        ("oracle", 1.0),
        ("best_of_n", 0.7),
        ("majority", 0.6),
        ("first", 0.5),
    ]
    assert headline(rows)["policy"] == "best_of_n"
    assert headline(rows[:1]) is None
    caps = [{**row("answer", None, None, 0.1 * n), "cap": 100 * n} for n in (1, 3, 2)]
    assert headline(caps)["cap"] == 300


def test_comma_separated_values_are_a_table(folder):
    done = ttc(folder, "runs", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["recipe"] for row in rows] == ["bare", "warm", "warm"]
    assert [row["recipe.sampler.temperature"] for row in rows] == ["0.6", "0.6", "1.0"]
    assert rows[0]["success"] == ""
    assert float(rows[1]["success"]) > 0
    assert float(rows[1]["tokens"]) > 0
    done = ttc(folder, "runs", "--csv", "--json")
    assert (done.returncode, done.stdout) == (2, "")


def test_on_a_terminal(folder):
    shown = ttc(folder, "runs").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["run", "state", "started", "success", "by", "tokens", "differs", "in"] in lines
    assert any(words[:1] == ["bare"] for words in lines), "alone, a run is called as its recipe"
    assert sum(words[0].startswith("warm/") for words in lines if words) == 2
    assert "temperature=0.6" in shown
    assert "ttc curves RUN" in shown


def test_what_cannot_be_read_is_a_row_that_says_so(folder):
    broken = made(folder, "broken", 4)
    broken.curves.write_bytes(b"no table")
    other = made(folder, "other", 5)
    other.manifest_path.write_text("{")
    found = {one["recipe"]: one for one in json.loads(ttc(folder, "runs", "--json").stdout)["runs"]}
    assert {name for name, one in found.items() if one["state"] == "damaged"} == {"broken", "other"}
    assert "no readable parquet file" in found["broken"]["note"]
    assert "damaged" in found["other"]["note"]
    shown = ttc(folder, "runs").stdout
    assert "no readable parquet file" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "no run in results that fits 'nothing'"),
        (("--results", "elsewhere"), "no folder elsewhere"),
    ],
)
def test_no_runs_is_one_sentence(folder, words, said):
    done = ttc(folder, "runs", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_many_runs_are_ten_until_all_are_asked_for(tmp_path):
    for seed in range(12):
        made(tmp_path, "many", seed, curves=False)
    shown = ttc(tmp_path, "runs").stdout
    assert shown.count("many/") == 10
    assert "2 more rows: ttc runs --all" in shown
    assert ttc(tmp_path, "runs", "--all").stdout.count("many/") == 12
    assert len(json.loads(ttc(tmp_path, "runs", "--json").stdout)["runs"]) == 12


def test_two_imports_of_one_name_differ_in_their_files(tmp_path):
    for name in ("one.jsonl", "two.jsonl"):
        row = {"problem_id": name, "question": "3 + 4?", "answer": "7", "solutions": ["So 7."]}
        (tmp_path / name).write_text(json.dumps(row) + "\n")
        assert ttc(tmp_path, "import", name, "--to", "results/sums").returncode == 0
    found = json.loads(ttc(tmp_path, "runs", "--json").stdout)
    assert [one["differs"]["source.file"] for one in found["runs"]] == ["two.jsonl", "one.jsonl"]
    assert not any(key.startswith("source") for key in found["common"])
