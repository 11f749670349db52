"""Each judge that writes, on the embedded networks that were trained to write so."""

import re

import pytest

from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame
from ttc.verdicts.steps import numbered

RECIPE = """
name: judged
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers: [VERIFIER]
policies: [best_of_n]
results: RESULTS
"""
JUDGE = "backend: {type: nano, model: nano-judge}"
GRADER = "backend: {type: nano, model: nano-grader}"


def ran(folder, verifier, more=""):
    text = RECIPE.replace("VERIFIER", f"{{{verifier}}}").replace("RESULTS", str(folder))
    if more:  # also of how many problems
        text = text.replace("problems: 8", "problems: 2")
    return run_recipe(parse_recipe(text + more))


def judged(folder, verifier, more=""):
    """The verifications of a run, each with its solution's lines and whether that is right."""
    run = ran(folder, verifier, more).run
    rows = read_frame(run.table("verifications"), "verifications")
    solutions = read_frame(run.solutions, "solutions")
    key = ["problem_id", "solution_index"]
    columns = solutions.rename(columns={"text": "solution"})[[*key, "solution", "correct"]]
    rows = rows.astype({"problem_id": str}).merge(columns.astype({"problem_id": str}), on=key)
    samples = read_frame(run.table("samples"), "samples")
    judging = samples[samples["verifier"].notna()]
    return rows, judging


def tells_right_from_wrong(rows):
    """Better than chance: right ones score more in the mean."""
    means = rows[rows["score"].notna()].groupby("correct")["score"].mean()
    assert means[True] > means[False]


@pytest.mark.parametrize("more", ["verifications: 2", "rounds: 2, verifications: 1"])
def test_thinkprm(tmp_path, more):
    rows, samples = judged(
        tmp_path,
        f"type: thinkprm, {JUDGE}, prompt: nano-thinkprm, numbered: false, steps: line, {more}, "
        "max_tokens: 160",
    )
    assert rows["score"].notna().mean() > 0.9
    named = rows[rows["first_wrong_step"].notna()]
    stopped = [row.step_scores.sum() == row.first_wrong_step for row in named.itertuples()]
    assert sum(stopped) / len(stopped) > 0.9, "it stops at the first wrong step"
    if "rounds" not in more:
        tells_right_from_wrong(rows)
    else:
        assert rows["text"].str.contains("Let me double check.\n", regex=False).all()
        assert rows["text"].str.contains("</think>\nIs the solution correct?", regex=False).all()
        assert len(samples) == 3 * len(rows)
        # What a chain goes on from has been read before.
        assert samples["cached_tokens"].sum() > samples["prompt_tokens"].sum() / 2


@pytest.mark.slow
def test_genprm(tmp_path):
    rows, samples = judged(
        tmp_path,
        f"type: genprm, {JUDGE}, prompt: nano-genprm, steps: line, max_tokens: 64, most_steps: 8",
    )
    assert rows["score"].notna().all()
    tells_right_from_wrong(rows)
    assert all(len(row.step_scores) == len(row.solution.splitlines()) for row in rows.itertuples())
    runs = re.findall(
        r"print\((\d+)([-+*])(\d+)\)\n```\n</verify>\n\[Code Output\]\n```\n(-?\d+)\n```",
        "\n".join(rows["text"]),
    )
    sums = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}
    assert len(runs) > len(rows)
    assert all(sums[sign](int(a), int(b)) == int(printed) for a, sign, b, printed in runs)
    assert set(samples["role"].astype(str)) == {"verifier", "program"}


def test_genprm_unexecuted(tmp_path):
    rows, samples = judged(
        tmp_path,
        f"type: genprm, {JUDGE}, prompt: nano-genprm, steps: line, max_tokens: 64, execute: false",
    )
    assert rows["score"].notna().all()
    assert not rows["text"].str.contains("[Code Output]", regex=False).any()
    assert set(samples["role"].astype(str)) == {"verifier"}


