"""Thoughts of a set length: where they are cut, what they are answered behind, what is counted."""

import asyncio

import pytest
from attempts import attempt_of
from on_nano import tables
from sampled import check_budget, ran

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.budget_force import BudgetForce

PROBLEM = Problem("p", "1+1+1?", "3")


class Thinker:
    """Thinks a text, one character a token, and answers with how much of it stands there."""

    capabilities = Capabilities(chat=True, prefill=True, stop=True)
    identity = ModelIdentity("test", "thinker")

    def __init__(self, thought, answer=None, tells=True):
        self.thought, self.answer, self.tells = thought, answer, tells
        self.thinks, self.answers = [], []

    async def sample(self, prompt, params, n, **_):
        if params.stop[-1:] != ("</think>",):
            self.answers.append(prompt.prefill)
            said = self.answer or f" {len(prompt.prefill)}."
            return [Completion(said, "stop", 5, 2)] * n
        self.thinks.append((prompt.prefill, params.max_tokens))
        rest = self.thought[len(prompt.prefill) - len("<think>\n") :]
        text, mark, _ = rest.partition("</think>")
        if len(text) >= params.max_tokens:
            text, mark, reason = text[: params.max_tokens], "", "length"
        else:
            reason = "stop"
        by = (mark or "") if self.tells else None
        return [Completion(text, reason, 5, len(text), stopped_by=by)] * n


def forced(model, **settings):
    sampler = BudgetForce(**settings)
    attempt = attempt_of(sampler, PROBLEM, model)
    found = asyncio.run(sampler.solve(attempt))
    said = [attempt._record.solutions[a.solution_index].answer for a in attempt._record.answers()]
    return found, said


def test_a_thought_is_cut_at_each_length_and_answered_by_force():
    model = Thinker("abcdefghij</think>")
    found, said = forced(model, thinking=[2, 5])
    assert model.thinks == [("<think>\n", 2), ("<think>\nab", 3)]
    force = "\n</think>\n\nThe final answer is"
    assert model.answers == [f"<think>\nab{force}", f"<think>\nabcde{force}"]
    assert [s.text for s in found] == [f"{p} {len(p)}." for p in model.answers]
    assert [s.answer for s in found] == said
    # What a run with this length alone would have used.
    assert [s.completion_tokens for s in found] == [2 + 2, 5 + 2]
    assert [s.steps[1] for s in found] == [f" {len(p)}." for p in model.answers]


@pytest.mark.parametrize("tells", [True, False])
def test_a_thought_that_ends_by_itself_is_answered_once_and_not_forced(tells):
    model = Thinker("abc</think>", tells=tells)
    found, said = forced(model, thinking=[2, 8, 100])
    assert model.answers[1:] == ["<think>\nabc</think>"]
    assert found[1].text == found[2].text
    assert len(said) == 3
    assert said[1] == said[2]


def test_a_reply_without_a_mark_is_its_own_answer():
    model = Thinker("It is 3.")
    found, _ = forced(model, thinking=[100], opening="<think>\n")
    assert model.answers == []
    assert found[0].text == "<think>\nIt is 3."


def test_a_thought_that_would_end_is_made_to_go_on():
    model = Thinker("abc</think>")
    # Of what follows nothing is written before it goes on.
    whole = "abcWaitde</think>"

    async def sample(prompt, params, n, inner=model.sample, **more):
        if "Wait" in prompt.prefill:
            model.thought = whole
        return await inner(prompt, params, n, **more)

    model.sample = sample
    found, _ = forced(model, thinking=[100], waits=1)
    assert [p for p, _ in model.thinks] == ["<think>\n", "<think>\nabcWait"]
    assert model.thinks[1][1] == 97
    assert model.answers == ["<think>\nabcWaitde</think>"]
    assert found[0].completion_tokens == 3 + 2 + 2


def test_thoughts_of_one_length_vote():
    class Two(Thinker):
        async def sample(self, prompt, params, n, start=0, **_):
            if params.stop[-1:] != ("</think>",):
                return [Completion(f" {'3' if 'x' in prompt.prefill else '4'}.", "stop", 5, 2)]
            self.thinks.append(prompt)
            letter = "x" if len(self.thinks) % 3 else "y"
            return [Completion(letter * params.max_tokens, "length", 5, params.max_tokens)]

    found, said = forced(Two(""), thinking=[1], solutions=3)
    assert [s.answer for s in found] == ["3", "3", "4"]
    assert said == ["3"]


def test_a_thought_that_failed_is_answered_with_what_there_is():
    class Failing(Thinker):
        async def sample(self, prompt, params, n, **_):
            if params.stop[-1:] == ("</think>",) and prompt.prefill != "<think>\n":
                return [Completion("", "gave_up", 0, 0, error="the server's words")]
            return await super().sample(prompt, params, n)

    model = Failing("abcdef")
    found, _ = forced(model, thinking=[2, 4, 5])
    assert len(found) == 3
    assert model.answers[-1] == "<think>\nab\n</think>\n\nThe final answer is"


def test_lengths_must_rise_and_the_server_must_go_on_with_a_begun_answer():
    recipe = """
    name: forced
    dataset: {{type: nano, levels: [1], problems: 1}}
    backend: {{type: openai, model: m, base_url: 'http://h/v1', prefill: {}}}
    sampler: {{type: budget-force, prompt: cot, thinking: {}}}
    """
    assert parse_recipe(recipe.format("continue_final_message", "[4, 8]"))
    with pytest.raises(RecipeError, match="must rise"):
        parse_recipe(recipe.format("continue_final_message", "[8, 8]"))
    with pytest.raises(RecipeError, match="begun answers"):
        parse_recipe(recipe.format("none", "[4, 8]"))


NANO = """{type: budget-force, temperature: 1.0, solutions: 4, thinking: [8, 24, 64], max_tokens: 8,
    opening: "", end: The final answer is, force: "", stop: ["\\n"]}"""


def test_on_nano_answers_are_numbered_by_length(tmp_path):
    found = tables(ran(tmp_path, NANO, problems=8))
    answers, solutions, samples = found["answers"], found["solutions"], found["samples"]
    assert answers.groupby("problem_id", observed=True)["number"].apply(list).map(len).eq(3).all()
    right = answers.groupby("number")["correct"].mean()
    assert right.iloc[-1] > right.iloc[0]
    level = solutions["solution_index"] // 4
    for length, rows in solutions.groupby(level):
        assert (rows["completion_tokens"] <= [8, 24, 64][length] + 8).all()
    assert solutions["text"].str.contains("The final answer is", regex=False).all()
    # The longer thoughts go on from the shorter ones, whose tokens are bought once.
    assert (samples["after"].notna()).mean() > 0.5
    used = samples.groupby("problem_id", observed=True)["completion_tokens"].sum()
    thought = solutions[level == 2].groupby("problem_id", observed=True)["completion_tokens"].sum()
    assert (used <= thought + 2 * 4 * 8 + 4 * 8).all()


def test_within_a_budget(tmp_path):
    check_budget(tmp_path, NANO, 150)
