"""A method inside a method asks its own model, and what it asks is stored and charged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import pytest

from ttc.core import Ask, Attempt, Prompt, Solution, Verification
from ttc.errors import RecipeError, UsageError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.recipe.identity import run_id
from ttc.recipe.shipped import needs
from ttc.refs import BackendRef, VerifierRef
from ttc.registry import register
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.store.pool import load_pool, verifiers
from ttc.store.tables import read_frame
from ttc.verifiers import VerifierPart

RECIPE = """
name: nested
dataset: {type: nano, family: arithmetic, levels: [1], problems: 3}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
policies: [first]
results: RESULTS
"""
GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: 2, max_tokens: 96}"""


class Checked(SamplerPart):
    """Draws one solution after the other until its critic accepts one."""

    type: Literal["checked"] = "checked"
    draft: Independent = Independent(temperature=1.0, max_tokens=32)
    critic: VerifierRef
    second: VerifierRef | None = None

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found: list[Solution] = []
        while len(found) < 4 and not attempt.refused:
            found += await self.draft.some(attempt, 1)
            judged = await attempt.judge(self.critic, found[-1:])
            if self.second is not None:
                judged += await attempt.judge(self.second, found[-1:])
            if all(v.verdict for v in judged):
                break
        return found


class Beam(SamplerPart):
    """Two steps, two beams: each goes on from the same first step."""

    type: Literal["beam_of_two"] = "beam_of_two"
    draft: Independent = Independent(temperature=1.0, max_tokens=4)

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        ask = self.draft.ask(attempt, 1)
        ((step,),) = await attempt.sample(ask)
        begun = Prompt(text=(ask.prompt.text or "") + step.completion.text)
        on = Ask(begun, replace(ask.params, max_tokens=40), after=step)
        rows = await attempt.sample(on, on)
        texts = [step.completion.text + kid.completion.text for (kid,) in rows]
        return [attempt.solution(t, [step, *row]) for t, row in zip(texts, rows, strict=True)]


class Two(SamplerPart):
    """Draws with a draft model."""

    type: Literal["two"] = "two"
    needs: ClassVar[dict[str, int]] = {"draft.logprobs": 1}
    own: Independent = Independent(max_tokens=16)
    draft: BackendRef

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        ask = self.own.ask(attempt, 1)
        rows = await attempt.sample(ask, replace(ask, by="draft"))
        return [attempt.solution(s.completion.text, [s]) for row in rows for s in row]


class Peek(VerifierPart):
    """Notes which model it would ask."""

    type: Literal["peek"] = "peek"
    seen: ClassVar[list[str]] = []

    async def verify(self, attempt: Attempt, solutions: Sequence[Solution]) -> list[Verification]:
        self.seen.append(attempt._model("backend").identity.model)
        return []


class Outer(VerifierPart):
    """Asks a verifier that is a default, and so the same object in every Outer."""

    type: Literal["outer"] = "outer"
    inner: Peek = Peek()

    async def verify(self, attempt: Attempt, solutions: Sequence[Solution]) -> list[Verification]:
        return await attempt.judge(self.inner, solutions)


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(Checked, Beam, Two, Peek, Outer)


def recipe(folder, sampler):
    return parse_recipe(RECIPE.replace("SAMPLER", sampler).replace("RESULTS", f"{folder}/r"))


def test_the_critic_judges_with_its_own_model_and_is_stored(tmp_path):
    outcome = run_recipe(recipe(tmp_path, f"{{type: checked, critic: {GENRM}}}"))
    models, ledger = outcome.manifest.models, outcome.manifest.ledger
    assert {role: m.model for role, m in models.items()} == {
        "solver": "nano-solver",
        "sampler.critic": "nano-verifier",
    }
    judged = read_frame(outcome.run.verifications, "verifications")
    solved = read_frame(outcome.run.solutions, "solutions")
    assert len(judged) == 2 * len(solved) == ledger["roles"]["critic"]["samples"]
    assert ledger["roles"]["solver"]["samples"] == len(solved)
    assert set(judged["verifier"]) == {"genrm"}
    assert judged["text"].str.contains("correct").any()


