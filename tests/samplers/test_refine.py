"""Drafts that are criticised and revised: what models are shown, when it ends, what is answered."""

import asyncio
from typing import Literal

import pytest
from attempts import attempt_of
from on_nano import tables
from sampled import check_budget, ran
from served import Served

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.refine import Refine
from ttc.verifiers import VerifierPart

PROBLEM = Problem("p", "1+1+1?", "3")


class Model:
    """Replies in turn; remembers what it was shown."""

    capabilities = Capabilities(chat=True, raw=True, prefill=True)
    identity = ModelIdentity("test", "model")

    def __init__(self, *texts):
        self.texts, self.shown = list(texts), []

    async def sample(self, prompt, params, n, **_):
        self.shown.append(prompt)
        texts, self.texts = self.texts[:n], self.texts[n:]
        return [Completion(t, "stop", 7, len(t)) if t else failed() for t in texts]


def failed():
    return Completion("", "gave_up", 0, 0, error="the server's words")


class Critic(VerifierPart):
    """Says in turn what is in its list: scores, texts, first wrong steps, perhaps steps' scores."""

    type: Literal["critic"] = "critic"
    says: list

    async def verify(self, attempt, solutions):
        verdicts = self.says.pop(0) if self.says else []
        return [
            self.verification(
                solutions[0],
                i,
                [],
                verdict=None,
                score=score,
                text=text,
                first_wrong_step=wrong,
                step_scores=steps[0] if steps else (),
            )
            for i, (score, text, wrong, *steps) in enumerate(verdicts)
        ]


def refined(model, critic=None, **settings):
    given = {} if critic is None else {"critic": Critic.model_construct(says=list(critic), name="")}
    sampler = Refine(**settings)
    sampler = sampler.model_copy(update=given)
    attempt = attempt_of(sampler, PROBLEM, model, prompt="cot", reviser=model)
    found = asyncio.run(sampler.solve(attempt))
    texts = [attempt._record.solutions[a.solution_index].text for a in attempt._record.answers()]
    return found, texts


def no(text, wrong=None, score=0.0):
    return [(score, text, wrong)]


YES = [(1.0, "good", None)]


def test_it_revises_until_the_critic_accepts():
    model = Model("It is 4", "It is 5", "It is 3")
    (found,), answered = refined(model, [no("not 4"), no("not 5"), YES], rounds=9)
    assert found.text == "It is 3"
    assert answered == ["It is 4", "It is 5", "It is 3", "It is 3"]
    shown = model.shown[1].messages[0].content
    assert all(text in shown for text in ("1+1+1?", "It is 4", "not 4"))
    assert "not 4" not in model.shown[2].messages[0].content


def test_the_verdict_that_scores_least_is_the_criticism():
    verdicts = [(0.4, "mild", None), (0.1, "harsh", None), (None, "unreadable", None)]
    model = Model("a", "b")
    refined(model, [verdicts], rounds=1)
    assert "harsh" in model.shown[1].messages[0].content
    # 0.25 in the mean of those that could be read.
    assert len(refined(Model("a", "b"), [verdicts], rounds=1, threshold=0.25)[1]) == 2


def test_rounds_end_it_and_the_last_draft_is_not_judged():
    says = [no("x")] * 5
    (found,), _ = refined(Model("a", "b", "c", "d"), says, rounds=2)
    assert found.text == "c"
    (found,), _ = refined(Model("a", "b", "c", "d"), says, rounds=0)
    assert found.text == "a"


def test_the_best_draft_is_kept():
    says = [no("x", score=0.3), no("x", score=0.1), no("x", score=0.2)]
    (found,), answered = refined(Model("a", "b", "c"), says, rounds=2, keep="best")
    assert found.text == "a"
    assert set(answered) == {"a"}


def test_a_critic_without_words_or_verdict_keeps_the_draft():
    for says in ([], [[(None, "", None)]]):
        (found,), _ = refined(Model("a", "b"), says, rounds=2)
        assert found.text == "a"


