"""Logs of Inspect: its own scores come out; other scorers become verifiers."""

import json
import zipfile

import pytest
from tool_logs import LOGS, imported, loaded

from ttc.errors import DataError
from ttc.importing import Judging, Wanted, import_pool, preview
from ttc.importing.zipped import opened
from ttc.store.rows import read_problems, read_verifications

EVAL, JSON = "inspect/sums.eval", "inspect/sums.json"


def header(log):
    if log == JSON:
        return loaded(log)
    with opened(LOGS / log) as archive:
        return json.loads(archive.read("header.json"))


def published(log, scorer):
    (told,) = (one for one in header(log)["results"]["scores"] if one["name"] == scorer)
    return told["metrics"]["accuracy"]["value"]


@pytest.mark.parametrize("log", [EVAL, JSON])
@pytest.mark.parametrize("labels", ["trust", "compare"])
def test_the_accuracy_is_the_log_s_own(tmp_path, log, labels):
    run, solutions = imported(tmp_path, log, judging=Judging(labels=labels))
    assert solutions["correct"].mean() == pytest.approx(published(log, "match"), abs=1e-12)
    assert solutions["imported_correct"].notna().all()
    assert len(solutions) == (18 if log == EVAL else 6)
    assert run.manifest().models["solver"].model == "openai-api/nano/nano-solver"
    assert run.manifest().choices.token_counts != "estimated"
    assert (solutions["completion_tokens"] > 1).all()


def test_the_entries_of_the_archive_are_zstandard():
    with zipfile.ZipFile(LOGS / EVAL) as archive:
        assert {info.compress_type for info in archive.infolist()} == {93}


def test_another_scorer_is_a_verifier_with_its_words(tmp_path):
    run, solutions = imported(tmp_path, EVAL)
    made = list(read_verifications(run.verifications))
    assert {one.verifier for one in made} == {"judged"}
    assert len(made) == len(solutions)
    assert sum(one.score for one in made) / len(made) == pytest.approx(published(EVAL, "judged"))
    assert all(one.text and one.completion_tokens > 3 for one in made)
    assert all(one.verdict == (one.score == 1) for one in made)


def test_any_scorer_can_be_the_label(tmp_path):
    run, solutions = imported(tmp_path, EVAL, wanted=Wanted(metric="judged"))
    assert solutions["correct"].mean() == pytest.approx(published(EVAL, "judged"))
    assert {one.verifier for one in read_verifications(run.verifications)} == {"match"}
    with pytest.raises(DataError, match=r"scores.macth: no such scorer; did you mean 'match'"):
        imported(tmp_path, EVAL, wanted=Wanted(metric="macth"))


def test_problems_and_what_is_not_used(tmp_path):
    run, _ = imported(tmp_path, EVAL)
    problems = read_problems(run.problems)
    assert len(problems) == 6
    assert problems[0].id == "arithmetic-1-0-0"
    assert problems[0].metadata == {"level": 1}
    unused = run.manifest().source["unused_keys"]
    assert {"messages", "events", "uuid"} <= set(unused)
    assert not {"output", "scores", "metadata", "target", "input"} & set(unused)
    shown = preview(LOGS / JSON)
    assert shown.format == "inspect"
    assert ("solution.tokens", "output.usage.output_tokens") in [row[:2] for row in shown.rows]


def log_of(*samples, status="success"):
    return {
        "version": 2,
        "status": status,
        "eval": {"model": "m", "task": "t"},
        "samples": list(samples),
    }


def sample(value="C", epoch=1, **change):
    return {
        "id": "a",
        "epoch": epoch,
        "input": "1+1?",
        "target": "2",
        "output": {"choices": [{"message": {"content": "It is 2"}, "stop_reason": "stop"}]},
        "scores": {"match": {"value": value, "answer": "2"}},
    } | change


