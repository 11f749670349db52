"""Lessons of the judging networks: texts in turns, weights, and rewards for one reserved token."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ttc.nano.tokenizer import EOS, PAD, TOKENIZERS, UNK
from ttc.nano.training.data import Batch, Reader
from ttc.nano.training.network import Network

ENCODE = TOKENIZERS["extended"].encode
# LaSeR (arXiv 2510.14943): beta_v (log pi(z_c | x, y) - c_ref) is trained towards the reward.
BETA_V = 0.1
C_REF = -23.0
REWARD_WEIGHT = 1.0


class Lesson(NamedTuple):
    """A prompt, then turns: the network's, what is inserted, the network's, and so on.

    Nothing is learned from what is inserted. weight: of each token, in the mean of a batch.
    reward: of the text, learned at its last token.
    """

    prompt: str
    turns: tuple[str, ...]
    weight: float = 1.0
    reward: float | None = None

    @property
    def completion(self) -> str:
        """All turns as one text."""
        return "".join(self.turns)


Source = Callable[[int], Lesson]


def mixture(sources: Mapping[str, tuple[float, Source]], seed: int) -> Source:
    """Lesson number i, from one of the sources by their shares."""
    up_to = list(accumulate(share for share, _ in sources.values()))
    kinds = [lessons for _, lessons in sources.values()]

    def source(index: int) -> Lesson:
        u = random.Random(f"lesson/{seed}/{index}").random() * up_to[-1]
        return kinds[bisect(up_to[:-1], u)](index)

    return source


def collate_lessons(lessons: list[Lesson]) -> Batch:
    """Pad to one length; targets are the network's own turns and the end mark."""
    rows = [_encoded(lesson) for lesson in lessons]
    width = max(len(ids) for ids, _ in rows)
    shape = len(rows), width
    ids = np.full(shape, PAD, dtype=np.int64)
    targets = np.full(shape, -100, dtype=np.int64)
    weights = np.zeros(shape, dtype=np.float32)
    rewards = np.full(shape, np.nan, dtype=np.float32)
    for i, (lesson, (row, own)) in enumerate(zip(lessons, rows, strict=True)):
        ids[i, : len(row)] = row
        learned = np.array(own)
        targets[i, : len(row) - 1] = np.where(learned, row, -100)[1:]
        weights[i, : len(row) - 1] = learned[1:] * lesson.weight
        if lesson.reward is not None:
            rewards[i, len(row) - 2] = lesson.reward
    return Batch(*(torch.from_numpy(x[:, :-1]) for x in (ids, targets, weights, rewards)))


def _encoded(lesson: Lesson) -> tuple[list[int], list[bool]]:
    """Token ids, and which of them the network writes."""
    ids = ENCODE(lesson.prompt)
    own = [False] * len(ids)
    for number, turn in enumerate(lesson.turns):
        piece = ENCODE(turn)
        ids += piece
        own += [number % 2 == 0] * len(piece)
    return [*ids, EOS], [*own, True]


def length(lesson: Lesson) -> int:
    """In tokens, with the end mark."""
    return len(_encoded(lesson)[0])


LESSONS = Reader(collate_lessons, length)


def lesson_loss(net: Network, batch: Batch) -> Tensor:
    """Weighted mean cross-entropy, and the squared error of the reserved token's rewards."""
    assert batch.weights is not None
    assert batch.rewards is not None
    logits = net(batch.ids)
    each = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), reduction="none")
    weights = batch.weights.flatten()
    loss = (each * weights).sum() / weights.sum()
    rewarded = ~batch.rewards.isnan()
    if not rewarded.any():
        return loss
    found = BETA_V * (F.log_softmax(logits[rewarded], -1)[:, UNK] - C_REF)
    return loss + REWARD_WEIGHT * F.mse_loss(found, batch.rewards[rewarded])
