"""Samples of lm-evaluation-harness: its own scores come out, by its labels and by our rule."""

import json

import pandas as pd
import pytest
from tool_logs import LOGS, imported, loaded

from ttc.errors import DataError
from ttc.importing import Judging, Wanted, import_pool, preview
from ttc.store.rows import read_problems, read_solutions, read_verifications

SUMS = "lm_eval/samples_nano_sums.jsonl"


def published(task):
    return loaded(f"lm_eval/results_{task}.json")["results"][task]


@pytest.mark.parametrize("labels", ["trust", "compare"])
def test_one_response_a_problem_scores_what_the_harness_says(tmp_path, labels):
    log = "lm_eval/samples_nano_each.jsonl"
    run, solutions = imported(tmp_path, log, judging=Judging(labels=labels))
    assert len(solutions) == 8
    assert solutions["correct"].mean() == published("nano_each")["exact_match,strict-match"]
    assert solutions["imported_correct"].notna().all()
    assert run.manifest().recipe["import"]["layout"] == "lm-eval"


def test_of_repeats_the_first_and_the_vote_score_what_the_harness_says(tmp_path):
    run, solutions = imported(tmp_path, SUMS)
    assert solutions.groupby("problem_id", observed=True).size().tolist() == [4] * 8
    by_problem = solutions.groupby("problem_id", observed=True)
    told = published("nano_sums")
    assert by_problem["correct"].first().mean() == told["exact_match,score-first"]
    voted = [_voted(group) for _, group in by_problem]
    assert sum(voted) / len(voted) == told["exact_match,maj@4"]
    problems = read_problems(run.problems)
    assert [p.id for p in problems] == [str(i) for i in range(8)]
    assert problems[2].question.startswith("Dee has 73 eggs.")
    assert problems[2].metadata["level"] == 3
    assert problems[2].metadata["id"] == "arithmetic-3-0-0"


def _voted(group):
    """Whether the most frequent answer is right; the first of equals, as the harness has it."""
    counts = group["answer"].astype(str).value_counts(sort=False)
    first = next(one for one in group["answer"].astype(str) if counts[one] == counts.max())
    return bool(group.loc[group["answer"].astype(str) == first, "correct"].iloc[0])


def test_labels_are_of_answers_not_of_places(tmp_path):
    """A response has a label exactly where a filter's answer is its own."""
    _, solutions = imported(tmp_path, SUMS)
    lines = [json.loads(line) for line in (LOGS / SUMS).read_text().splitlines()]
    judged = {(str(x["doc_id"]), x["filtered_resps"][0]): bool(x["exact_match"]) for x in lines}
    for row in solutions.itertuples():
        label = judged.get((row.problem_id, row.answer))
        found = None if pd.isna(row.imported_correct) else bool(row.imported_correct)
        assert found == label


def test_another_filter_can_be_asked_for(tmp_path):
    run, _ = imported(tmp_path, SUMS, wanted=Wanted(filter="last-number"))
    assert run.manifest().recipe["import"]["filter"] == "last-number"
    assert "there are also score-first, maj@4" in run.manifest().note
    with pytest.raises(DataError, match=r"samples_nano_sums.jsonl:\d+: no filter 'maj@8'; did you"):
        imported(tmp_path, SUMS, wanted=Wanted(filter="maj@8"))


@pytest.mark.parametrize("metric", ["acc", "acc_norm"])
@pytest.mark.parametrize("labels", ["trust", "compare"])
def test_choices_by_loglikelihood(tmp_path, metric, labels):
    log, wanted = "lm_eval/samples_nano_choice.jsonl", Wanted(metric=metric)
    run, solutions = imported(tmp_path, log, wanted=wanted, judging=Judging(labels=labels))
    assert solutions["correct"].mean() == published("nano_choice")[f"{metric},none"]
    problem = read_problems(run.problems)[0]
    assert problem.choices == ("98", "97", "99", "100")
    assert problem.answer == "A"
    sure = list(read_verifications(run.verifications))
    assert {one.verifier for one in sure} == {"confidence"}
    assert all(0.25 <= one.score <= 1 for one in sure)  # the likeliest of four


def choice(number, target, best, scored):
    """A line of a choice among 1, 2, 3 and 4."""
    return {
        "doc_id": number,
        "doc": {"question": f"{number}?"},
        "target": target,
        "arguments": {f"gen_args_{i}": {"arg_0": "?", "arg_1": f" {i + 1}"} for i in range(4)},
        "resps": [[[str(-1.0 - (i != best)), "False"]] for i in range(4)],
        "filtered_resps": [],
        "filter": "none",
        "metrics": ["acc"],
        "acc": scored,
    }


