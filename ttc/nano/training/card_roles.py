"""The model card's page about the network with several roles, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ttc.nano.engine import NanoModel
from ttc.nano.tasks import NanoProblem
from ttc.nano.training import roles_measured as roles
from ttc.nano.training.judging import Case
from ttc.nano.training.measure import auc, balanced, mean_verdict, share


def roles_page(
    model: NanoModel, problems: Sequence[NanoProblem], solver: Sequence[Case], count: int
) -> str:
    """Solving, checking itself, revising, one pass of it all, and its reward of itself.

    count: solutions of each problem, verifications of each of these, and passes over each problem.
    """
    solved = [case for row in roles.solve(model, problems, count) for case in row]
    right = np.array([case.right for case in solved])
    other = np.mean([case.right for case in solver])
    parts = [
        "\n## Roles\n",
        f"On arithmetic, all levels, {count} solutions a problem by nano-roles itself: "
        f"{share(right):.3f} are right (nano-solver: {other:.3f}).\n",
        *_checks(model, solved, count),
        _rewards(model, solved),
        _spoc(model, problems, count),
    ]
    return "\n".join(parts)


def _checks(model: NanoModel, solved: Sequence[Case], count: int) -> list[str]:
    right = np.array([case.right for case in solved])
    said = roles.self_verify(model, solved, count)
    verdicts = np.array([[roles.verdict(s) for s in row] for row in said])
    rows = ["| verdicts averaged | balanced accuracy | ROC AUC |", "|---|---|---|"]
    for v in sorted({1, count}):
        mean = mean_verdict(verdicts[:, :v])
        rows.append(f"| {v} | {balanced(mean, right):.3f} | {auc(mean, right):.3f} |")
    refused = [i for i, row in enumerate(verdicts) if row[0] == 0]
    before = [solved[i] for i in refused]
    after = roles.revise(model, before, [said[i][0].text for i in refused])
    was, became = (np.array([case.right for case in some], dtype=bool) for some in (before, after))
    whole = right.copy()
    whole[refused] = became
    rows.append(
        f"\nRevision after a verdict No ({len(refused):,} solutions): {share(was):.3f} were right, "
        f"{share(became):.3f} are after it ({share(became & ~was):.3f} repaired, "
        f"{share(was & ~became):.3f} broken). Over all solutions: {share(right):.3f} before, "
        f"{share(whole):.3f} after one round."
    )
    return rows


def _rewards(model: NanoModel, solved: Sequence[Case]) -> str:
    """LaSeR's reward of itself, with the reference that the index names."""
    c_ref = model.info.c_ref
    assert c_ref is not None
    right = np.array([case.right for case in solved])
    rewards = roles.self_rewards(model, solved, c_ref)
    rows = [
        "\n### Reserved token\n",
        f"Score {roles.BETA_V} (log P(U+FFFD) - c_ref) behind the solution, c_ref = {c_ref:g}: "
        f"ROC AUC {auc(rewards, right):.3f}, balanced accuracy at one half "
        f"{balanced(rewards, right):.3f}; from {rewards.min():.2f} to {rewards.max():.2f}.\n",
        "| score | solutions | correct |",
        "|---|---|---|",
    ]
    place = np.clip((rewards * 5).astype(int), 0, 4)
    for i in range(5):
        found = right[place == i]
        rows.append(f"| {i / 5:.1f} to {(i + 1) / 5:.1f} | {len(found):,} | {share(found):.2f} |")
    return "\n".join(rows)


def _spoc(model: NanoModel, problems: Sequence[NanoProblem], count: int) -> str:
    passes = roles.spoc(model, problems, count)
    first, last = (np.mean([getattr(p, key) for p in passes]) for key in ("first", "last"))
    attempts = np.mean([p.attempts for p in passes])
    accepted = np.mean([p.accepted for p in passes])
    tokens = np.mean([p.tokens for p in passes])
    return (
        f"\n### One pass of attempts and verifications\n\nThe first attempt is right in "
        f"{first:.3f} of {len(passes):,} passes, the last answer in {last:.3f}; {attempts:.2f} "
        f"attempts and {tokens:.0f} tokens a pass, {accepted:.3f} end in a Yes."
    )
