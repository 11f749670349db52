"""What a run found, in a sentence or two, what to do next, and what its columns mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from ttc.pipeline.facts import at_most, choosable
from ttc.report.names import shown_policy
from ttc.report.tables import number, percent_with

Row = Mapping[str, Any]

LETTERS = (
    "S: solutions, V: verifications of each, C = S(1 + \N{GREEK SMALL LETTER LAMDA}V): compute in "
    "solutions, \N{GREEK SMALL LETTER LAMDA}: tokens of a verification over those of a solution."
)


def found_lines(rows: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Sentences on rows of `curves`, with intervals; the last one says what to do next.

    Nothing is said to be better than something else: that takes equal compute and pairs of
    outcomes, which is what the commands that are named do.
    """
    most = at_most(rows)
    if not most:
        return []
    if any(row["estimator"] == "measured" for row in most):
        return _of_measured(next((row for row in most if choosable(row)), most[0]), name)
    return _of_pool(most, rows, quote(name))


def _of_pool(most: Sequence[Row], rows: Sequence[Row], name: str) -> list[str]:
    voted = next((row for row in most if _type(row) == "majority"), None)
    judged = [row for row in most if row["verifier"] is not None and choosable(row)]
    plain = voted or next((row for row in most if choosable(row)), None)
    if plain is None:
        return []
    said = f"{_who(plain)} answers {_told(plain)} of problems right"
    alone = [row for row in rows if row["policy"] == plain["policy"] and row["S"] == 1]
    if plain["S"] != 1 and alone:
        said += f", one solution {_told(alone[0])}"
    lines = [f"{said}; intervals are for new problems."]
    if judged:
        best = judged[0]
        of = f", the highest of {len(judged)} choices by verifiers" if len(judged) > 1 else ""
        lines.append(
            f"{shown_policy(str(best['policy']))} by {best['verifier']} answers {_told(best)} with "
            f"S = {best['S']}, V = {best['V']}{of}, for {_times(best, plain)}."
        )
        said = (
            "These are single cells on these problems. Which is better at equal compute, says ttc "
            f"fit-scaling {name}, out of bag for the best S and V of a policy"
        )
        rest = f"beside another run, for the best policy too: ttc compare {name} RUN."
        return [*lines, f"{said}; {rest}"]
    there = next((row for row in most if _type(row) == "oracle"), None)
    if there is not None and there["S"] == plain["S"]:
        lines.append(f"Among them a right one is found for {_told(there)}: what choosing can gain.")
    return [*lines, f"More of its solutions: ttc metrics {name}; a verifier: ttc list verifier."]


def _of_measured(row: Row, name: str) -> list[str]:
    """Of a sampler that gives one answer, at the largest limit."""
    return [
        f"The sampler answers {_told(row)} of problems right, for {number(row['tokens'])} tokens "
        "a problem; the interval is for new problems.",
        "Whether that beats a vote at equal compute, says "
        f"ttc compare {quote(name)} RUN, with a run of independent solutions.",
    ]


def _type(row: Row) -> str:
    return str(row["policy"]).partition("(")[0]


def _who(row: Row) -> str:
    if row["S"] == 1:
        return "One solution"
    what = "A vote" if _type(row) == "majority" else shown_policy(str(row["policy"]))
    return f"{what} over {row['S']:,} solutions"


def _told(row: Row) -> str:
    return percent_with(row["success"], row["ci_low"], row["ci_high"])


def _times(row: Row, other: Row) -> str:
    tokens, others = row["tokens"], other["tokens"]
    if not tokens or not others or math.isnan(tokens) or math.isnan(others):
        return "unknown compute"
    ratio = tokens / others
    if 0.95 <= ratio <= 1.05:
        return "about the same tokens"
    return (
        f"{number(ratio)} times the vote's tokens"
        if _type(other) == "majority"
        else (f"{number(ratio)} times the tokens")
    )