def test_a_critique_whose_verdict_is_unreadable_is_still_one():
    (found,), _ = refined(Model("a", "b"), [[(None, "mend it", None)], YES], rounds=2)
    assert found.text == "b"


@pytest.mark.parametrize(
    ("wrong", "kept"),
    [(2, "1+1=2\n\n2+1=4\n\n"), (1, "1+1=2\n\n"), (0, ""), (7, "1+1=2\n\n2+1=4\n\n")],
)
def test_a_restart_keeps_what_is_before_the_first_wrong_step(wrong, kept):
    model = Model("1+1=2\n\n2+1=4\n\nIt is 4", "anew")
    says = [no("", wrong), YES]
    (found,), _ = refined(model, says, restart="first_wrong_step", rounds=3)
    assert model.shown[1].prefill == kept
    assert found.text == kept + "anew"


def test_a_restart_where_no_step_is_named_is_another_draft():
    model = Model("1+1=2\n\nIt is 4", "anew")
    (found,), _ = refined(model, [no("no"), YES], restart="first_wrong_step")
    assert model.shown[1] == model.shown[0]
    assert found.text == "anew"


def test_a_draft_with_a_wrong_step_is_not_accepted_whatever_its_score():
    """As GenPRM refines (arXiv 2504.00891): its score is the last step's reward by default."""
    model = Model("1+1=2\n\n2+1=4\n\nIt is 4", "It is 3")
    says = [[(0.95, "step by step", 1, (0.9, 0.1, 0.95))], [(0.9, "well", None, (0.9,))]]
    (found,), _ = refined(model, says, rounds=3)
    assert found.text == "It is 3"
    assert "wrong step: 2+1=4\n\nstep by step" in model.shown[1].messages[0].content


def test_steps_are_judged_by_their_mean_over_verdicts():
    def drafts(*steps):
        says = [[(0.9, "said", None, one) for one in steps]]
        return len(set(refined(Model("a\n\nb", "c"), says, rounds=1)[1]))

    assert drafts((0.9, 0.2), (0.9, 0.8)) == 1
    assert drafts((0.9, 0.1), (0.9, 0.8)) == 2
    # One stopped at the first step; of the second only the other says anything.
    assert drafts((0.6,), (0.9, 0.6)) == 1
    assert drafts((0.6,), (0.9, 0.4)) == 2


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((1.0, 1.0, 1.0), "\nreview"),
        ((1.0, 1.0, 0.0, 1.0), "\nreview"),  # of other steps than these three
        ((0.9, 0.6, 0.8), "The step with the least reward: 2+1=4\n\nreview"),
    ],
)
def test_no_step_is_called_wrong_that_the_critic_does_not_call_wrong(steps, said):
    model = Model("1+1=2\n\n2+1=4\n\nIt is 4", "b")
    refined(model, [[(0.1, "review", None, steps)]], rounds=1)
    shown = model.shown[1].messages[0].content
    assert said in shown
    assert "wrong step" not in shown


def test_the_wrong_step_is_quoted():
    model = Model("1+1=2\n\n2+1=4\n\nIt is 4", "b")
    refined(model, [no("an analysis", 1)], rounds=1)
    assert "wrong step: 2+1=4\n\nan analysis" in model.shown[1].messages[0].content


def test_a_revision_that_failed_leaves_the_draft():
    (found,), _ = refined(Model("a", None), [no("x"), no("x")], rounds=3)
    assert found.text == "a"
    (found,), _ = refined(Model(None), [no("x")], rounds=3)
    assert (found.text, found.finish_reason) == ("", "gave_up")


def test_chains_vote():
    texts = [f"The answer is {n}." for n in (4, 3, 3)]
    found, answered = refined(Model(*texts), [YES] * 3, chains=3)
    assert [s.answer for s in found] == ["4", "3", "3"]
    assert answered[-1] == texts[1]


