"""Real broken functions through `staged` and `evolve`: file, recipe, run, hidden tests."""

import asyncio
import json

import pytest
from attempts import attempt_of
from pools_reading import unit_tests
from repairing import repaired
from writers import Sandbox, Writer

from ttc.core import Problem
from ttc.nano.prompts import numbered, repair_question
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.recipe.shipped import find_recipe
from ttc.store.tables import read_frame
from ttc.unit_tests.fitness import Trial
from ttc.unit_tests.given import given_tests
from ttc.unit_tests.suspicion import suspicions
from ttc.verifiers.code import Code

EACH = 8  # one row of so many
CONTEXT = 512  # characters that nano-repair reads
COLUMNS = "{id: id, question: question, answer: hidden, metadata: [tests, entry_point, program]}"
ANSWERS = "answers={extract: [patch], equivalence: code, time_limit_s: 2}"


@pytest.fixture
def rows(pool):
    """Some of those with tests of their own, the longest among them."""
    known = [row for row in pool("code_repair_humanevalfix_quixbugs") if unit_tests(row)]
    longest = max(known, key=lambda row: len(row["buggy"]))
    some = known[::EACH]
    return some if longest in some else [*some, longest]


def split_tests(row):
    """Public and hidden ones: the docstring's examples and the others, or the first cases."""
    known = unit_tests(row)
    if "tests" in row:
        return row["example_tests"] if row["example_tests"].strip() else row["tests"], row["tests"]
    cases = known["tests"]
    gold = {"entry_point": row["entry_point"], "tests": cases[3:] or cases}
    return cases[:3], json.dumps(gold)


def line_of(row, question):
    """A line of the file that a recipe reads."""
    public, hidden = split_tests(row)
    return {
        "id": row["problem_id"],
        "question": question,
        "hidden": hidden,
        "tests": public,
        "entry_point": row["entry_point"],
        "program": row["buggy"].strip("\n"),
    }


async def fails(row):
    """The first public test that the broken function fails, as the repair network is told; empty
    where it passes all of them, and of one that evolving would refuse.
    """
    public, _ = split_tests(row)
    tests = given_tests(
        {"tests": public, "entry_point": row["entry_point"]}, "tests", "entry_point"
    )
    trial = Trial(tests, set(range(len(tests))), limit_s=1.0)
    problem = Problem(row["problem_id"], "", "")
    attempt = attempt_of(Code(), problem, Writer(lambda *_: ""), sandbox=Sandbox())
    (result,) = await trial.run(attempt, [row["buggy"]])
    return next(iter(trial.rating(row["buggy"], result).told), "")


def asked(row):
    program = row["buggy"].strip("\n").split("\n")
    told = asyncio.run(fails(row)) or "a test that is hidden"
    return repair_question(told, numbered(program))


@pytest.fixture
def file(rows, tmp_path):
    """The broken functions as a file of problems, in the words of the repair network."""
    made = tmp_path / "broken.jsonl"
    made.write_text("\n".join(json.dumps(line_of(row, asked(row))) for row in rows))
    return made


@pytest.mark.parametrize("name", ["staged", "evolve"])
def test_the_repair_network_tries_each(rows, file, tmp_path, told, name):
    """It learned other functions, a quarter as long at most; what it can't read at all is a failure
    of these problems with a name, and of no other.
    """
    recipe = load_recipe(
        find_recipe(f"repair/{name}"),
        [
            f"dataset={{type: file, path: {file}, columns: {COLUMNS}}}",
            ANSWERS,
            f"results={tmp_path}",
        ],
    )
    outcome = run_recipe(recipe)
    assert outcome.manifest.status == "complete"
    problems = read_frame(outcome.run.table("problems"), "problems").set_index("problem_id")
    assert len(problems) == len(rows)
    samples = read_frame(outcome.run.table("samples"), "samples")
    samples = samples[samples["role"] == "solver"]
    failed = samples[samples["finish_reason"] == "context_length"]["problem_id"].astype(str)
    long = set(problems.index[problems["question"].str.len() + len("\nFault in line:") >= CONTEXT])
    assert 0 < len(long) < len(rows) / 2
    if name == "staged":
        assert set(failed) == long
    assert set(samples["finish_reason"]) <= {"stop", "length", "context_length"}
    solutions = read_frame(outcome.run.solutions, "solutions").query("returned")
    assert not set(solutions["problem_id"].astype(str)) & long or name == "evolve"
    mended = set(solutions[solutions["correct"]]["problem_id"])
    told(
        f"code_repair: {name} with nano-repair mends, of {len(rows)} ({len(long)} too long)",
        "few: it learned other functions",
        f"{len(mended)} ({', '.join(sorted(map(str, mended)))})",
    )


@pytest.mark.parametrize(
    "sampler",
    [
        None,
        "sampler={type: evolve, mutations: [{prompt: mutate, max_tokens: 1024}], generations: 2, "
        "children: 2}",
    ],
    ids=["staged", "evolve"],
)
def test_a_model_that_knows_how_is_paid_and_graded(rows, tmp_path, told, sampler):
    """The recipe for served models with one that mends at its second sample: public tests accept
    it, and hidden ones agree.
    """
    found = []
    for row in rows:
        file = tmp_path / "one.jsonl"
        file.write_text(json.dumps(line_of(row, f"Mend this:\n{row['buggy']}")))
        dataset = f"dataset={{type: file, path: {file}, columns: {COLUMNS}}}"
        more = [dataset, "answers.time_limit_s=5", *([sampler] if sampler else [])]
        recipe = load_recipe(find_recipe("repair_server"), more)
        (problem,) = recipe.dataset.load()

        def says(text, number, row=row):
            return f"```python\n{row['fixed' if number % 2 else 'buggy']}\n```"

        solutions, _, _ = repaired(recipe.sampler, says, problem)
        programs = [recipe.answers.extract(one.text) for one in solutions]
        right = recipe.answers.classify(programs, problem.answer).correct if programs else [False]
        found.append((row["problem_id"], bool(right[0])))
    wrong = {name for name, right in found if not right}
    refused = {row["problem_id"] for row in rows if suspicions(row["fixed"])}
    unseen = {row["problem_id"] for row in rows if not asyncio.run(fails(row))} - refused
    suspect = refused if sampler else set()
    told(
        f"code_repair: {'evolve' if sampler else 'staged'} with a model that mends, of {len(rows)}",
        f"all but {len(unseen | suspect)} that public tests can't tell, or that use eval",
        f"{len(rows) - len(wrong)}",
    )
    assert wrong <= unseen | suspect
