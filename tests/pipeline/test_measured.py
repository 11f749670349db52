"""Curves of samplers that give one answer: their costs are the ledger's, sample for sample."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from processes import ttc
from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.core import Ask, Attempt, Sample, Solution
from ttc.errors import DataError
from ttc.pipeline.run import run_recipe
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.pipeline.scaling.recommending import recommend
from ttc.recipe import parse_recipe
from ttc.refs import VerifierRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.store.tables import read_frame

RECIPE = """
name: searched
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
policies: [first, majority]
results: RESULTS
"""
GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: 2, max_tokens: 96}"""


class StepBeam(SamplerPart):
    """Keeps the beams of `width` whose last step is the likeliest, for so many steps."""

    type: Literal["step_beam"] = "step_beam"
    draft: Independent = Independent(temperature=1.0, max_tokens=12, logprobs=True)
    width: int = 4
    steps: int = 4
    says: bool = True

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        ask = self.draft.ask(attempt, self.width)
        beams: list[list[Sample]] = [[]]
        for _ in range(self.steps):
            grown = await attempt.sample(*[self._on(ask, beam) for beam in beams])
            kids = [[*beam, kid] for beam, row in zip(beams, grown, strict=True) for kid in row]
            if not kids:
                break
            kids.sort(key=lambda beam: -(beam[-1].completion.mean_logprob or 0.0))
            beams = kids[: self.width]
            if self.says:
                attempt.answer(self._whole(attempt, beams[0]))
        return [self._whole(attempt, beam) for beam in beams if beam]

    def _on(self, ask: Ask, beam: list[Sample]) -> Ask:
        so_far = "".join(sample.completion.text for sample in beam)
        prompt = replace(ask.prompt, text=(ask.prompt.text or "") + so_far)
        return replace(ask, prompt=prompt, after=beam[-1] if beam else None)

    def _whole(self, attempt: Attempt, beam: list[Sample]) -> Solution:
        return attempt.solution("".join(s.completion.text for s in beam), beam)


class Revised(SamplerPart):
    """Draws a solution in each of two branches, has them judged, and answers with the better."""

    type: Literal["revised"] = "revised"
    draft: Independent = Independent(temperature=1.0, max_tokens=48)
    critic: VerifierRef

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        (first,) = await self.draft.some(attempt, 1)
        attempt.answer(first)
        found = []
        for branch in attempt.split(0.5, 0.5):
            (one,) = await self.draft.some(branch, 1)
            judged = await branch.judge(self.critic, [one])
            branch.answer(one)
            found.append((sum(v.score or 0.0 for v in judged), one))
        await self.draft.some(attempt, 1)  # which comes to nothing
        best = max(found, key=lambda one: one[0])[1]
        attempt.answer(best)
        return [best]


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(StepBeam, Revised)


def run(folder, sampler, more="", **replaced):
    text = RECIPE.replace("SAMPLER", sampler).replace("RESULTS", str(folder / "results"))
    for old, new in replaced.items():
        text = text.replace(old, new)
    return run_recipe(parse_recipe(text + more))


def used(manifest, unit, *roles):
    ledger = manifest.ledger["roles"]
    chosen = [ledger[role] for role in roles or ledger]
    if unit == "tokens":
        return sum(one["prompt_tokens"] + one["completion_tokens"] for one in chosen)
    return sum(one[{"calls": "samples"}.get(unit, unit)] for one in chosen)


def check_costs(outcome, *roles):
    """Of the last row, against the ledger; and that costs and success by cap make sense."""
    curves = read_frame(outcome.run.curves, "curves")
    last = curves.iloc[-1]
    for unit in ("tokens", "prompt_tokens", "completion_tokens", "calls"):
        assert last[unit] * last["n_problems"] == used(outcome.manifest, unit, *roles), unit
    flops = used(outcome.manifest, "flops", *roles)
    assert last["flops"] * last["n_problems"] == pytest.approx(flops, rel=1e-9)
    assert (curves["policy"] == "answer").all()
    assert (curves["estimator"] == "measured").all()
    assert curves[["S", "V", "verifier", "cost_c"]].isna().all(axis=None)
    assert curves["tokens"].is_monotonic_increasing
    assert (curves["tokens"] <= curves["cap"]).all()
    assert (curves["cost_p90"] <= curves["cap"]).all()
    answers = read_frame(outcome.run.table("answers"), "answers")
    final = answers[answers["final"]]
    assert len(final) == last["n_problems"]
    assert last["success"] == final["correct"].mean()
    return curves