def test_where_no_critic_is_named_the_solver_criticises_itself():
    model = Model(
        "It is 4",
        "1+1 is 2, and 2+1 is 3.\nVerification: Is the answer correct (Yes/No)? No",
        "It is 3",
        "Verification: Is the answer correct (Yes/No)? Yes",
        "never asked",
    )
    (found,), _ = refined(model, rounds=3)
    assert found.text == "It is 3"
    assert model.texts == ["never asked"]
    assert "It is 4" in model.shown[1].messages[0].content
    assert "and 2+1 is 3" in model.shown[2].messages[0].content


def test_a_served_chat_model_refines_itself():
    replies = iter(
        (
            "1+1+1 = 4. The final answer is \\boxed{4}",
            "The sum is wrong: it is 3.\nVerification: Is the answer correct (Yes/No)? No",
            "1+1 = 2, 2+1 = 3. The final answer is \\boxed{3}",
            "All is right.\nVerification: Is the answer correct (Yes/No)? Yes",
        )
    )
    model = Served(lambda messages: next(replies))
    (found,), _ = refined(model)
    assert found.answer == "3"
    assert [[m["role"] for m in messages] for messages in model.asked] == [["user"]] * 4
    assert "The sum is wrong" in model.asked[2][0]["content"]
    assert "boxed{3}" in model.asked[3][0]["content"]


def test_a_restart_needs_a_server_that_goes_on_with_a_begun_answer():
    recipe = """
    name: served
    dataset: {type: nano, levels: [1], problems: 1}
    backend: {type: openai, model: m, base_url: 'http://h/v1'}
    sampler: {type: refine, prompt: cot, critic: %s, restart: %s}
    """
    assert parse_recipe(recipe % (PRM, "anew"))
    with pytest.raises(RecipeError, match="begun answers"):
        parse_recipe(recipe % (PRM, "first_wrong_step"))


GENRM = """{type: genrm, name: critic, backend: {type: nano, model: nano-verifier},
    prompt: nano-genrm, verifications: 1, temperature: 1.0, max_tokens: 96}"""
PRM = """{type: prm, backend: {type: nano, model: nano-prm}, prompt: nano-solver, steps: line,
    aggregate: min}"""
DRAFT = "type: refine, temperature: 1.0, max_tokens: 64"
ROLES = "reviser: {type: nano, model: nano-roles}, revise_prompt: nano-revise"


def test_nano_roles_revises_by_what_nano_verifier_says(tmp_path):
    found = tables(ran(tmp_path, f"{{{DRAFT}, {ROLES}, critic: {GENRM}, rounds: 2, chains: 2}}"))
    samples, solutions = found["samples"], found["solutions"]
    assert set(samples["role"].astype(str)) == {"solver", "critic", "reviser"}
    assert len(solutions[solutions["returned"]]) == 6
    revised = samples[samples["role"] == "reviser"]
    assert len(revised) > 0
    assert (found["verifications"]["verifier"] == "critic").all()


def test_a_restart_on_nano_buys_only_what_is_new(tmp_path):
    how = "restart: first_wrong_step, steps: line, keep: best"
    found = tables(ran(tmp_path, f"{{{DRAFT}, {how}, critic: {PRM}, rounds: 2}}", problems=8))
    samples = found["samples"][found["samples"]["role"] == "solver"]
    again = samples[samples["after"].notna()]
    assert len(again) > 0
    assert (again["cached_tokens"] > 0).all()


@pytest.mark.parametrize(
    "critic",
    [f"critic: {GENRM}, {ROLES}", f"critic: {PRM}, restart: first_wrong_step, steps: line"],
)
def test_within_a_budget(tmp_path, critic):
    check_budget(tmp_path, f"{{{DRAFT}, {critic}, rounds: 2, chains: 8}}", 600)


def test_a_plan_knows_the_most_samples():
    critic = {"type": "genrm", "verifications": 4}
    reviser = {"type": "nano", "model": "nano-roles"}
    sampler = Refine(chains=3, rounds=2, critic=critic, reviser=reviser)
    assert sampler.most_samples() == {"solver": 3, "reviser": 6, "critic": 24}
    assert Refine(rounds=2, critic=critic, keep="best").most_samples() == {
        "solver": 3,
        "critic": 12,
    }
