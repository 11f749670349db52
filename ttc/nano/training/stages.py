"""One training stage a network; each leaves a checkpoint and writes its weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ttc.nano.catalogue import ModelInfo, read_weights, write_weights
from ttc.nano.config import NetConfig
from ttc.nano.tokenizer import VOCABULARY
from ttc.nano.training.data import MARKS, demonstration
from ttc.nano.training.drawn import Solutions
from ttc.nano.training.judges import LATER, PLANS
from ttc.nano.training.lessons import LESSONS, lesson_loss
from ttc.nano.training.loop import marks, train
from ttc.nano.training.network import Network
from ttc.nano.training.repairs import DESCRIPTION, REPAIR, REPAIR_STEPS, REPAIRS, repair_text
from ttc.nano.training.samples import mark_source, review_source, sample_solutions

SOLVER = NetConfig(vocab=len(VOCABULARY))
DRAFT = replace(SOLVER, width=64, layers=3, heads=2, hidden=256)
REWARD = replace(SOLVER, reward=True)
STEPS = {"nano-solver": 1700, "nano-draft": 2000, "nano-verifier": 700, "nano-prm": 200}
SAMPLED_PROBLEMS = 16_384
WHAT = {
    "nano-solver": "Solves the nano problems step by step, with a pupil's mistakes.",
    "nano-draft": "A smaller and weaker solver.",
    "nano-verifier": (
        "Rechecks a solution step by step and ends in a Yes/No verdict; useful but fallible."
    ),
    "nano-prm": "Scores each step of a solution with its probability of being right.",
}


class Stages:
    """All stages for one seed; `scale`: share of all steps, for a trial."""

    def __init__(self, out: Path, work: Path, seed: int, scale: float, device: str) -> None:
        self.out, self.work, self.seed = out, work, seed
        self.scale, self.device = scale, device
        planned = {**STEPS, **{name: plan.steps for name, plan in PLANS.items()}}
        planned["nano-repair"] = REPAIR_STEPS
        self.steps = {name: self.scaled(count) for name, count in planned.items()}

    def scaled(self, count: int) -> int:
        """A number of steps or problems, at least 2."""
        return max(2, round(count * self.scale))

    def first(self, name: str) -> None:
        """One of the first four networks."""
        made = {
            "nano-solver": lambda: self.solver,
            "nano-draft": self._draft,
            "nano-verifier": self._verifier,
            "nano-prm": self._reward,
        }
        net = made[name]()
        write_weights(self.out, name, WHAT[name], net.config, net.arrays())

    @cached_property
    def solver(self) -> Network:
        """The solver, trained or from its checkpoint."""
        return train(
            Network(SOLVER, self.seed).to(self.device),
            lambda i: demonstration(self.seed, i),
            self.steps["nano-solver"],
            self.work / "solver.pt",
            self.seed,
        )

    @cached_property
    def samples(self) -> Path:
        """Solutions of the solver as it is stored."""
        path = self.work / "samples.jsonl"
        info = ModelInfo.read(self.out, "nano-solver")
        sample_solutions(info, self.scaled(SAMPLED_PROBLEMS), self.seed, path)
        return path

    def _draft(self) -> Network:
        seed = self.seed + 3
        return train(
            Network(DRAFT, seed).to(self.device),
            lambda i: demonstration(seed, i),
            self.steps["nano-draft"],
            self.work / "draft.pt",
            seed,
        )

    def _verifier(self) -> Network:
        return train(
            Network(SOLVER).to(self.device).adopt(self.solver),
            review_source(self.samples, self.seed, SOLVER.context),
            self.steps["nano-verifier"],
            self.work / "verifier.pt",
            self.seed + 1,
            lr=0.02,
            adam_lr=0.004,
        )

    def _reward(self) -> Network:
        return train(
            Network(REWARD).to(self.device).adopt(self.solver),
            mark_source(self.samples, self.seed),
            self.steps["nano-prm"],
            self.work / "prm.pt",
            self.seed + 2,
            lr=0.01,
            adam_lr=0.002,
            objective=marks,
            reader=MARKS,
        )

    def later(self, name: str) -> None:
        """One of the later networks, from the stored weights of the one it starts from."""
        plan = PLANS[name]
        seed = self.seed + 10 + list(PLANS).index(name)
        _, arrays = read_weights(ModelInfo.read(self.out, plan.start))
        net = train(
            Network(LATER, seed).to(self.device).extend(arrays),
            plan.lessons(Solutions(self.samples, self.seed)),
            self.steps[name],
            self.work / f"{name.removeprefix('nano-')}.pt",
            seed,
            objective=lesson_loss,
            reader=LESSONS,
        )
        made = net.arrays()
        write_weights(self.out, name, plan.description, net.config, made, **plan.facts)

    def repair(self) -> None:
        """The network that repairs programs; it starts from nothing."""
        seed = self.seed + 30
        net = train(
            Network(REPAIR, seed).to(self.device),
            lambda i: repair_text(seed, i),
            self.steps["nano-repair"],
            self.work / "repair.pt",
            seed,
            objective=lesson_loss,
            reader=REPAIRS,
        )
        write_weights(self.out, "nano-repair", DESCRIPTION, net.config, net.arrays())
