"""The model card: figures of the trained networks on held-out problems, as Markdown."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ttc.analysis.grid import evaluate, powers_of_two
from ttc.nano.catalogue import read_index
from ttc.nano.families import FAMILIES
from ttc.nano.sampling import Sample
from ttc.nano.tasks import NanoProblem, generate
from ttc.nano.training import measure
from ttc.nano.training.card_judges import grader_page, judge_page
from ttc.nano.training.card_repair import repair_page
from ttc.nano.training.card_roles import roles_page
from ttc.nano.training.judging import Case
from ttc.nano.training.measure import SOLUTIONS, Floats, Models, Verified
from ttc.policies import PolicyPart, named

SEED_OFFSET = 7919  # problems of the card are not those of the recipes either
REPAIRS = 3  # broken functions of known templates, and as many of unseen ones, by problems a level
Solved = list[list[Sample]]


def write_card(
    folder: Path, path: Path, seed: int, problems: int, depth: int, made: str = ""
) -> None:
    """Measure the networks in `folder` on `problems` held-out problems a level; write Markdown.

    depth: solutions that are verified of each problem, and verifications of each of these.
    """
    models = Models(folder)
    parts = [_head(folder, seed, problems), made, _SOLVERS]
    arithmetic: list[NanoProblem] = []
    solved: Solved = []
    for family, source in FAMILIES.items():
        for level in source.levels:
            drawn = [generate(family, level, seed + SEED_OFFSET, i) for i in range(problems)]
            solutions = measure.solve(models.solver, drawn)
            parts.append(_row(models, family, level, drawn, solutions))
            print(parts[-1], flush=True)
            if family == "arithmetic":
                arithmetic += drawn
                solved += solutions
    found = measure.verify(models.verifier, arithmetic, solved, depth, depth)
    parts += [_verifier(found), _reward(models, arithmetic, solved, found)]
    parts.append(_compute(arithmetic, solved, found))
    parts += later_pages(models, arithmetic, solved, seed, max(1, depth // 8))
    if repair := models.named("nano-repair"):
        parts.append(repair_page(repair, seed + SEED_OFFSET, REPAIRS * problems))
    path.write_text("\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    print(f"wrote {path.name}", flush=True)


def _head(folder: Path, seed: int, problems: int) -> str:
    lines = "\n".join(
        f"| {i.name} | {i.description} | {i.parameters:,} | {i.layers} x {i.width} "
        f"| {i.context_length} | `{i.sha256[:16]}` |"
        for i in read_index(folder).values()
    )
    return f"""# Model card: nano

Model organisms: tiny transformers trained for this project on synthetic problems, to study
sampling, voting and verification on a laptop. They know nothing else. `make nano`, that is
`python -m ttc.nano.training --out ttc/nano/weights --seed {seed}`, rebuilds them and this page.

| model | what it does | parameters | layers x width | context | sha256 |
|---|---|---|---|---|---|
{lines}

The solvers imitate simulated pupils who slip in arithmetic and systematically misread some
statements; the verifier imitates simulated graders who recheck the solver's own samples and misread
less often (`ttc/nano/noise.py`); the reward head learned exact marks of the same samples.
nano-judge, nano-grader and nano-roles learned from them in the formats of `ttc/nano/formats.py`:
texts of simulated graders of which those with a wrong judgement were dropped, and marks, with noise
where they are scores, for judgements in one token. Prompts: `nano-genprm` and so on. Labels below
are exact. All figures are at temperature 1 on held-out problems ({problems} a level, seed
{seed + SEED_OFFSET}; no training problem has the same numbers and statements), with {SOLUTIONS}
solutions each."""


_SOLVERS = """
## Solvers

Success by family and level: mean, majority of k, coverage of k; and the draft solver's mean.

