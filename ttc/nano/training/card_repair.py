"""The model card's page about the network that repairs programs, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import get_args

import numpy as np

from ttc.answers.programs import program_classes
from ttc.nano.engine import NanoModel
from ttc.nano.prompts import repair_prompt
from ttc.nano.repair.tasks import Exam, exams
from ttc.nano.repair.templates import Kind
from ttc.nano.training.judging import ask
from ttc.nano.training.measure import share
from ttc.unit_tests.patches import patched

SAMPLES = 8
PUBLIC, HIDDEN = 6, 16  # tests, as the dataset has them
_LIMIT_S = 1.0


@dataclass(frozen=True)
class Tried:
    """What came of a broken function. fault: its kind; of each sample, whether it names the line at
    fault, and whether all hidden tests pass.
    """

    fault: str
    located: tuple[bool, ...]
    repaired: tuple[bool, ...]


def repair_page(model: NanoModel, seed: int, problems: int) -> str:
    """On `problems` held-out functions of known templates, and as many of unseen ones."""
    rows = [
        "\n## Repair\n",
        f"nano-repair learned from functions of known templates with one injected fault "
        f"(`ttc/nano/repair`). {problems} held-out functions of these and {problems} of templates "
        f"that it never saw, seed {seed}, {SAMPLES} patches each; a function is repaired where all "
        "hidden tests pass.\n",
        f"| functions | line located | repaired, 1 sample | pass@{SAMPLES} |",
        "|---|---|---|---|",
    ]
    by_fault: dict[str, list[Tried]] = defaultdict(list)
    for kind in get_args(Kind):
        found = tried(model, kind, seed, problems)
        rows.append(f"| {kind} templates | {_cells(found)} |")
        for one in found:
            by_fault[one.fault].append(one)
    rows += [
        f"\n| fault | line located | repaired, 1 sample | pass@{SAMPLES} |",
        "|---|---|---|---|",
    ]
    for fault, some in sorted(by_fault.items()):
        rows.append(f"| {fault} ({len(some)}) | {_cells(some)} |")
    return "\n".join(rows)


def tried(model: NanoModel, kind: Kind, seed: int, problems: int) -> list[Tried]:
    """Patches of functions, each run in the sandbox."""
    drawn = list(islice(exams(kind, seed, PUBLIC, HIDDEN), problems))
    said = ask(model, [repair_prompt(one.problem.question) for one in drawn], SAMPLES)
    return [
        _tried(one, [sample.text for sample in row]) for one, row in zip(drawn, said, strict=True)
    ]


def _tried(exam: Exam, texts: Sequence[str]) -> Tried:
    made = exam.problem
    answers = [patched("\n".join(made.broken), text) for text in texts]
    right = program_classes(answers, exam.gold, _LIMIT_S).correct
    located = tuple(text.split("\n")[0].strip() == str(made.line) for text in texts)
    return Tried(made.fault, located, tuple(map(bool, right)))


def _cells(found: Sequence[Tried]) -> str:
    located, repaired = (np.array([getattr(t, k) for t in found]) for k in ("located", "repaired"))
    shares = share(located.ravel()), share(repaired.ravel()), float(repaired.any(1).mean())
    return " | ".join(f"{one:.3f}" for one in shares)
