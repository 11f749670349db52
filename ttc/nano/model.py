"""The forward pass in numpy, bit for bit the same for a row whatever else is computed with it.

Three rules give that: matrix products always take blocks of rows of one size, such that the place
in the block does not matter (see `products`; short batches are padded); sums run along a row whose
length depends on that row alone (time is padded to the next multiple of `BUCKET` of the row's own
length); all else is element by element.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ttc.nano.config import NetConfig
from ttc.nano.products import Floats, Weight
from ttc.nano.tokenizer import TOKENIZERS

Ints = NDArray[np.int64]
BUCKET = 32
MASKED = np.float32(-1e30)


def padded(n: int, step: int) -> int:
    """The next multiple of `step`, at least one step."""
    return max(1, -(-n // step)) * step


def norm(x: Floats) -> Floats:
    """Root-mean-square norm of each row (rows, width)."""
    mean = np.add.reduce(x * x, axis=1) * np.float32(1 / x.shape[1])
    return np.asarray(x * (1 / np.sqrt(mean + np.float32(1e-6)))[:, None])


def softmax_(scores: Floats) -> Floats:
    """Exponentials in place along the last axis; returns their sums, for a later division."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    return np.asarray(np.add.reduce(scores, axis=-1))


class Forward:
    """A network's weights and what both prefill and decoding do with them."""

    def __init__(self, config: NetConfig, arrays: dict[str, NDArray[np.float16]]) -> None:
        self.config = config
        self.tokenizer = TOKENIZERS[config.tokens]
        weights = {k: np.ascontiguousarray(v, dtype=np.float32) for k, v in arrays.items()}
        self.embed = weights["embed"]
        layers = range(config.layers)
        columns = config.heads * config.head_dim
        for i in layers:
            weights[f"qkv.{i}"][:, :columns] *= np.float32(config.head_dim**-0.5)
        self.reward = weights.get("reward")
        self.out = Weight(weights["out"])
        self.qkv = [Weight(weights[f"qkv.{i}"]) for i in layers]
        self.o = [Weight(weights[f"o.{i}"]) for i in layers]
        self.up = [Weight(weights[f"up.{i}"]) for i in layers]
        self.down = [Weight(weights[f"down.{i}"]) for i in layers]
        half = config.head_dim // 2
        rates = config.rope_base ** (-np.arange(half) / half)
        angles = np.arange(config.context)[:, None] * rates
        self.cos = np.cos(angles).astype(np.float32)
        self.sin = np.sin(angles).astype(np.float32)

    def inputs(self, now: Ints, before: Ints, earlier: Ints) -> Floats:
        """Embeddings of rows: this token, the one before it, the one before that."""
        x = self.embed[0][now]
        x += self.embed[1][before]
        x += self.embed[2][earlier]
        return np.asarray(x)

    def project(
        self, x: Floats, layer: int, cos: Floats, sin: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Rotated queries (rows, heads, dim), rotated keys and values (rows, dim)."""
        c = self.config
        z = self.qkv[layer](norm(x)).reshape(x.shape[0], c.heads + 2, c.head_dim)
        half = c.head_dim // 2
        turned = np.empty((x.shape[0], c.heads + 1, c.head_dim), dtype=np.float32)
        a, b = z[:, :-1, :half], z[:, :-1, half:]
        np.subtract(a * cos, b * sin, out=turned[..., :half])
        np.add(b * cos, a * sin, out=turned[..., half:])
        return turned[:, :-1], turned[:, -1], z[:, -1]

    def finish(self, x: Floats, mixed: Floats, layer: int) -> None:
        """Add attention's output and the squared-ReLU layer to x, in place."""
        x += self.o[layer](mixed)
        h = self.up[layer](norm(x))
        np.maximum(h, 0, out=h)
        np.multiply(h, h, out=h)
        x += self.down[layer](h)

    def logits(self, x: Floats) -> Floats:
        """Logits of rows before the final norm."""
        return self.out(norm(x))

    def prefill(self, prompts: Sequence[Sequence[int]]) -> list[tuple[Floats, Floats]]:
        """Keys and values of whole prompts, each (layers, len(prompt), dim)."""
        return [(k, v) for k, v, _ in self._run(prompts)]

    def states(self, prompts: Sequence[Sequence[int]]) -> list[Floats]:
        """Normalised last hidden states of whole texts, each (len(text), width)."""
        return [x for _, _, x in self._run(prompts)]

    def _run(self, prompts: Sequence[Sequence[int]]) -> list[tuple[Floats, Floats, Floats]]:
        found: dict[int, tuple[Floats, Floats, Floats]] = {}
        buckets: dict[int, list[int]] = {}
        for i, prompt in enumerate(prompts):
            buckets.setdefault(padded(len(prompt), BUCKET), []).append(i)
        for length, members in buckets.items():
            for start in range(0, len(members), 32):
                some = members[start : start + 32]
                keys, values, x = self._full([prompts[i] for i in some], length)
                for row, i in enumerate(some):
                    n = len(prompts[i])
                    found[i] = keys[:, row, :n], values[:, row, :n], x[row, :n]
        return [found[i] for i in range(len(prompts))]

    def _full(self, prompts: list[Sequence[int]], t: int) -> tuple[Floats, Floats, Floats]:
        """All positions of some texts of one padded length at once."""
        c = self.config
        n = len(prompts)
        ids = np.zeros((n, t + 2), dtype=np.int64)
        for row, prompt in zip(ids, prompts, strict=True):
            row[2 : len(prompt) + 2] = prompt
        x = self.inputs(ids[:, 2:].ravel(), ids[:, 1:-1].ravel(), ids[:, :-2].ravel())
        cos = np.tile(self.cos[:t], (n, 1))[:, None]
        sin = np.tile(self.sin[:t], (n, 1))[:, None]
        future = np.where(np.tri(t, dtype=bool), np.float32(0), MASKED)[:, None, :]
        keys = np.empty((c.layers, n, t, c.head_dim), dtype=np.float32)
        values = np.empty_like(keys)
        for layer in range(c.layers):
            q, k, v = self.project(x, layer, cos, sin)
            keys[layer] = k.reshape(n, t, -1)
            values[layer] = v.reshape(n, t, -1)
            q = q.reshape(n, t * c.heads, c.head_dim)
            scores = np.matmul(q, keys[layer].transpose(0, 2, 1)).reshape(n, t, c.heads, t)
            scores += future
            sums = softmax_(scores)
            mixed = np.matmul(scores.reshape(n, t * c.heads, t), values[layer])
            mixed /= sums.reshape(n, t * c.heads, 1)
            self.finish(x, mixed.reshape(n * t, -1), layer)
        return keys, values, norm(x).reshape(n, t, -1)
