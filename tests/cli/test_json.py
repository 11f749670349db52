"""`--json`: every command that prints a table prints the same for programs, and nothing else."""

import inspect
import json

import pytest
import typer.main
from processes import ttc

from ttc.cli._app import app

SMALL = (
    *("--set", "dataset.problems=8", "--set", "sampler.solutions=8"),
    *("--set", "verifiers.0.verifications=2"),
)
# What has no table: a sentence, a file, or a page of JSON as it is.
WITHOUT = {
    *("export", "init", "label", "pool add", "pool pack", "report", "schema", "serve-model"),
    *("serve", "view"),
}
RUN = "quickstart"
EXAMPLES = {
    "adapt": (RUN, "--orders", "4"),
    "backends": (),
    "batches": (RUN,),
    "compare": (RUN,),
    "contrast": (RUN, "majority@8", "best_of_n@4x2"),
    "curves": (RUN, "--k", "1,4"),
    "doctor": ("sandbox",),
    "eval-verifier": (RUN, "--draws", "20"),
    "fit-scaling": (RUN, "--draws", "20", "--policy", "best_of_n"),
    "import": ("samples.jsonl",),
    "journal pull": ("results", "other.sqlite"),
    "journal push": ("another",),
    "journal show": (),
    "list": (),
    "merge": ("sharded",),
    "metrics": (RUN, "--forecast", "64"),
    "plan": (RUN, "--like", RUN, *SMALL),
    "recipes": (),
    "recommend": (RUN, "--budget", "200", "--draws", "20"),
    "run": (RUN, *SMALL),
    "runs": (),
    "show": (RUN,),
    "simulate": ("--problems", "4", "--solutions", "2", "--verifications", "0"),
    "status": (RUN,),
    "sweep": (RUN, *SMALL, "--grid", "seed=0,1", "--dry-run"),
    "theory": (RUN,),
    "tune": (RUN, "--policy", "pessimistic", "--share", "0.5"),
}
# Need a run that goes on, one of a method of its own, a pool's file.
ELSEWHERE = {"ctl", "train-router", "pool show"}


def commands():
    """By name, those of groups as `pool show`."""
    found = {}
    for name, one in typer.main.get_command(app).commands.items():
        inside = getattr(one, "commands", None)
        found |= {name: one} if inside is None else {f"{name} {k}": v for k, v in inside.items()}
    return found


def options(command):
    return {word for param in command.params for word in param.opts}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("json")
    for more in ((), ("--set", "name=sharded", "--shard", "1/1")):
        done = ttc(place, "run", RUN, *SMALL, *more, "--quiet")
        assert done.returncode == 0, done.stderr
    row = {"problem_id": "p", "question": "?", "answer": "1", "solutions": ["so 1", "so 2"]}
    (place / "samples.jsonl").write_text(json.dumps(row) + "\n")
    return place


def no_such_number(word):
    raise AssertionError(f"{word} is no JSON")


def printed(folder, *words):
    done = ttc(folder, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=no_such_number)


def test_every_command_that_prints_a_table_has_it():
    lacking = {name for name, one in commands().items() if "--json" not in options(one)}
    assert lacking <= WITHOUT
    assert set(commands()) - WITHOUT <= EXAMPLES.keys() | ELSEWHERE, "add an example above"
    for name in WITHOUT & commands().keys():
        assert "console()" not in inspect.getsource(commands()[name].callback), name


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_it_is_json_and_nothing_else(folder, command):
    found = printed(folder, *command.split(), *EXAMPLES[command], "--json")
    assert found
    for rows in tables_in(found):
        assert len({tuple(row) for row in rows}) == 1, "rows of a table have the same keys"


def tables_in(value):
    """Lists of objects, at any depth, that are one table."""
    if isinstance(value, dict):
        for key, inner in value.items():
            # A problem's checks and a part's fields are what they are.
            if key not in ("events", "endpoints", "diagnoses", "levels", "candidates"):
                yield from tables_in(inner)
    elif isinstance(value, list) and value:
        if all(isinstance(one, dict) for one in value):
            yield value
        for one in value:
            yield from tables_in(one)


def test_what_a_summary_says(folder):
    found = printed(folder, "show", RUN, "--json")
    assert found["run"].startswith("quickstart/s0-")
    assert found["status"] == "complete"
    assert found["spent"]["solver"]["samples"] == 8 * 8
    assert {row["policy"] for row in found["success"]} >= {"majority", "best_of_n"}
    again = printed(folder, "run", RUN, *SMALL, "--json")
    assert again.pop("fresh") is False
    assert again == found


def test_one_problem_and_its_tree(folder):
    problem = "arithmetic-2-0-0"
    found = printed(folder, "show", RUN, "--problem", problem, "--json")
    assert len(found["solutions"]) == 8
    assert sum(one["votes"] for one in found["votes"]) == 8
    majority = next(one for one in found["chosen"] if one["policy"] == "majority")
    votes = {one["answer"]: one["votes"] for one in found["votes"]}
    assert votes[majority["answer"]] == max(votes.values())
    assert all(len(one["verdicts"]) == 2 for one in found["solutions"])
    tree = printed(folder, "show", RUN, "--problem", problem, "--tree", "--json")
    solved = [one for one in tree["samples"] if one["role"] == "solver"]
    assert [one["number"] for one in tree["samples"]] == sorted(
        one["number"] for one in tree["samples"]
    )
    assert len(solved) == 8


def test_numbers_that_json_has_none_of_are_null():
    from ttc.terminal import dump_json

    text = dump_json({"a": float("nan"), "b": [float("inf"), (1.5, float("-inf"))], "c": "NaN"})
    assert json.loads(text) == {"a": None, "b": [None, [1.5, None]], "c": "NaN"}


def test_short_tables_say_what_they_leave_out(folder):
    short, whole = (ttc(folder, "show", RUN, *more).stdout for more in ((), ("--all",)))
    assert "more rows: ttc show quickstart --all" in short
    assert "more row" not in whole
    assert len(whole.splitlines()) > len(short.splitlines())
    short, whole = (ttc(folder, "curves", RUN, *more).stdout for more in ((), ("--all",)))
    rows = [line for line in short.splitlines() if " % to " in line]
    assert 1 < len(rows) <= 10
    left = len([line for line in whole.splitlines() if " % to " in line]) - len(rows)
    assert f"{left} more rows: --all" in short
    asked = ttc(folder, "curves", RUN, "--k", "1,2,4,8").stdout
    assert "more row" not in asked, "what was asked for by number is all there"
