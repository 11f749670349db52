"""The most uncertain solutions go out to be labelled, and labels come back."""

import json
from typing import Literal

import pytest
from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.errors import DataError, UsageError
from ttc.pipeline.judging.gold_steps import gold_steps
from ttc.pipeline.labelling import export_items, import_labels, judged_items
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.step_labels import (
    StepLabel,
    agreed,
    read_step_labels,
    write_step_labels,
)
from ttc.verdicts.steps import numbered
from ttc.verifiers import VerifierPart

VOTES = {0: [-1, -1, -1, -1], 1: [0, 1, 0, -1], 2: [0, 0, 0, 1], 3: [None, None, None, None]}


class Planted(VerifierPart):
    """Votes on the first wrong step as the test has it."""

    type: Literal["planted"] = "planted"
    steps: str = "line"
    summary_prompt: str | None = None

    async def verify(self, attempt, solutions):
        return [
            self.verification(
                solution,
                i,
                [],
                text=numbered(["it starts", "it goes on"], 0) + "\n\nlooks\nStep 0: odd",
                verdict=None if vote is None else vote == -1,
                score=None if vote is None else float(vote == -1),
                first_wrong_step=vote if vote is not None and vote >= 0 else None,
                step_scores=() if vote is None else (1.0, 0.0),
            )
            for solution in solutions
            for i, vote in enumerate(VOTES[solution.index])
        ]


def recipe(folder, more=""):
    return parse_recipe(recipe_text(folder, f"{{type: planted{more}}}"))


def recipe_text(folder, verifier):
    return f"""
name: planted
dataset: {{type: nano, family: arithmetic, levels: [2], problems: 1}}
backend: {{type: nano, model: nano-solver}}
sampler: {{type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}}
verifiers: [{verifier}]
policies: [first]
results: {folder}
"""


@pytest.fixture
def run(own_parts, tmp_path):
    own_parts(Planted)
    return run_recipe(recipe(tmp_path)).run


PRM = "{type: prm, backend: {type: nano, model: nano-prm}, prompt: nano-solver, steps: line}"
META = "{type: meta, backend: {type: nano, model: nano-grader}, prompt: nano-meta, verifier: INNER}"


@pytest.mark.parametrize(
    "outer",
    [
        f"{{type: ensemble, verifiers: [INNER, {PRM}]}}",
        META,
        f"{{type: ensemble, verifiers: [{META}, {PRM}]}}",
    ],
)
def test_steps_of_a_verifier_inside_another_are_those_that_it_judged(own_parts, tmp_path, outer):
    own_parts(Planted)
    text = recipe_text(
        tmp_path, outer.replace("INNER", "{type: planted, summary_prompt: nano-opv-summary}")
    )
    items = judged_items(run_recipe(parse_recipe(text)).run, "planted")
    assert {item.steps for item in items} == {("it starts", "it goes on")}


def test_uncertainty_is_one_less_the_share_of_the_most_frequent_vote(run):
    items = judged_items(run, "planted")
    assert [(item.key[1], item.uncertainty) for item in items] == [
        (3, 1.0), (1, 0.5), (2, 0.25), (0, 0.0),
    ]  # fmt: skip
    assert items[1].votes == {0: 2, 1: 1, -1: 1}
    lines = [line for line in items[1].solution.text.splitlines() if line]
    assert list(items[1].steps) == lines


def test_the_steps_are_those_of_the_summary_where_there_is_one(own_parts, tmp_path):
    own_parts(Planted)
    done = run_recipe(recipe(tmp_path, ", summary_prompt: nano-opv-summary"))
    assert judged_items(done.run, "planted")[0].steps == ("it starts", "it goes on")


