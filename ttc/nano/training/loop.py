"""One training run: batches in, a checkpoint a minute, the finished network out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ttc.nano.training.data import TEXTS, Batch, Reader, T, batches
from ttc.nano.training.network import Network
from ttc.nano.training.optimiser import Optimiser

BATCH_TOKENS = 6144
CHECKPOINT_S = 60.0

Objective = Callable[[Network, Batch], Tensor]


def language(net: Network, batch: Batch) -> Tensor:
    """Mean cross-entropy of the completions' tokens."""
    return F.cross_entropy(net(batch.ids).flatten(0, 1), batch.targets.flatten())


def marks(net: Network, batch: Batch) -> Tensor:
    """Mean binary cross-entropy of the lines' marks under the reward head."""
    ends = batch.targets >= 0
    scores = net.rewards(batch.ids)[ends]
    return F.binary_cross_entropy_with_logits(scores, batch.targets[ends].float())


def train(
    net: Network,
    source: Callable[[int], T],
    steps: int,
    checkpoint: Path,
    seed: int,
    lr: float = 0.02,
    adam_lr: float = 0.004,
    objective: Objective = language,
    reader: Reader[T] = TEXTS,  # type: ignore[assignment]
) -> Network:
    """Train `net` for `steps` batches of about 6,144 tokens; returns it.

    Goes on from `checkpoint` if it is there. Prints a line every 50 steps.
    """
    torch.manual_seed(seed)
    optimiser = Optimiser(net, steps, lr, adam_lr)
    done = _resume(net, optimiser, checkpoint)
    if done >= steps:
        return net
    saved = began = time.monotonic()
    total = seen = 0.0
    for number, batch in enumerate(batches(source, BATCH_TOKENS, seed, reader)):
        if number >= steps:
            break
        if number < done:  # the stream is cheap beside the training it replays
            continue
        loss = objective(net, batch.to(net.device))
        loss.backward()
        optimiser.step(number)
        total, seen = total + float(loss.detach()), seen + batch.ids.numel()
        if (number + 1) % 50 == 0:
            rate = seen / (time.monotonic() - began)
            print(
                f"step {number + 1}/{steps} loss {total / 50:.4f} {rate:,.0f} tokens/s", flush=True
            )
            total = 0.0
        if time.monotonic() - saved > CHECKPOINT_S or number + 1 == steps:
            _save(net, optimiser, number + 1, checkpoint)
            saved = time.monotonic()
    return net


def _save(net: Network, optimiser: Optimiser, done: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state(), "done": done}, partial)
    partial.replace(path)


def _resume(net: Network, optimiser: Optimiser, path: Path) -> int:
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True, map_location=net.device)
    net.load_state_dict(saved["net"])
    optimiser.restore(saved["optimiser"])
    return int(saved["done"])
