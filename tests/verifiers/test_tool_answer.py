"""Answers compared with a reference: of the metadata, or of the verifier's model."""

import asyncio

import pytest
from attempts import attempt_of

from ttc.core import Capabilities, Completion, ModelIdentity, Problem, Solution
from ttc.errors import DataError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.tool_answer import ToolAnswer


class Reference:
    """Solves the problem in its own way, sample by sample; remembers what it was asked."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "reference")

    def __init__(self, *texts):
        self.texts, self.asked = texts, []

    async def sample(self, prompt, params, n, *, start=0, **_):
        self.asked.append((prompt, params, start, n))
        return [
            Completion(self.texts[i % 1024 % len(self.texts)], "stop", 5, 7)
            for i in range(start, start + n)
        ]


def verify(answers, metadata=None, model=None, **settings):
    part = ToolAnswer(**settings)
    problem = Problem("p", "How fast?", "", metadata=metadata or {})
    given = [Solution("p", i, f"It is {a}.", a, 1, 1, "stop") for i, a in enumerate(answers)]
    return asyncio.run(part.verify(attempt_of(part, problem, model or Reference("")), given))


def test_a_reference_of_the_metadata_costs_nothing():
    model = Reference("")
    found = verify(
        ["0.500c", "150 km/s", None, "1.5e8 m/s"],
        {"key": "1.50 \\times 10^8 m/s"},
        model,
        reference="key",
    )
    assert [v.verdict for v in found] == [True, False, False, True]
    assert [v.score for v in found] == [1.0, 0.0, 0.0, 1.0]
    assert found[1].text == "150 km/s is not 1.50 \\times 10^8 m/s"
    assert found[0].completion_tokens == 0
    assert model.asked == []


def test_a_unit_may_be_required():
    answers, metadata = ["9.81", "9.81 m/s^2", "g"], {"key": "9.81 m/s^2"}
    optional = verify(answers, metadata, reference="key")
    required = verify(answers, metadata, reference="key", units="required")
    assert [v.verdict for v in optional] == [True, True, True]
    assert [v.verdict for v in required] == [False, True, True]  # a constant brings its unit


def test_a_problem_without_its_reference_is_told():
    with pytest.raises(DataError, match="'p' has no 'key' among its metadata; name its column"):
        verify(["1"], {"other": 2}, reference="key")


def test_references_of_the_model_are_new_ones_for_each_solution():
    model = Reference("Final answer: 3 km", "I can't tell", "Final answer: 4 km")
    found = verify(["3000 m", "4 km"], model=model, verifications=3)
    assert [(v.solution_index, v.index) for v in found] == [
        (s, i) for s in (0, 1) for i in (0, 1, 2)
    ]
    assert [v.score for v in found] == [1.0, None, 0.0, 0.0, None, 1.0]
    assert [v.completion_tokens for v in found] == [7] * 6
    assert found[1].text.endswith("is not comparable with no reference")
    assert len({start for _, _, start, _ in model.asked}) == 2
    assert model.asked[0][1].temperature == 0.7


RECIPE = """
name: compared
dataset: {type: nano, levels: [2], problems: 3}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers: [{type: tool-answer, prompt: nano-solver, verifications: 2, max_tokens: 64}]
policies: [best_of_n]
"""


def test_the_embedded_model_gives_references(tmp_path):
    path = tmp_path / "compared.yaml"
    path.write_text(RECIPE)
    run = run_recipe(load_recipe(path, [f"results={tmp_path / 'results'}"])).run
    judged = read_frame(run.table("verifications"), "verifications")
    assert len(judged) == 3 * 4 * 2
    assert set(judged["score"].dropna()) == {0.0, 1.0}
    assert (judged["completion_tokens"] > 0).all()