def load(tmp_path, log, **options):
    (tmp_path / "log.json").write_text(json.dumps(log))
    return import_pool(tmp_path / "log.json", tmp_path / "results" / "log", **options)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        *(("C", True), ("I", False), ("P", False), ("N", False), (1, True), (0.0, False)),
        *((True, True), ("yes", True), ("false", False), ("1.0", True)),
    ],
)
def test_values_of_scores(tmp_path, value, right):
    from ttc.store.tables import read_frame

    run = load(tmp_path, log_of(sample(value)))
    assert read_frame(run.solutions, "solutions")["correct"].tolist() == [right]
    assert ("between wrong and right" in run.manifest().note) == (value == "P")


def test_parts_attachments_messages_and_errors(tmp_path):
    parts = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "attachment://x"}]
    told = sample(
        input=[{"role": "system", "content": "Sum."}, {"role": "user", "content": "1+1?"}],
        target=["2", "two"],
        output={"choices": [{"message": {"content": parts}}]},
        attachments={"x": "So it is 2"},
    )
    broken = sample(epoch=2, scores=None, error={"message": "time-out"})
    run = load(tmp_path, log_of(told, broken, status="error"))
    from ttc.store.rows import read_solutions

    assert [one.text for one in read_solutions(run.solutions)] == ["So it is 2"]
    (problem,) = read_problems(run.problems)
    assert problem.question == "1+1?"
    assert problem.metadata["targets"] == ["2", "two"]
    assert "the log's status is error" in run.manifest().note
    assert "ended in an error are left out" in run.manifest().note


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (log_of(), "holds no samples"),
        (
            log_of(sample(), sample()),
            "2: epoch 1 of sample 'a' is there twice, first in .* 1",
        ),
        (log_of(sample("maybe")), r"scores.match.value: expected a label: C or I"),
        (log_of(sample(7)), r"expected a label: .* found 7"),
        (log_of(sample({"x": 1, "y": 0})), r"has 2 values \(x, y\); name one with --metric SCORER"),
        (log_of(sample(scores=[1])), "scores: expected an object, found a list"),
        (log_of(sample(input=[3])), "input: expected a text or a list of messages"),
        (log_of(3), "sample 1: expected an object, found 3"),
    ],
)
def test_broken_logs_are_told(tmp_path, log, says):
    with pytest.raises(DataError, match=says):
        load(tmp_path, log)


def test_one_value_of_several_can_be_the_label(tmp_path):
    from ttc.store.tables import read_frame

    wanted = Wanted(metric="match.y")
    run = load(tmp_path, log_of(sample({"x": 1, "y": 0})), wanted=wanted)
    assert read_frame(run.solutions, "solutions")["imported_correct"].tolist() == [False]


def test_hostile_archives_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ttc.importing.zipped.MOST_MEMBER", 2**20)
    path = tmp_path / "log.eval"

    def refused(says, **members):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", json.dumps(log_of()))
            for name, content in members.items():
                archive.writestr(name.replace("__", "/"), content)
        with pytest.raises(DataError, match=says):
            import_pool(path, tmp_path / "results" / "log")
        assert not (tmp_path / "results" / "log").exists()

    refused("holds no samples")
    refused("holds no samples", **{"..__..__samples__a_epoch_1.json": "{}"})
    refused("too deep", **{"samples__a_epoch_1.json": "[" * 200_000})
    refused("not JSON", **{"samples__a_epoch_1.json": "{"})
    refused("more than 1 MiB", **{"samples__a_epoch_1.json": b" " * (2**20 + 1)})
    path.write_bytes((LOGS / EVAL).read_bytes()[:20_000])
    with pytest.raises(DataError, match="no readable zip archive"):
        import_pool(path, tmp_path / "results" / "log")
    whole = bytearray((LOGS / EVAL).read_bytes())
    with zipfile.ZipFile(LOGS / EVAL) as archive:
        first = next(i for i in archive.infolist() if i.filename.startswith("samples/"))
    whole[first.header_offset + 200] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(DataError, match=r"_epoch_\d.json: the archive is damaged"):
        import_pool(path, tmp_path / "results" / "log")