| family | level | mean | maj@4 | maj@16 | maj@64 | pass@4 | pass@16 | pass@64 | draft |
|---|---|---|---|---|---|---|---|---|---|"""


def _policies(*names: str) -> list[PolicyPart]:
    return [named(name) for name in names]


def _row(
    models: Models, family: str, level: int, problems: list[NanoProblem], solved: Solved
) -> str:
    pool = measure.pool(problems, solved, np.zeros((len(problems), 0, 0)))
    grid = evaluate(
        pool, [1, 4, 16, 64], [], _policies("majority", "oracle"), np.random.default_rng(0)
    )
    mean, _ = grid.mean()
    draft = measure.accuracy(problems, measure.solve(models.draft, problems))
    cells = [*mean[0, :, 0], *mean[1, 1:, 0], draft]
    return f"| {family} | {level} | " + " | ".join(f"{x:.2f}" for x in cells) + " |"


def _verifier(found: Verified) -> str:
    _, solutions, depth = found.verdicts.shape
    verdicts = found.verdicts.reshape(-1, depth)
    right = found.right.ravel()
    lines = [
        "\n## Verifier\n",
        f"On arithmetic, all levels: {solutions} solutions a problem, each verified {depth} "
        f"times. Verdicts that can't be read: {np.isnan(verdicts).mean():.2%} of "
        f"{verdicts.size:,}.\n",
        "| verdicts averaged | balanced accuracy | ROC AUC |",
        "|---|---|---|",
    ]
    for v in powers_of_two(depth):
        mean = measure.mean_verdict(verdicts[:, :v])
        scores = measure.balanced(mean, right), measure.auc(mean, right)
        lines.append(f"| {v} | {scores[0]:.3f} | {scores[1]:.3f} |")
    lines += [
        f"\nCalibration:\n\n| mean of {depth} | solutions | correct |",
        "|---|---|---|",
    ]
    mean = measure.mean_verdict(verdicts)
    place = np.minimum((mean * 5).astype(int), 4)
    for i in range(5):
        share = right[place == i].mean() if (place == i).any() else np.nan
        lines.append(f"| {i / 5:.1f} to {(i + 1) / 5:.1f} | {(place == i).sum():,} | {share:.2f} |")
    return "\n".join(lines)


def _reward(models: Models, problems: list[NanoProblem], solved: Solved, found: Verified) -> str:
    depth = found.right.shape[1]
    scores, labels = measure.marks(models.reward, problems, [s[:depth] for s in solved])
    steps = measure.auc(np.concatenate(scores), np.concatenate(labels))
    lines = [
        "\n## Process reward\n",
        f"The same solutions. Single steps: ROC AUC {steps:.3f}.\n",
        f"| solution score | balanced accuracy | ROC AUC | best of {depth} |",
        "|---|---|---|---|",
    ]
    for name, reduce in (("last step", lambda x: x[-1]), ("lowest step", min)):
        flat = np.array([reduce(row) for row in scores])
        per = flat.reshape(found.right.shape)
        grid = evaluate(
            measure.pool(problems, solved, per[:, :, None]),
            [depth],
            [1],
            _policies("best_of_n"),
            np.random.default_rng(0),
        )
        best = grid.mean()[0][0, 0, 1]
        right = found.right.ravel()
        lines.append(
            f"| {name} | {measure.balanced(flat, right):.3f} | {measure.auc(flat, right):.3f} "
            f"| {best:.3f} |"
        )
    return "\n".join(lines)


def later_pages(
    models: Models, problems: list[NanoProblem], solved: Solved, seed: int, count: int
) -> list[str]:
    """A page for each later network, on `count` solutions of each problem."""
    cases = [
        Case(problem, sample.text)
        for problem, row in zip(problems, solved, strict=True)
        for sample in row[:count]
    ]
    parts = []
    if judge := models.named("nano-judge"):
        parts.append(judge_page(judge, cases))
    if grader := models.named("nano-grader"):
        parts.append(grader_page(grader, cases, seed))
    if roles := models.named("nano-roles"):
        parts.append(roles_page(roles, problems, cases, count))
    print("\n".join(parts), flush=True)
    return parts


def _compute(problems: list[NanoProblem], solved: Solved, found: Verified) -> str:
    """Success against compute: voting alone, and the best (S, V) with verification."""
    length = float(np.mean([s.completion_tokens for row in solved for s in row]))
    ratio = found.tokens / length
    S, V = powers_of_two(SOLUTIONS), powers_of_two(found.verdicts.shape[2])
    names = ["majority", "best_of_n", "weighted_majority", "oracle"]
    pool = measure.pool(problems, solved, found.verdicts)
    mean, _ = evaluate(pool, S, V, _policies(*names), np.random.default_rng(0)).mean()
    cost = np.array(S)[:, None] * (1 + ratio * np.array([0, *V]))
    lines = [
        "\n## Voting against verification at equal compute\n",
        f"Arithmetic, all levels. A verification has {found.tokens:.0f} tokens, a solution "
        f"{length:.0f}, so lambda = {ratio:.2f} and compute is S(1 + lambda V), in solutions. With "
        "verification (mean of V verdicts): the best S and V that the compute pays for.\n",
        "| compute | majority | best of S | S, V | weighted majority | S, V | coverage |",
        "|---|---|---|---|---|---|---|",
    ]
    for budget in powers_of_two(int(cost[np.isfinite(mean[1])].max())):
        cells = [str(budget)]
        for i, name in enumerate(names):
            within = np.where((cost <= budget) & np.isfinite(mean[i]), mean[i], -1.0)
            cells += _best(within, S, (0, *V), pair=name in names[1:3])
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _best(success: Floats, S: tuple[int, ...], V: tuple[int, ...], pair: bool) -> list[str]:
    s, v = np.unravel_index(int(success.argmax()), success.shape)
    none = success[s, v] < 0
    value = "" if none else f"{success[s, v]:.3f}"
    if not pair:
        return [value]
    return [value, "" if none else f"{S[s]}, {V[v]}"]
