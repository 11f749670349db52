"""What is no run's set of shards is refused, by name and with the mend."""

from __future__ import annotations

import json
import shutil

import pytest
from sharded import USUAL, check_same

from ttc.errors import DataError
from ttc.fingerprint import PROMPTS
from ttc.pipeline.sharding.merge import merge
from ttc.store.lock import locked
from ttc.store.run_folder import find_run, list_runs
from ttc.store.tables import read_table, write_table

SMALL = USUAL.replace("problems: 9", "problems: 5").replace("solutions: 4", "solutions: 2")
BUDGET = SMALL + "budget: {per_run: {tokens: 1e6}}\n"


@pytest.fixture
def three(shards):
    """The shards of a run."""
    return shards("shared", SMALL, 3)


def changed(folder, change):
    """Change the manifest of a shard."""
    content = json.loads(folder.manifest_path.read_text())
    change(content)
    folder.manifest_path.write_text(json.dumps(content))


def refused(words, match, **more):
    with pytest.raises(DataError, match=match) as error:
        merge(words, **more)
    return str(error.value)


def test_missing_ones_are_named_with_the_command(run):
    one = run("shared", SMALL, "3/4").run
    refused([one.whole.path], r"1 of 4 shards are done, missing: 1/4, 2/4, 4/4.*RECIPE --shard 1/4")
    assert list_runs(one.path.parents[3]) == [], "a run that is not whole is none"


def test_interrupted_damaged_and_running_ones_are_told_apart(three):
    whole = three[0].whole
    changed(three[0], lambda content: content.update(status="interrupted"))
    three[1].solutions.write_bytes(b"PAR1 no more")
    said = refused([whole.path], "1 of 3 shards are done")
    assert "interrupted: 1/3" in said
    assert "damaged: 2/3" in said
    with locked(three[2]):
        assert "running: 3/3" in refused([whole.path], "0 of 3")


@pytest.mark.parametrize(
    "odd",
    [
        {"timing": {"sampling_seconds": float("nan")}},
        {"ledger": {"lost": {"tokens": []}}},
        {"ledger": {"roles": {"solver": {"samples": "x"}}}},
    ],
)
def test_a_shard_whose_manifest_tells_no_amounts_is_damaged(three, odd):
    changed(three[0], lambda content: content.update(odd))
    assert "damaged: 1/3" in refused([three[0].whole.path], "2 of 3 shards are done")


def test_a_shard_that_was_done_twice_alike_counts_once(run, three, tmp_path):
    """The same texts, drawn on two hosts at other speeds."""
    again = run("elsewhere", SMALL, "2/3").run
    assert again.manifest().tables != three[1].manifest().tables, "times differ"
    done = merge([*(one.path for one in three), again.path], root=tmp_path / "results")
    check_same(done.run, run("alone", SMALL).run)


def test_two_results_of_one_shard_are_refused_by_name(run, three):
    again = run("elsewhere", SMALL, "2/3").run
    rows = read_table(again.solutions, "solutions").to_pylist()
    rows[1]["text"] += " And no more."
    write_table(again.solutions, "solutions", rows)
    digests = again.digests()
    changed(again, lambda content: content.update(tables=digests))
    said = refused([three[0].whole.path, again.path], "two different results of shard 2/3")
    assert str(again.path) in said
    assert str(three[1].path) in said
    assert rows[1]["problem_id"] in said


def test_shards_of_several_recipes_or_seeds(run, three):
    other = run("shared", SMALL + "seed: 1\n", "2/3").run
    refused([three[0].path, other.path], "several runs")
    changed(three[1], lambda content: content.update(identity="0" * 64))
    refused([three[0].whole.path], "different recipes: in what their files hold")
    changed(three[1], lambda content: content["recipe"]["sampler"].update(temperature=0.5))
    refused([three[0].whole.path], "different recipes: sampler.temperature is 0.7 and 0.5")


def test_shards_of_several_datasets_codes_and_numbers(run, three):
    whole = three[0].whole.path
    run("shared", SMALL, "1/2")
    check_same(merge([whole]).run, run("alone", SMALL).run)
    run("shared", SMALL, "2/2")
    refused([whole], "has shards of 2 and of 3: name the folders")
    merge(list(whole.glob("shards/*-of-2")))
    changed(three[2], lambda content: content.update(dataset="0" * 64))
    named = sorted(whole.glob("shards/*-of-3"))
    refused(named, "different datasets")
    dataset = three[0].manifest().dataset
    plugins = {"my_part": {"digest": "1"}}
    changed(three[2], lambda content: content.update(dataset=dataset, plugins=plugins))
    refused(named, "different code of my_part")