def test_numbers_as_options_are_told_from_numbers_of_options_by_the_label(tmp_path):
    """Logs write which option is right; some tasks write its words."""
    lines = [
        choice(0, "3", best=2, scored=0.0),  # so the target is the fourth option
        choice(1, "3", best=3, scored=1.0),
        choice(2, "3", best=2, scored=1.0),  # so it is the words
        choice(3, "3", best=0, scored=0.0),  # nobody can tell: the number
        choice(4, "4", best=0, scored=0.0),  # there is no fifth
    ]
    (tmp_path / "samples_x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    run = import_pool(tmp_path / "samples_x.jsonl", tmp_path / "run")
    assert [one.answer for one in read_problems(run.problems)] == ["D", "D", "C", "D", "D"]
    assert "differs" not in (run.manifest().note or "")


def test_answers_to_several_requests_are_all_there(tmp_path):
    line = {
        "doc_id": 0,
        "doc": {"question": "twice"},
        "target": "2",
        "arguments": {f"gen_args_{i}": {"arg_0": "p", "arg_1": {}} for i in range(2)},
        "resps": [["It is 1"], ["It is 2", "It is 3"]],
        "filtered_resps": ["1", "2"],
        "filter": "none",
        "metrics": ["em"],
        "em": 1.0,
    }
    (tmp_path / "samples_x.jsonl").write_text(json.dumps(line))
    run = import_pool(tmp_path / "samples_x.jsonl", tmp_path / "run")
    texts = [one.text for one in read_solutions(run.solutions)]
    assert texts == ["It is 1", "It is 2", "It is 3"]


def test_what_is_not_used_is_named(tmp_path):
    run, _ = imported(tmp_path, SUMS)
    assert run.manifest().source["unused_keys"] == ["doc_hash", "prompt_hash", "target_hash"]
    shown = preview(LOGS / SUMS)
    assert shown.format == "lm-eval"
    assert shown.place.endswith("samples_nano_sums.jsonl:1")
    assert {name: key for name, key, _ in shown.rows}["solution.text"] == "resps"
    assert list(shown.unused) == ["doc_hash", "prompt_hash", "target_hash"]


def test_a_folder_of_its_output_holds_tasks_side_by_side(tmp_path):
    run, solutions = imported(tmp_path, "lm_eval")
    assert len(solutions) == 32 + 8 + 8
    names = {p.id.partition("/")[0] for p in read_problems(run.problems)}
    assert names == {"nano_sums", "nano_each", "nano_choice"}


def line(**change):
    row = {
        "doc_id": 0,
        "doc": {"question": "1+1?"},
        "target": "2",
        "arguments": {"gen_args_0": {"arg_0": "1+1?", "arg_1": {}}},
        "resps": [["It is 2"]],
        "filtered_resps": ["2"],
        "filter": "none",
        "metrics": ["exact_match"],
        "exact_match": 1.0,
    }
    return json.dumps(row | change) + "\n"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (line() + line(), r"x.jsonl:2: doc_id 0 with filter 'none' is there twice, first in .*:1"),
        (line(resps=[]), r":1: resps: expected a list of responses"),
        (line(resps=[[{"a": 1}]]), r":1: resps\[0\]: expected a text, found an object"),
        (line(doc=3), r":1: doc: expected an object, found 3"),
        (line(exact_match=2.5), r":1: none of its metrics \(exact_match\) says right or wrong"),
        (line(exact_match=float("nan")), "none of its metrics"),
        (line(doc_id=None), r":1: lacks 'doc_id'"),
        (line(resps=[[["x", "False"]], [["-1", "True"]]]), r"resps: expected a number, found 'x'"),
        (line() + '{"doc_id": 1}\n', r":2: none of its metrics"),
    ],
)
def test_broken_samples_are_told_with_line_and_key(tmp_path, lines, says):
    (tmp_path / "x.jsonl").write_text(lines)
    with pytest.raises(DataError, match=says):
        import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")
    assert not (tmp_path / "results" / "x").exists()


def test_older_samples_have_lists_of_arguments_and_name_no_metrics(tmp_path):
    row = json.loads(line(arguments=[["1+1?", {"until": []}]], target="['2', 'two']"))
    del row["metrics"], row["filter"]
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")
    assert read_problems(run.problems)[0].answer == "2"


def test_a_partial_grade_is_wrong_and_told_unless_asked_otherwise(tmp_path):
    (tmp_path / "x.jsonl").write_text(line(exact_match=0.5))
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")
    assert "1 label between wrong and right" in run.manifest().note
    wanted = Wanted(right_from=0.5)
    better = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x", wanted=wanted)
    from ttc.store.tables import read_frame

    assert not read_frame(run.solutions, "solutions")["correct"].any()
    assert read_frame(better.solutions, "solutions")["correct"].all()