def test_a_beams_curve_costs_what_the_ledger_says(tmp_path):
    """Once 5.5 times too cheap: S of its last beams, of which each cost what its text holds."""
    outcome = run(tmp_path, "step_beam")
    curves = check_costs(outcome)
    assert curves["calls"].iloc[-1] == 4 + 3 * 16
    samples = read_frame(outcome.run.table("samples"), "samples")
    assert (samples["fate"] == "discarded").any()
    assert curves["cap"].iloc[-1] == max(
        (samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"])
        .groupby(samples["problem_id"], observed=True)
        .sum()
    )
    answers = read_frame(outcome.run.table("answers"), "answers")
    assert curves["cap"].iloc[0] == (answers["prompt_tokens"] + answers["completion_tokens"]).min()
    assert len(curves) <= 18


def test_a_method_that_says_nothing_answers_with_its_last_solution_at_the_end(tmp_path):
    curves = check_costs(run(tmp_path, "{type: step_beam, says: false}"))
    whole = read_frame(run(tmp_path, "{type: step_beam, says: false}").run.solutions, "solutions")
    last = whole.groupby("problem_id", observed=True).last()
    assert curves["success"].iloc[-1] == last["correct"].mean()


def test_branches_and_critics_are_paid_for(tmp_path):
    outcome = run(tmp_path, f"{{type: revised, critic: {GENRM}}}")
    check_costs(outcome)
    answers = read_frame(outcome.run.table("answers"), "answers")
    samples = read_frame(outcome.run.table("samples"), "samples")
    tokens = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    for name, own in answers.groupby("problem_id", observed=True):
        assert own["branch"].tolist() == ["", "0", "1", ""]
        assert own["calls"].tolist() == [1, 4, 7, 8]
        of = (samples["problem_id"] == name).to_numpy()
        so_far = np.cumsum(tokens[of])
        cost = own["prompt_tokens"] + own["completion_tokens"]
        assert cost.tolist() == [int(so_far.iloc[int(n) - 1]) for n in own["calls"]]
        assert samples["branch"][of].tolist() == ["", "0", "0", "0", "1", "1", "1", ""]
        assert samples["number"][of].tolist() == list(range(8))


def test_verifiers_of_the_recipe_are_no_part_of_the_answer(tmp_path):
    outcome = run(tmp_path, "step_beam", f"verifiers: [{GENRM}]\n")
    curves = check_costs(outcome, "solver")
    assert used(outcome.manifest, "tokens", "verifier") > 0
    plain = read_frame(run(tmp_path, "step_beam").run.curves, "curves")
    assert curves.equals(plain)


def test_limits_of_the_budget_are_on_the_curve(tmp_path):
    outcome = run(tmp_path, "step_beam", "budget: {per_problem: {tokens: [120, 250]}}\n")
    curves = read_frame(outcome.run.curves, "curves")
    assert 120 in set(curves["cap"])
    assert curves["cap"].max() <= 250
    assert used(outcome.manifest, "tokens") == curves["tokens"].iloc[-1] * 8


def test_repeats_are_averaged_within_their_problem_and_their_spread_told(tmp_path):
    outcome = run(tmp_path, "step_beam", "repeats: 3\n")
    last = read_frame(outcome.run.curves, "curves").iloc[-1]
    answers = read_frame(outcome.run.table("answers"), "answers")
    final = answers[answers["final"]]
    by_problem = final.groupby("problem_id", observed=True)["correct"]
    assert set(by_problem.size()) == {3}
    assert last["n_problems"] == 8
    assert last["success"] == pytest.approx(by_problem.mean().mean())
    assert last["tokens"] * 8 * 3 == pytest.approx(used(outcome.manifest, "tokens"))
    spread = np.sqrt((by_problem.var() / 3).sum()) / 8
    assert last["mc_standard_error"] == pytest.approx(spread)
    once = read_frame(run(tmp_path, "step_beam").run.curves, "curves")
    assert once["mc_standard_error"].isna().all()
    assert outcome.manifest.evaluation["repeats"] == {"fewest": 3, "most": 3}


def curves_of(tmp_path):
    return ["curves", "searched", "--results", str(tmp_path / "results")]


def test_commands_show_and_recount_them(tmp_path):
    outcome = run(tmp_path, "step_beam")
    (last,) = read_frame(outcome.run.curves, "curves").tail(1).to_dict("records")

    def said(*words):
        done = CliRunner().invoke(app, list(map(str, words)))
        return done.exit_code, done.output

    where = ("--results", tmp_path / "results")
    code, text = said("curves", "searched", *where, "--lambda", 1, "--json")
    rows = json.loads(text)
    assert code == 0
    assert rows[-1]["tokens"] == last["tokens"]
    assert rows[-1]["flops"] == pytest.approx(last["flops"])
    prices = "cost.prices={prompt_per_million: 1, completion_per_million: 1}"
    _, text = said("curves", "searched", *where, "--json", "--set", prices)
    assert json.loads(text)[-1]["usd"] == pytest.approx(last["tokens"] * 1e-6)
    for words in (
        ["--policy", "majority"],
        ["--k", "2"],
        ["--set", "cost.shared_prompt=per_sample"],
        ["--new-samples"],
        ["--cluster", "metadata.nonsense"],
    ):
        code, text = said("curves", "searched", *where, *words)
        assert code != 0
        assert "Traceback" not in text
    assert said("curves", "searched", *where, "--policy", "answer")[0] == 0
    code, text = said("curves", "searched", *where, "--json", "--cluster", "metadata.level")
    assert code == 0
    assert json.loads(text)[-1]["success"] == last["success"]
    assert json.loads(text)[-1]["ci_low"] is None, "two levels tell of no third one"
    for words in (["show"], ["curves"]):
        code, text = said(*words, "searched", *where)
        assert code == 0, text
        assert "answer" in text
        assert not re.search(r"\bnan\b", text)
    code, text = said("show", "searched", *where, "--problem", "arithmetic-1-0-0")
    assert code == 0
    assert "majority" in text
    with pytest.raises(DataError, match="no S and V to trade"):
        fit_scaling([outcome.run], FitRequest())
    with pytest.raises(DataError, match="ttc curves"):
        recommend(outcome.run, [100.0], FitRequest(unit="tokens"))


def test_a_run_of_a_plugin_that_is_gone_is_shown(tmp_path):
    run(tmp_path, "step_beam")
    done = ttc(tmp_path, "show", "searched")
    assert "answer" in done.stdout, done.stderr