def test_a_folder_that_was_renamed(three):
    three[1].path.rename(three[1].path.with_name("1-of-9"))
    refused([three[1].path.with_name("1-of-9")], "1 of 9|is not of shard 1/9")


def test_shards_of_different_models_are_refused_with_both_named(three):
    def other(content):
        content["models"]["solver"]["revision"] = "other-weights"

    changed(three[2], other)
    said = refused([three[0].whole.path], "solver: shard 1/3 had nano nano-solver")
    assert "shard 3/3 had nano nano-solver (other-weights)" in said


def taken(likely, nats=-0.1):
    tops = {prompt: {likely: nats, "other": -4.0} for prompt in PROMPTS}
    return {"digest": likely, "taken": "2026-01-01", "chat": False, "tops": tops}


def test_fingerprints_of_different_models_are_refused_those_of_other_kernels_told(three):
    whole = three[0].whole.path
    for folder, nats in zip(three, (-0.1, -0.12, -0.5), strict=True):
        found = [taken("x", nats)]
        changed(folder, lambda content, f=found: content["models"]["solver"].update(fingerprints=f))
    merged = merge([whole]).manifest.models["solver"]
    assert "was not the same in all shards" in merged.warning
    assert len(merged.fingerprints) == 2
    shutil.rmtree(whole / "shards/1-of-3")
    changed(three[2], lambda c: c["models"]["solver"].update(fingerprints=[taken("y")]))
    shutil.copytree(three[1].path, three[0].path)
    changed(three[0], lambda c: c.update(shard={"number": 1, "of": 3, "problems": 5}))
    said = refused([whole], "another model than that of shard 1/3")
    assert "fingerprints x of" in said
    assert "and y of" in said


def test_shards_that_used_more_than_the_run_may(shards):
    folders = shards("shared", BUDGET, 3)

    def more(content):
        content["ledger"]["part"]["billed"]["tokens"] = 9e5

    for folder in folders[:2]:
        changed(folder, more)
    refused([folders[0].whole.path], r"billed 1\.8\d*e\+06 tokens together.*per_run.tokens: 1e\+06")


def test_rows_that_are_no_shard_s(three):
    rows = read_table(three[1].problems, "problems").to_pylist()
    rows[0]["problem_index"] = 4
    write_table(three[1].problems, "problems", rows)
    digests = three[1].digests()
    changed(three[1], lambda content: content.update(tables=digests))
    refused([three[0].whole.path], "place 4 of the run, where shard 2/3 has place 1")
    rows[0]["problem_index"] = 1
    write_table(three[1].problems, "problems", rows[:1])
    digests = three[1].digests()
    changed(three[1], lambda content: content.update(tables=digests))
    refused([three[0].whole.path], "has 1 problems; shard 2/3 of 5 has 2|out of order")


def test_a_run_without_shards_and_nothing_at_all(run, tmp_path):
    whole = run("shared", SMALL).run
    refused([whole.path], "has no shards")
    refused(["nothing"], "no run|no runs", root=tmp_path / "empty")


def test_words_for_a_run_in_shards(run, three, tmp_path):
    """By its recipe, its id or the beginning of one; other commands say what it is."""
    root, whole = tmp_path / "shared", three[0].whole
    for word in ("shared", whole.run_id, f"shared/{whole.run_id[:6]}"):
        assert find_run(word, root, unmerged=True) == whole
        with pytest.raises(DataError, match="in shards only: ttc merge"):
            find_run(word, root)
    assert merge(["shared"], root=root).run == whole
    assert find_run("shared", root) == whole


def test_shards_from_several_hosts_folders(run, tmp_path):
    """Copied from where they were done, with the journals of these."""
    folders = [run(f"host{i}", SMALL, f"{i}/3").run for i in (1, 2, 3)]
    done = merge([one.path for one in folders], root=tmp_path / "results")
    assert done.run.path == tmp_path / "results" / folders[0].whole.path.relative_to(
        tmp_path / "host1"
    )
    check_same(done.run, run("alone", SMALL).run)
    assert sum(one.came.new for one in done.pulled) > 0
    assert not run("results", SMALL).fresh
