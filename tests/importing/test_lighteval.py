"""Details of lighteval: its own scores come out, by its labels and by our rule."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tool_logs import LOGS, imported, loaded

from ttc.errors import DataError
from ttc.importing import Judging, import_pool, preview
from ttc.store.rows import read_problems, read_verifications


def published(task, metric):
    (found,) = (
        value
        for name, scores in loaded("lighteval/results.json")["results"].items()
        if name.startswith(task)
        for key, value in scores.items()
        if key.startswith(metric) and not key.endswith("stderr")
    )
    return found


@pytest.mark.parametrize("labels", ["trust", "compare"])
@pytest.mark.parametrize(
    ("task", "metric", "responses"),
    [("nano_each", "extractive_match", 1), ("nano_four", "avg@n", 4), ("nano_choice", "acc", 1)],
)
def test_the_scores_are_its_own(tmp_path, task, metric, responses, labels):
    log = f"lighteval/details_{task}.parquet"
    run, solutions = imported(tmp_path, log, judging=Judging(labels=labels))
    assert solutions["correct"].mean() == pytest.approx(published(task, metric), abs=1e-12)
    assert solutions.groupby("problem_id", observed=True).size().tolist() == [responses] * 8
    assert run.manifest().recipe["import"]["layout"] == "lighteval"


def test_choices_and_how_sure_they_are(tmp_path):
    run, _ = imported(tmp_path, "lighteval/details_nano_choice.parquet")
    problem = next(p for p in read_problems(run.problems) if p.id == "0")
    assert problem.choices == ("98", "97", "99", "100")
    assert problem.answer == "A"
    assert {one.verifier for one in read_verifications(run.verifications)} == {"confidence"}


def test_averages_of_several_label_only_where_they_can(tmp_path):
    run, solutions = imported(tmp_path, "lighteval/details_nano_four.parquet")
    rows = pq.read_table(LOGS / "lighteval/details_nano_four.parquet").to_pylist()
    for name, group in solutions.groupby("problem_id", observed=True):
        (metric,) = (next(iter(r["metric"].values())) for r in rows if r["doc"]["id"] == name)
        assert group["imported_correct"].notna().all() == (metric in (0, 1))
    assert "each is judged by our own rule" in run.manifest().note


def test_the_dry_run_names_keys(tmp_path):
    shown = preview(LOGS / "lighteval/details_nano_each.parquet")
    told = {name: key for name, key, _ in shown.rows}
    assert "model_response.text" in told["solution.text"]
    assert told["problem.question"] == "model_response.input, doc.query"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metric": {"bleu": 31.5}}, "row 1: metric: none of bleu says right or wrong"),
        ({"model_response": {"text": []}}, "neither texts nor log-likelihoods"),
        ({"doc": {"choices": ["2"], "gold_index": -4}}, "gold_index: expected a whole number"),
    ],
)
def test_broken_details_are_told(tmp_path, change, says):
    row = {
        "doc": {"query": "1+1?", "choices": ["2"], "gold_index": 0},
        "metric": {"em": 1.0},
        "model_response": {"text": ["2"]},
    }
    pq.write_table(pa.Table.from_pylist([row | change]), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=says):
        import_pool(tmp_path / "x.parquet", tmp_path / "results" / "x")
