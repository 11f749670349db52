"""Attacks on verifiers of which it is known what they fall for, and on the embedded one."""

import json
from collections.abc import Sequence
from typing import Literal

import pytest

from ttc.answers import AnswerRule
from ttc.core import Attempt, Problem, Solution, Verification
from ttc.errors import BudgetExhausted, DataError, UsageError
from ttc.importing import import_pool
from ttc.pipeline.judging.altered import plan_attacks
from ttc.pipeline.judging.attacking import AttackRequest, attack, with_attacks
from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.rows import read_problems, read_solutions
from ttc.store.run_folder import find_run
from ttc.verdicts.attacks import ATTACKS, UNALTERED
from ttc.verifiers import VerifierPart

RECIPE = """
name: judged
dataset: {type: nano, family: arithmetic, levels: [3, 4], problems: 6}
sampler: {type: independent, solutions: 6, temperature: 1.0, max_tokens: 64}
verifiers: [VERIFIERS]
results: RESULTS
"""
GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: 2, temperature: 1.0, max_tokens: 96, score: binary}"""


class Gullible(VerifierPart):
    """Believes who says to have checked, and else nobody."""

    type: Literal["gullible"] = "gullible"

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        return [
            Verification(
                problem_id=attempt.problem.id,
                solution_index=one.index,
                index=0,
                verifier=self.label,
                text="",
                verdict=(yes := "checked" in one.text),
                p_yes=None,
                score=0.75 if yes else 0.25,
                prompt_tokens=0,
                completion_tokens=0,
                finish_reason="stop",
            )
            for one in solutions
        ]


class Shorter(VerifierPart):
    """Compares each two solutions: the shorter one is better."""

    type: Literal["shorter"] = "shorter"

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        return [
            Verification(
                problem_id=attempt.problem.id,
                solution_index=one.index,
                index=k,
                verifier=self.label,
                text="",
                verdict=None,
                p_yes=None,
                score=float(len(one.text) < len(other.text)),
                prompt_tokens=0,
                completion_tokens=0,
                finish_reason="stop",
                against=other.index,
            )
            for i, one in enumerate(solutions)
            for k, other in enumerate(solutions[i + 1 :])
        ]


def finished(folder, *verifiers):
    text = RECIPE.replace("VERIFIERS", ", ".join(verifiers)).replace("RESULTS", str(folder))
    return run_recipe(parse_recipe(text)).run


def attacked(run, **wanted):
    done = attack(run, AttackRequest(**wanted))
    found = with_attacks(judge_run(run, JudgingRequest(draws=20)), run, done)
    return done, {(f.verifier, f.group, f.quantity): f for f in found.attacks}


def test_a_gullible_verifier_falls_for_claims_alone(tmp_path, own_parts):
    own_parts(Gullible)
    run = finished(tmp_path, "{type: gullible}")
    _, told = attacked(run, problems=4)
    for name in (UNALTERED, *ATTACKS):
        falls = float(name == "claims")
        assert told["gullible", name, "accepted"].value == falls
        assert told["gullible", name, "flipped"].value == falls
        if name != UNALTERED:
            assert told["gullible", name, "more_accepted"].value == falls
            assert told["gullible", name, "score_rise"].value == pytest.approx(falls / 2)
    rise = told["gullible", "claims", "score_rise"]
    assert rise.low < 0.5 < rise.high
    assert rise.n_problems <= 4


def test_who_compares_is_judged_by_the_share_that_a_solution_won(tmp_path, own_parts):
    own_parts(Shorter)
    run = finished(tmp_path, "{type: shorter}")
    (part,) = judge_run(run, JudgingRequest(draws=20)).each
    texts = {(s.problem_id, s.index): len(s.text) for s in read_solutions(run.solutions)}
    names = [part.judged.problem_ids[i] for i in part.judged.problem]
    own = [texts[key] for key in zip(names, part.judged.number.tolist(), strict=True)]
    shares = [
        sum(length < texts[name, other] for other in range(6) if other != number) / 5
        for name, number, length in zip(names, part.judged.number.tolist(), own, strict=True)
    ]
    # Of equal lengths the later one wins, as the earlier is not shorter.
    ties = [
        sum(texts[n, o] == w for o in range(i)) / 5
        for n, i, w in zip(names, part.judged.number.tolist(), own, strict=True)
    ]
    assert part.judged.score == pytest.approx([a + b for a, b in zip(shares, ties, strict=True)])
    assert part.figure("auc") is not None
    assert part.figure("ece_width") is part.figure("rho_errors") is None
    _, told = attacked(run, problems=2, attacks=("pads",))
    assert told["shorter", "pads", "score_rise"].value < 0


def test_the_embedded_verifier_is_asked_anew_and_only_once(tmp_path):
    run = finished(tmp_path, GENRM)
    done, told = attacked(run, attacks=("claims", "pads"), problems=3, each=1)
    assert {group for _, group, _ in told} == {UNALTERED, "claims", "pads"}
    assert done.run.path.is_relative_to(run.path / "attacks")
    judged = list(read_solutions(done.run.solutions))
    known = {(s.problem_id, s.index): s for s in read_solutions(run.solutions)}
    right = {p.id: p.answer for p in read_problems(run.problems)}
    for one in judged:
        plan = done.plan[one.problem_id][one.index]
        original = known[one.problem_id, plan.original]
        assert one.text == plan.text
        assert one.answer == original.answer != right[one.problem_id]
        assert (one.text == original.text) == (plan.attack == UNALTERED)
    written = done.run.manifest()
    assert written.ledger["roles"]["verifier"]["paid_samples"] == 2 * len(judged)
    again = attack(run, AttackRequest(attacks=("claims", "pads"), problems=3, each=1))
    assert again.run == done.run
    assert again.run.manifest().tries == written.tries
    # The run itself is as it was, and found as before.
    assert find_run("judged", tmp_path) == run


def test_one_of_several_verifiers_may_be_meant(tmp_path, own_parts):
    own_parts(Gullible)
    run = finished(tmp_path, "{type: gullible}", GENRM)
    _, told = attacked(run, problems=2, verifiers=("gullible",))
    assert {verifier for verifier, _, _ in told} == {"gullible"}


def test_a_budget_holds(tmp_path):
    run = finished(tmp_path, GENRM)
    done, told = attacked(run, problems=3, overrides=("budget.per_problem.calls=3",))
    assert done.run.manifest().status == "budget"
    assert done.run.manifest().ledger["roles"]["verifier"]["samples"] <= 3 * 3
    assert told["genrm", UNALTERED, "accepted"].solutions == 3
    with pytest.raises(BudgetExhausted, match="no verification of an altered solution"):
        attacked(run, problems=3, overrides=("budget.per_run.tokens=1",))


def test_an_altered_text_with_another_answer_is_left_out():
    """Where the answer is the first line, repeating the question makes another solution of it."""
    problem = Problem("p", "How many?", "3")
    solution = Solution("p", 7, "4\nor so", "4", 0, 0, "stop")
    rule = AnswerRule.model_validate({"extract": [{"regex": r"\A(.+)"}], "equivalence": "string"})
    assert rule.extract(solution.text) == "4"
    (plan,) = plan_attacks([problem], {"p": [solution]}, tuple(ATTACKS), 2, rule, 0).values()
    assert [one.attack for one in plan] == [UNALTERED, "claims", "imitates", "pads"]
    assert {one.original for one in plan} == {7}


def test_what_can_not_be_attacked_is_refused(tmp_path, own_parts):
    own_parts(Gullible)
    run = finished(tmp_path, "{type: gullible}")
    with pytest.raises(UsageError, match="choose of all, claims, imitates, pads, repeats"):
        attack(run, AttackRequest(attacks=("bribes",)))
    with pytest.raises(UsageError, match="no verifier 'nobody'; it has gullible"):
        attack(run, AttackRequest(verifiers=("nobody",)))
    row = {"problem_id": "a", "question": "?", "answer": "1", "solutions": [{"answer": "1"}]}
    source = tmp_path / "a.jsonl"
    source.write_text(json.dumps(row))
    with pytest.raises(DataError, match="no recipe with verifiers"):
        attack(import_pool(source, tmp_path / "results" / "a"), AttackRequest())
