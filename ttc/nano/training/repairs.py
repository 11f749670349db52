"""Texts of the repair network: a faulty function, then the line at fault and how it should read.

The program itself is learned from too, at a small weight: what lines look like helps to see which
one does not fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ttc.nano.config import NetConfig
from ttc.nano.prompts import repair_prompt
from ttc.nano.repair.tasks import draw
from ttc.nano.tokenizer import EOS, PAD, TOKENIZERS
from ttc.nano.training.data import Batch, Reader, Text
from ttc.nano.vocabulary import CODE

REPAIR = replace(NetConfig(vocab=len(CODE)), layers=6, hidden=256, context=512, tokens="code")
REPAIR_STEPS = 3000
DESCRIPTION = "Finds the faulty line of a small Python function and rewrites it."
PROMPT_WEIGHT = 0.1
_ENCODE = TOKENIZERS["code"].encode


def repair_text(seed: int, index: int) -> Text:
    """Training text number `index`."""
    problem = draw("known", seed, index, "train")
    return Text(repair_prompt(problem.question), problem.patch)


def collate_repairs(texts: list[Text]) -> Batch:
    """Pad to one length; the prompt's tokens have a small weight, the repair's weigh 1."""
    heads = [_ENCODE(text.prompt) for text in texts]
    rows = [
        [*head, *_ENCODE(text.completion), EOS] for head, text in zip(heads, texts, strict=True)
    ]
    width = max(map(len, rows))
    ids = np.full((len(rows), width), PAD, dtype=np.int64)
    weights = np.zeros((len(rows), width - 1), dtype=np.float32)
    for i, (head, row) in enumerate(zip(heads, rows, strict=True)):
        ids[i, : len(row)] = row
        weights[i, : len(row) - 1] = 1
        weights[i, : len(head) - 1] = PROMPT_WEIGHT
    targets = np.where(weights > 0, ids[:, 1:], -100)
    none = np.full(weights.shape, np.nan, dtype=np.float32)
    return Batch(*(torch.from_numpy(x) for x in (ids[:, :-1].copy(), targets, weights, none)))


def repair_length(text: Text) -> int:
    """In tokens, with the end mark."""
    return len(_ENCODE(text.prompt)) + len(_ENCODE(text.completion)) + 1


REPAIRS = Reader(collate_repairs, repair_length)
