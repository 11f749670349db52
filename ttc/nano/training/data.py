"""Training texts: an endless, seeded stream of demonstrations in batches of like length."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from ttc.nano.families import FAMILIES
from ttc.nano.noise import PUPIL
from ttc.nano.prompts import solver_prompt
from ttc.nano.reward import line_ends
from ttc.nano.tasks import ANSWER, NanoProblem, generate, write_steps
from ttc.nano.tokenizer import EOS, PAD, encode

# Share of training problems by family; levels are uniform.
MIX = {"arithmetic": 0.7, "modular": 0.17, "order": 0.13}
CHUNK = 4096


class Text(NamedTuple):
    """One training text; `marks` says of each line of the completion whether it is right."""

    prompt: str
    completion: str
    marks: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Token ids and their targets; targets of the prompt and the padding are -100.

    weights: of the targets; rewards: at the last token of a rewarded text, elsewhere NaN.
    """

    ids: Tensor
    targets: Tensor
    weights: Tensor | None = None
    rewards: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        tensors = (self.ids, self.targets, self.weights, self.rewards)
        return Batch(*(None if x is None else x.to(device) for x in tensors))  # type: ignore[arg-type]


def train_problem(seed: int, index: int) -> NanoProblem:
    """Training problem number `index` of a seed: the family by `MIX`, the level uniform."""
    rng = random.Random(f"mix/{seed}/{index}")
    u, family = rng.random(), next(iter(MIX))
    for name, share in MIX.items():
        family = name
        u -= share
        if u < 0:
            break
    levels = FAMILIES[family].levels
    return generate(family, levels[int(rng.random() * len(levels))], seed, index, "train")


def demonstration(seed: int, index: int) -> Text:
    """A pupil's solution of a training problem."""
    problem = train_problem(seed, index)
    rng = random.Random(f"pupil/{seed}/{index}")
    lines = write_steps(problem.family, problem.spec, PUPIL, rng)
    answer = FAMILIES[problem.family].answer(problem.spec, lines)
    text = "\n".join([*lines, ANSWER.format(answer)])
    return Text(solver_prompt(problem.question), text)


def collate(texts: list[Text]) -> Batch:
    """Pad encoded texts to one length; the loss covers completions and their end mark."""
    rows = []
    for text in texts:
        head = encode(text.prompt)
        rows.append((len(head), [*head, *encode(text.completion), EOS]))
    width = max(len(row) for _, row in rows)
    ids = np.full((len(rows), width), PAD, dtype=np.int64)
    targets = np.full((len(rows), width), -100, dtype=np.int64)
    for i, (start, row) in enumerate(rows):
        ids[i, : len(row)] = row
        targets[i, start - 1 : len(row) - 1] = row[start:]
    return Batch(torch.from_numpy(ids[:, :-1]), torch.from_numpy(targets[:, :-1]))


def collate_marks(texts: list[Text]) -> Batch:
    """Pad encoded texts to one length; the target at the end of each line is its mark, 1 or 0."""
    rows = [line_ends(text.prompt, text.completion.split("\n")) for text in texts]
    width = max(len(row) for row, _ in rows)
    ids = np.full((len(rows), width), PAD, dtype=np.int64)
    targets = np.full((len(rows), width), -100, dtype=np.int64)
    for i, (row, ends) in enumerate(rows):
        ids[i, : len(row)] = row
        targets[i, ends] = texts[i].marks
    return Batch(torch.from_numpy(ids), torch.from_numpy(targets))


def length(text: Text) -> int:
    """In tokens, with the end mark."""
    return len(encode(text.prompt)) + len(encode(text.completion)) + 1


class Learned(Protocol):
    """What every kind of training text has."""

    @property
    def prompt(self) -> str: ...

    @property
    def completion(self) -> str: ...


T = TypeVar("T", bound=Learned)


@dataclass(frozen=True)
class Reader(Generic[T]):
    """How texts of a kind become batches; `length` is in tokens."""

    collate: Callable[[list[T]], Batch]
    length: Callable[[T], int]


TEXTS = Reader(collate, length)
MARKS = Reader(collate_marks, length)


def batches(
    source: Callable[[int], T], tokens: int, seed: int, reader: Reader[T]
) -> Iterator[Batch]:
    """Endless batches of about `tokens` tokens: texts 0, 1, 2 ... sorted by length in chunks."""
    rng = random.Random(f"order/{seed}")
    for chunk in range(10**9):
        texts = [source(i) for i in range(chunk * CHUNK, (chunk + 1) * CHUNK)]
        texts.sort(key=lambda t: len(t.prompt) + len(t.completion))
        parts = list(split(texts, tokens, reader.length))
        rng.shuffle(parts)
        yield from map(reader.collate, parts)


def split(texts: list[T], tokens: int, length: Callable[[T], int]) -> Iterator[list[T]]:
    """Runs of sorted texts whose padded size stays near `tokens`."""
    part: list[T] = []
    longest = 0
    for text in texts:
        longest = max(longest, length(text))
        if part and longest * (len(part) + 1) > tokens:
            yield part
            part, longest = [], 0
        part.append(text)
    if part:
        yield part
