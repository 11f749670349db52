"""Step search on a server that tokenises otherwise and treats stops in its own way: the same texts.

Its tokens are so many characters, so that the end of a line lies within one and a stop text of two
characters may lie in two.
"""

import asyncio

import pytest
from attempts import attempt_of
from odd_server import ROOM, Asked, choice, odd_server
from on_nano import STEPS, run_on_nano, tables

from ttc.core import Completion, Problem, Prompt, Sample
from ttc.samplers.beam import Beam
from ttc.samplers.dvts import DVTS
from ttc.samplers.particle import ParticleFilter
from ttc.samplers.search.paths import Path

QUESTION = (
    "Ann has 34 figs. Bob has 3 times as many. Eve has 18 fewer than Bob. Eve gives away half of "
    "hers. How many figs does Eve have?"
)
SETTINGS = {**STEPS, "step_tokens": ROOM}
SEARCHES = [
    Beam(beams=4, width=2, look_ahead=1, **SETTINGS),
    DVTS(beams=4, width=2, **SETTINGS),
    ParticleFilter(particles=4, **SETTINGS),
]


def searched(sampler, url=None):
    """The texts of all solutions, their steps, and what was answered."""
    problem = Problem("p", QUESTION, "")
    solver, prm = Asked("nano-solver", url), Asked("nano-prm")
    attempt = attempt_of(sampler, problem, solver, prompt="nano-solver", prm=prm)
    solutions = asyncio.run(sampler.solve(attempt))
    answers = [a.solution_index for a in attempt._record.answers()]
    return [(one.index, one.text, [s.rstrip() for s in one.steps]) for one in solutions], answers


@pytest.mark.slow
@pytest.mark.parametrize("manner", ["tells", "silent", "returns", "overshoots"])
@pytest.mark.parametrize("sampler", SEARCHES, ids=lambda one: one.type)
def test_the_same_texts_as_in_this_process(sampler, manner):
    with odd_server(manner) as url:
        far = searched(sampler, url)
    assert far == searched(sampler)
    assert all("\n\n" not in text for _, text, _ in far[0])
    assert all(len(steps) > 2 for _, _, steps in far[0])


@pytest.mark.parametrize("manner", ["tells", "silent", "returns", "overshoots"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_blank_line_that_spans_tokens(manner, size):
    """Paragraphs, each a step, the last of which announces the answer."""
    text, path = (
        "First, a\nand b.\n\nThen c.\n\nThe answer is 7.",
        Path(Prompt(text="P"), "blank_line"),
    )
    for number in range(9):
        if path.ended:
            break
        said = choice(text[len(path.text) :], ["\n\n"], manner, size)
        stopped = said.get("stop_reason", None) if manner != "tells" else said["stop_reason"] or ""
        done = Completion(said["text"], "stop", 5, 3, stopped_by=stopped)
        path = path.then(Sample(number, done, Prompt(text="P")), "\n\n")
    assert path.ended
    assert path.text == text
    assert len(path.samples) == 3


def test_a_step_that_begins_with_its_mark_is_cut_before_it():
    done = Completion("Step 1: a\nStep 2: b", "stop", 5, 3, stopped_by=None)
    path = Path(Prompt(text="P"), "begins:Step").then(Sample(0, done, Prompt(text="P")), "\nStep")
    assert (path.text, path.ended) == ("Step 1: a\n", False)


def test_a_served_model_is_searched_as_the_one_in_process(tmp_path, nano_server):
    """A real process, by a recipe: every solution goes to its end, and each line is one step."""
    sampler = {"type": "beam", "beams": 4, "width": 2, **STEPS}
    backend = {"type": "openai", "model": "nano-solver", "base_url": nano_server}
    left = tables(run_on_nano(tmp_path, sampler, backend=backend))
    solutions = left["solutions"]
    assert solutions["text"].str.contains(r"\nThe final answer is [^\n]*$").mean() > 0.9
    assert [len(steps) for steps in solutions["steps"]] == [
        len(text.splitlines()) for text in solutions["text"]
    ]
