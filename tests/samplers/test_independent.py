"""What the sampler asks of a model, and what it makes of the replies."""

import asyncio

from attempts import attempt_of

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.samplers.independent import Independent

PROBLEM = Problem("p", "What is 2 + 3?", "5")


class Model:
    """Replies in turn, at most as many as it has; remembers what it was asked."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "solver")

    def __init__(self, *texts):
        self.texts = texts

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        self.asked = (prompt, params, n, problem_id, role)
        return [Completion(t, "stop", 7, len(t), mean_logprob=-0.5) for t in self.texts[:n]]


def sample(model, **settings):
    sampler = Independent(**settings)
    return asyncio.run(sampler.solve(attempt_of(sampler, PROBLEM, model)))


def test_solutions_carry_answers_counts_and_numbers():
    model = Model("It is \\boxed{5}.", "No idea.", "\\boxed{6}")
    found = sample(model, solutions=3)
    assert [(s.index, s.answer, s.completion_tokens) for s in found] == [
        (0, "5", 16),
        (1, None, 8),
        (2, "6", 9),
    ]
    assert {(s.problem_id, s.prompt_tokens, s.mean_logprob) for s in found} == {("p", 7, -0.5)}


def test_a_budgets_end_leaves_the_first_ones():
    assert [s.index for s in sample(Model("a", "b"), solutions=5)] == [0, 1]


def test_settings_reach_the_model(tmp_path):
    template = tmp_path / "t.yaml"
    template.write_text("text: 'Q: {{ question }}'\nstop: [END]\n")
    model = Model()
    settings = {"temperature": 0.3, "top_p": 0.9, "top_k": 4, "max_tokens": 11}
    sample(model, solutions=2, prompt=str(template), stop=["\n"], logprobs=True, **settings)
    prompt, params, n, problem_id, role = model.asked
    assert prompt.text == "Q: What is 2 + 3?"
    assert {name: getattr(params, name) for name in settings} == settings
    assert params.stop == ("END", "\n")
    assert params.logprobs == 0
    assert (n, problem_id, role) == (2, "p", "solver")


def test_the_datasets_prompt_is_used_where_none_is_named():
    model = Model()
    sample(model, solutions=1)
    assert "What is 2 + 3?" in model.asked[0].messages[0].content
    assert model.asked[1].logprobs is None