def test_critics_of_a_sampler_are_no_verifiers_of_the_pool(tmp_path):
    text = RECIPE.replace("SAMPLER", f"{{type: checked, critic: {GENRM}, second: {GENRM}}}")
    text = text.replace("genrm,", "genrm, name: other,", 1).replace("[first]", "[first, majority]")
    outcome = run_recipe(parse_recipe(text.replace("RESULTS", f"{tmp_path}/r")))
    assert set(read_frame(outcome.run.verifications, "verifications")["verifier"]) == {
        "genrm",
        "other",
    }
    assert verifiers(outcome.run) == []
    assert load_pool(outcome.run).arrays.n_verified.max() == 0
    assert set(read_frame(outcome.run.curves, "curves")["policy"]) == {"answer"}


def test_a_shared_default_asks_the_model_of_where_it_stands(tmp_path):
    own = "backend: {type: nano, model: nano-verifier}"
    text = RECIPE.replace("SAMPLER", "{type: independent, solutions: 1, max_tokens: 16}")
    other = "inner: {type: peek, name: c}"
    text += f"verifiers: [{{type: outer, name: a, {own}}}, {{type: outer, name: b, {other}}}]\n"
    Peek.seen.clear()
    run_recipe(parse_recipe(text.replace("RESULTS", f"{tmp_path}/r")))
    assert Counter(Peek.seen) == {"nano-verifier": 3, "nano-solver": 3}


def test_beams_of_equal_prefix_are_different(tmp_path):
    outcome = run_recipe(recipe(tmp_path, "beam_of_two"))
    solved = read_frame(outcome.run.solutions, "solutions")
    assert solved.groupby("problem_id")["text"].nunique().max() == 2
    assert outcome.manifest.ledger["roles"]["solver"]["samples"] == 9


def test_a_second_model_is_asked_checked_and_part_of_the_identity(tmp_path):
    with_draft = "{type: two, draft: {type: nano, model: nano-draft}}"
    outcome = run_recipe(recipe(tmp_path, with_draft))
    assert outcome.manifest.models["sampler.draft"].model == "nano-draft"
    assert len(read_frame(outcome.run.solutions, "solutions")) == 6
    served = "{type: openai, model: m, base_url: 'http://h/v1', max_logprobs: M, timeout: 5}"
    with pytest.raises(RecipeError, match=r"sampler.draft: 'two' needs token log prob"):
        recipe(tmp_path, f"{{type: two, draft: {served.replace('M', '0')}}}")
    one = recipe(tmp_path, f"{{type: two, draft: {served.replace('M', '1')}}}")
    slower = f"{{type: two, draft: {served.replace('M', '1').replace('5}', '9}')}}}"
    assert run_id(one) == run_id(recipe(tmp_path, slower)), "time-outs are no part of it"
    other = slower.replace("model: m", "model: n")
    assert run_id(one) != run_id(recipe(tmp_path, other))


def test_what_inner_models_need_is_told(tmp_path):
    served = "{type: litellm, model: openai/m, api_key_env: INNER_KEY}"
    found = recipe(tmp_path, f"{{type: two, draft: {served}}}")
    assert "INNER_KEY" in needs(found)
    assert [one.model for one in found.backends()] == ["nano-solver", "openai/m"]


def test_a_verifier_may_be_called_like_a_sampler(tmp_path):
    text = RECIPE.replace("SAMPLER", "{type: independent, solutions: 1, max_tokens: 16}")
    text += f"verifiers: [{GENRM.replace('genrm,', 'genrm, name: sampler,', 1)}]\n"
    outcome = run_recipe(parse_recipe(text.replace("RESULTS", f"{tmp_path}/r")))
    models = {role: m.model for role, m in outcome.manifest.models.items()}
    assert models == {"solver": "nano-solver", "sampler": "nano-verifier"}
    judged = read_frame(outcome.run.verifications, "verifications")
    assert judged["text"].str.contains("correct").any()


def test_a_model_that_a_part_does_not_have_is_named(tmp_path):
    class Lost(Beam):
        type: Literal["lost"] = "lost"

        async def solve(self, attempt: Attempt) -> Sequence[Solution]:
            await attempt.sample(replace(self.draft.ask(attempt, 1), by="prm"))
            return []

    register(Lost)
    with pytest.raises(UsageError, match="Lost has no model 'prm', only backend"):
        run_recipe(recipe(tmp_path, "lost"))