def test_heimdall(tmp_path):
    rows, _ = judged(
        tmp_path, f"type: heimdall, {JUDGE}, prompt: nano-heimdall, max_tokens: 256, score: hybrid"
    )
    assert rows["score"].notna().mean() > 0.9
    assert ((rows["p_yes"] > 0.5) | (rows["p_yes"] < 0.5)).any()
    tells_right_from_wrong(rows)


@pytest.mark.slow
def test_opv(tmp_path):
    rows, samples = judged(
        tmp_path,
        f"type: opv, {JUDGE}, prompt: nano-opv, summary_prompt: nano-opv-summary, "
        "summary_tokens: 128, max_tokens: 160, verifications: 3",
    )
    assert rows["score"].notna().mean() > 0.9
    assert len(samples) == 32 * 4
    assert (rows["first_wrong_step"].notna() == (rows["score"] == 0)).all()
    summaries = rows["text"].str.partition("\n\n")[0]
    assert (summaries == rows["solution"].map(lambda text: numbered(text.splitlines(), 0))).any()
    tells_right_from_wrong(rows)


def test_meta(tmp_path):
    rows, _ = judged(
        tmp_path,
        f"type: meta, {GRADER}, prompt: nano-meta, max_tokens: 128, verifier: {{type: genrm, "
        "name: grader, prompt: nano-grade, score: boxed, verifications: 3, temperature: 1.0, "
        "max_tokens: 128}",
    )
    by = {str(name): part for name, part in rows.groupby("verifier", observed=True)}
    assert by.keys() == {"meta", "grader", "meta/verdict"}
    assert set(by["grader"]["score"].dropna()) <= {0.0, 0.5, 1.0}
    doubts = by["grader"][by["grader"]["score"] < 1]
    assert len(by["meta/verdict"]) == 3 * len(doubts)
    key = ["problem_id", "solution_index", "verification_index"]
    known = set(doubts[key].itertuples(index=False, name=None))
    of = by["meta/verdict"][["problem_id", "solution_index", "of"]].astype({"of": int})
    assert set(of.itertuples(index=False, name=None)) == known
    assert len(by["meta"]) == 32
    tells_right_from_wrong(by["meta"])


@pytest.mark.parametrize(
    "how",
    [
        "prompt: nano-score, criteria: [steps, answer]",
        "prompt: nano-score-10, scale: 0-10",
    ],
)
def test_expectations_of_scores(tmp_path, how):
    rows, samples = judged(
        tmp_path,
        f"type: genrm, {GRADER}, score: expectation, verifications: 1, max_tokens: 1, {how}",
    )
    assert rows["score"].between(0, 1).all()
    assert rows["score"].nunique() > 11, "finer than the numbers of the scale"
    assert set(samples["completion_tokens"]) == {1}
    tells_right_from_wrong(rows)


CHAINS = {
    "thinkprm": f"type: thinkprm, {JUDGE}, prompt: nano-thinkprm, numbered: false, steps: line, "
    "rounds: 2, verifications: 2, max_tokens: 100",
    "genprm": f"type: genprm, {JUDGE}, prompt: nano-genprm, steps: line, max_tokens: 40, votes: 2",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_under_a_budget_there_are_whole_verifications_only(tmp_path, name):
    budget = "budget: {per_problem: {tokens: 800}}\n"
    rows, samples = judged(tmp_path, CHAINS[name], budget)
    whole, _ = judged(tmp_path / "whole", CHAINS[name], "seed: 0\n")
    assert 0 < len(rows) < len(whole)
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert used.groupby(samples["problem_id"], observed=True).sum().max() <= 800
    if name == "genprm":
        lines = rows["solution"].map(lambda text: len(text.splitlines()))
        assert (rows["step_scores"].map(len) == lines).all()
    else:
        assert rows["text"].str.contains("</think>\nIs the solution correct?", regex=False).all()
    again = ran(tmp_path, CHAINS[name], budget.replace("800", "1600"))
    key = ["problem_id", "solution_index", "verification_index"]
    more = read_frame(again.run.table("verifications"), "verifications")
    both = rows.merge(more.astype({"problem_id": str}), on=key)
    assert len(both) == len(rows)
    assert (both["text_x"] == both["text_y"]).all(), "a larger budget has the same ones, and more"