def filled(path, *fills):
    """The file with its first lines filled in."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row, fill in zip(rows, fills, strict=False):
        row.update(fill)
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return rows


def test_labels_go_out_and_come_back(run, tmp_path):
    path = tmp_path / "labels.jsonl"
    export_items(run, "planted", 3, path)
    rows = filled(
        path,
        {"first_wrong_step": 1, "annotator": "ada"},
        {"first_wrong_step": -1},
    )
    assert [row["solution_index"] for row in rows] == [3, 1, 2]
    assert rows[1]["votes"] == {"0": 2, "1": 1, "-1": 1}
    assert rows[0]["steps"][0].startswith("0: ")
    labels, empty = import_labels(run, path, "bo")
    problem = rows[0]["problem_id"]
    assert labels == [StepLabel(problem, 3, 1, "ada"), StepLabel(problem, 1, -1, "bo")]
    assert empty == 1
    assert agreed(read_step_labels(run)) == {(problem, 3): 1, (problem, 1): -1}
    assert run.complete(), "labels are none of what a run writes"
    gold = gold_steps(run)
    found = gold[problem, 3].first_wrong, gold[problem, 1].first_wrong
    assert found == (1, -1), "people's word comes first"
    assert len(gold) == 4, "of others, what the generator knows"


def test_labels_of_several_people_count_where_they_agree(run):
    write_step_labels(run, [StepLabel("p", 0, 1, "ada"), StepLabel("p", 1, 1, "ada")])
    kept = write_step_labels(run, [StepLabel("p", 0, 1, "bo"), StepLabel("p", 1, 0, "bo")])
    assert len(kept) == 4
    assert agreed(kept) == {("p", 0): 1}
    changed = write_step_labels(run, [StepLabel("p", 1, 1, "bo")])
    assert agreed(changed) == {("p", 0): 1, ("p", 1): 1}


@pytest.mark.parametrize(
    ("fill", "told"),
    [
        ({"first_wrong_step": 99}, "labels.jsonl:1: first_wrong_step is 99, but the last step is"),
        ({"first_wrong_step": "2"}, ':1: first_wrong_step must be a whole number, not "2"'),
        ({"first_wrong_step": True}, ":1: first_wrong_step must be a whole number, not true"),
        ({"first_wrong_step": -2}, ":1: first_wrong_step must be a whole number"),
        ({"first_wrong_step": 0, "annotator": " "}, ":1: no annotator"),
        (
            {"first_wrong_step": 0, "problem_id": "x"},
            ":1: the verifier judged no solution 3 of 'x'",
        ),
        ({"first_wrong_step": 0, "solution_index": 7}, ":1: the verifier judged no solution 7"),
        ({"first_wrong_step": 0, "verifier": "opw"}, "no verifications by 'opw'; known: planted"),
        ({"first_wrong_step": 0, "verifier": None}, ":1: verifier must be a text, not null"),
    ],
)
def test_what_can_t_be_a_label_is_told_with_its_line_and_nothing_is_kept(run, tmp_path, fill, told):
    path = tmp_path / "labels.jsonl"
    export_items(run, "planted", 3, path)
    good = {"first_wrong_step": 0, "annotator": "ada"}
    filled(path, {"annotator": "ada", **fill}, good)
    with pytest.raises(DataError) as error:
        import_labels(run, path)
    assert told in str(error.value)
    assert read_step_labels(run) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "labels.jsonl:1: no JSON"),
        ("\n[1]", "labels.jsonl:2: must be an object"),
        ("[" * 10**5, ":1: no JSON"),
        ("\udcff", "can't read"),
    ],
)
def test_what_is_no_file_of_labels_is_told(run, tmp_path, text, told):
    path = tmp_path / "labels.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=told):
        import_labels(run, path)


def test_a_solution_is_labelled_once_by_each(run, tmp_path):
    path = tmp_path / "labels.jsonl"
    export_items(run, "planted", 1, path)
    filled(path, {"first_wrong_step": 0, "annotator": "ada"})
    path.write_text(path.read_text() * 2)
    with pytest.raises(DataError, match="labels solution 3 of"):
        import_labels(run, path)


def test_a_file_that_may_hold_labels_is_not_written_over(run, tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        export_items(run, "planted", 3, path)
    assert path.read_text() == "mine"


def test_the_command(run, tmp_path):
    path = tmp_path / "labels.jsonl"
    words = ["label", str(run.path), "--verifier", "planted"]
    shown = CliRunner().invoke(app, [*words, "--most-uncertain", "2", "--out", str(path)])
    assert "2 solutions in" in shown.output
    assert "uncertainty 1.00 to 0.50" in shown.output
    filled(path, {"first_wrong_step": 0})
    read = CliRunner().invoke(app, [*words, "--read", str(path), "--annotator", "ada"])
    assert "1 label read into" in read.output
    assert "1 line not filled in" in read.output
    neither = CliRunner().invoke(app, words)
    assert isinstance(neither.exception, UsageError)
